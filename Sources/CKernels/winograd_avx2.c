/* Winograd's method in AVX2 with FMA, for fp32 alone. */
#if defined(__x86_64__)
#define CK_TARGET "avx2,fma"
#define LANES 8
#include "winograd_form.h"

/* Six rows of two registers leave four of the 16 for operands. */
enum { CK_PANEL = 6 };
#define CK_EACH_ROWS(X) X(1) X(2) X(3) X(4) X(5) X(6)

#define CK_OF_ROWS(rows) CK_MULTIPLY(multiply_##rows, CK_CODE, fused, rows, 2, width)
CK_EACH_ROWS(CK_OF_ROWS)

typedef void multiply_panel(int width, int segments, const float *const *left,
                            const float *const *right, int blocks, int64_t stride, float *out);
#define CK_ENTRY(rows) multiply_##rows,
static multiply_panel *const panels[CK_PANEL] = {CK_EACH_ROWS(CK_ENTRY)};

static void float_multiply(int rows, int width, int segments, const float *const *a,
                           const float *const *b, int blocks, int64_t stride, float *out) {
  for (int column = 0; column < width; column += 16) {
    const float *from[3] = {0};
    for (int s = 0; s < segments; s++) from[s] = b[s] + column;
    panels[rows - 1](width, segments, a, from, blocks, stride, out + column);
  }
}

CK_ACCUMULATE(accumulate_6, CK_CODE, fused, 6, 2)
CK_ACCUMULATE(accumulate_5, CK_CODE, fused, 5, 2)

static void float_accumulate(int width, const ck_outer *it, int is_first, float *sums) {
  for (int column = 0; column < width; column += 16) {
    accumulate_6(it, 0, column, is_first, sums);
    accumulate_5(it, 6, column, is_first, sums);
    accumulate_5(it, 11, column, is_first, sums);
  }
}

CK_FORM(f4, CK_F32, CK_F32, 4, 4, 1)
CK_FORM(f4x2, CK_F32, CK_F32, 4, 2, 1)
CK_FORM(f2, CK_F32, CK_F32, 2, 2, 1)
CK_FORM(f2_strided, CK_F32, CK_F32, 2, 2, 2)

const ck_form ck_forms_avx2[CK_FORMS_AVX2] = {
    CK_FORM_ENTRY(f4, "winograd F(4x4,3x3)", CK_F32, CK_F32, 4, 4, 1, float),
    CK_FORM_ENTRY(f4x2, "winograd F(4x2,3x3)", CK_F32, CK_F32, 4, 2, 1, float),
    CK_FORM_ENTRY(f2, "winograd F(2x2,3x3)", CK_F32, CK_F32, 2, 2, 1, float),
    CK_FORM_ENTRY(f2_strided, "winograd F(2x2,3x3)/2", CK_F32, CK_F32, 2, 2, 2, float)};
#endif
