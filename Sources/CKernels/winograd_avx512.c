/* Winograd's method in AVX-512, products of bf16 in AVX-512-BF16. */
#if defined(__x86_64__)
#define CK_TARGET "avx512f,avx512bw,avx512vl,avx512dq,fma"
#define LANES 16
#include "winograd_form.h"

#define CK_CODE_BF16 __attribute__((target(CK_TARGET ",avx512bf16")))
/* sum + a·b, word by word: two products of bf16, summed in fp32. */
#define CK_PAIRS(a, b, sum) _mm512_dpbf16_ps(sum, (__m512bh)(a), (__m512bh)(b))

/* 14 rows of two registers leave four of the 32 for operands. */
enum { CK_PANEL = 14 };
#define CK_EACH_ROWS(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14)

#define CK_OF_ROWS(rows)                                             \
  CK_MULTIPLY(float_narrow_##rows, CK_CODE, fused, rows, 1, 16)      \
  CK_MULTIPLY(float_wide_##rows, CK_CODE, fused, rows, 2, 32)        \
  CK_MULTIPLY(pairs_narrow_##rows, CK_CODE_BF16, CK_PAIRS, rows, 1, 16) \
  CK_MULTIPLY(pairs_wide_##rows, CK_CODE_BF16, CK_PAIRS, rows, 2, 32)
CK_EACH_ROWS(CK_OF_ROWS)

typedef void multiply_panel(int width, int segments, const float *const *left,
                            const float *const *right, int blocks, int64_t stride, float *out);
#define CK_FLOAT_ENTRY(rows) {float_narrow_##rows, float_wide_##rows},
#define CK_PAIRS_ENTRY(rows) {pairs_narrow_##rows, pairs_wide_##rows},
static multiply_panel *const float_panels[CK_PANEL][2] = {CK_EACH_ROWS(CK_FLOAT_ENTRY)};
static multiply_panel *const pairs_panels[CK_PANEL][2] = {CK_EACH_ROWS(CK_PAIRS_ENTRY)};

static void float_multiply(int rows, int width, int segments, const float *const *a,
                           const float *const *b, int blocks, int64_t stride, float *out) {
  float_panels[rows - 1][width == 32](width, segments, a, b, blocks, stride, out);
}
static void pairs_multiply(int rows, int width, int segments, const float *const *a,
                           const float *const *b, int blocks, int64_t stride, float *out) {
  pairs_panels[rows - 1][width == 32](width, segments, a, b, blocks, stride, out);
}

CK_ACCUMULATE(float_accumulate_narrow, CK_CODE, fused, 16, 1)
CK_ACCUMULATE(float_accumulate_wide, CK_CODE, fused, 8, 2)
CK_ACCUMULATE(pairs_accumulate_narrow, CK_CODE_BF16, CK_PAIRS, 16, 1)
CK_ACCUMULATE(pairs_accumulate_wide, CK_CODE_BF16, CK_PAIRS, 8, 2)

static void float_accumulate(int width, int64_t count, const float *a, const float *b,
                             int is_first, float *sums) {
  if (width == 16) return float_accumulate_narrow(count, a, b, is_first, sums);
  float_accumulate_wide(count, a, b, is_first, sums);
  float_accumulate_wide(count, a + 8, b, is_first, sums + 8 * 32);
}
static void pairs_accumulate(int width, int64_t count, const float *a, const float *b,
                             int is_first, float *sums) {
  if (width == 16) return pairs_accumulate_narrow(count, a, b, is_first, sums);
  pairs_accumulate_wide(count, a, b, is_first, sums);
  pairs_accumulate_wide(count, a + 8, b, is_first, sums + 8 * 32);
}

CK_FORM(f4, CK_F32, CK_F32, 4, 4, 1)
CK_FORM(f4x2, CK_F32, CK_F32, 4, 2, 1)
CK_FORM(f2, CK_F32, CK_F32, 2, 2, 1)
CK_FORM(f2_strided, CK_F32, CK_F32, 2, 2, 2)
CK_FORM(stored_f4, CK_BF16, CK_F32, 4, 4, 1)
CK_FORM(pairs_f4x2, CK_BF16, CK_BF16, 4, 2, 1)
CK_FORM(pairs_f2, CK_BF16, CK_BF16, 2, 2, 1)
CK_FORM(pairs_f2_strided, CK_BF16, CK_BF16, 2, 2, 2)

const ck_form ck_forms_avx512[CK_FORMS_WIDE] = {
    CK_FORM_ENTRY(f4, "winograd F(4x4,3x3)", CK_F32, CK_F32, 4, 4, 1, float),
    CK_FORM_ENTRY(f4x2, "winograd F(4x2,3x3)", CK_F32, CK_F32, 4, 2, 1, float),
    CK_FORM_ENTRY(f2, "winograd F(2x2,3x3)", CK_F32, CK_F32, 2, 2, 1, float),
    CK_FORM_ENTRY(f2_strided, "winograd F(2x2,3x3)/2", CK_F32, CK_F32, 2, 2, 2, float),
    CK_FORM_ENTRY(stored_f4, "winograd F(4x4,3x3) in fp32", CK_BF16, CK_F32, 4, 4, 1, float),
    CK_FORM_ENTRY(pairs_f4x2, "winograd F(4x2,3x3)", CK_BF16, CK_BF16, 4, 2, 1, pairs),
    CK_FORM_ENTRY(pairs_f2, "winograd F(2x2,3x3)", CK_BF16, CK_BF16, 2, 2, 1, pairs),
    CK_FORM_ENTRY(pairs_f2_strided, "winograd F(2x2,3x3)/2", CK_BF16, CK_BF16, 2, 2, 2, pairs)};
#endif
