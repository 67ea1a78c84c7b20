/* The products of Winograd's method: small matrices that stay in registers.
 *
 * Each function below is compiled once for every number of rows and both widths, because the
 * accumulators must have names that are known to the compiler. The order of a sum does not depend
 * on the number of rows. */
#include "winograd.h"

#if defined(__x86_64__)
#include "winograd_points.h"

/* sum + a·b, word by word: one product of floats, or two of bf16 summed in fp32. */
#define CK_FLOAT_STEP(sum, a, b) _mm512_fmadd_ps(a, b, sum)
#define CK_HALF_STEP(sum, a, b) \
  _mm512_dpbf16_ps(sum, (__m512bh)_mm512_castps_si512(a), (__m512bh)_mm512_castps_si512(b))

/* Defines `rows` rows times `vectors`·16 columns: rows + vectors loads for rows·vectors products. */
#define CK_MULTIPLY(name, attribute, step, rows, vectors)                                         \
  static attribute void name(int segments, const float *const *left, const float *const *right,   \
                             int blocks, int64_t stride, float *out) {                            \
    __m512 sum[rows][vectors];                                                                    \
    CK_UNROLL for (int r = 0; r < rows; r++) {                                                    \
      CK_UNROLL for (int v = 0; v < vectors; v++) sum[r][v] = _mm512_setzero_ps();                \
    }                                                                                             \
    for (int s = 0; s < segments; s++) {                                                          \
      const float *a = left[s], *b = right[s];                                                    \
      for (int block = 0; block < blocks; block++, a += stride) {                                 \
        CK_UNROLL for (int r = 0; r < rows; r++) {                                                \
          _mm_prefetch((const char *)(a + stride + r * 16), _MM_HINT_T0);                         \
        }                                                                                         \
        _Pragma("clang loop unroll_count(4)") for (int k = 0; k < 16; k++, b += 16 * vectors) {   \
          __m512 each[vectors];                                                                   \
          CK_UNROLL for (int v = 0; v < vectors; v++) {                                           \
            each[v] = _mm512_loadu_ps(b + v * 16);                                                \
            _mm_prefetch((const char *)(b + 512 + v * 16), _MM_HINT_T0);                          \
          }                                                                                       \
          CK_UNROLL for (int r = 0; r < rows; r++) {                                              \
            const __m512 x = _mm512_set1_ps(a[r * 16 + k]);                                       \
            CK_UNROLL for (int v = 0; v < vectors; v++) sum[r][v] = step(sum[r][v], x, each[v]);  \
          }                                                                                       \
        }                                                                                         \
      }                                                                                           \
    }                                                                                             \
    CK_UNROLL for (int r = 0; r < rows; r++) {                                                    \
      CK_UNROLL for (int v = 0; v < vectors; v++) {                                               \
        _mm512_storeu_ps(out + r * 32 + v * 16, sum[r][v]);                                       \
      }                                                                                           \
    }                                                                                             \
  }

#define CK_BOTH_TYPES(rows)                                                          \
  CK_MULTIPLY(float_narrow_##rows, CK_AVX512, CK_FLOAT_STEP, rows, 1)                \
  CK_MULTIPLY(float_wide_##rows, CK_AVX512, CK_FLOAT_STEP, rows, 2)                  \
  CK_MULTIPLY(half_narrow_##rows, CK_AVX512_BF16, CK_HALF_STEP, rows, 1)             \
  CK_MULTIPLY(half_wide_##rows, CK_AVX512_BF16, CK_HALF_STEP, rows, 2)
#define CK_ALL_ROWS(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14)
CK_ALL_ROWS(CK_BOTH_TYPES)

typedef void multiply(int segments, const float *const *left, const float *const *right, int blocks,
                      int64_t stride, float *out);
#define CK_ROW_OF_TABLE(rows) \
  {{float_narrow_##rows, float_wide_##rows}, {half_narrow_##rows, half_wide_##rows}},
static multiply *const table[CK_MOST_ROWS][2][2] = {CK_ALL_ROWS(CK_ROW_OF_TABLE)};

void ck_winograd_multiply(ck_type type, int rows, int width, int segments, const float *const *a,
                          const float *const *b, int blocks, int64_t stride, float *out) {
  table[rows - 1][type == CK_BF16][width == 32](segments, a, b, blocks, stride, out);
}

/* Defines `rows` rows times `vectors`·16 columns of a sum of outer products. */
#define CK_OUTER(name, attribute, step, rows, vectors)                                             \
  static attribute void name(int64_t count, const float *a, const float *b, int is_first,          \
                             float *sums) {                                                        \
    __m512 sum[rows][vectors];                                                                     \
    CK_UNROLL for (int r = 0; r < rows; r++) {                                                     \
      CK_UNROLL for (int v = 0; v < vectors; v++) {                                                \
        sum[r][v] = is_first ? _mm512_setzero_ps() : _mm512_loadu_ps(sums + r * 32 + v * 16);      \
      }                                                                                            \
    }                                                                                              \
    _Pragma("clang loop unroll_count(2)") for (int64_t k = 0; k < count; k++, a += 16, b += 32) {  \
      __m512 each[vectors];                                                                        \
      _mm_prefetch((const char *)(a + 256), _MM_HINT_T0);                                          \
      CK_UNROLL for (int v = 0; v < vectors; v++) {                                                \
        each[v] = _mm512_loadu_ps(b + v * 16);                                                     \
        _mm_prefetch((const char *)(b + 512 + v * 16), _MM_HINT_T0);                               \
      }                                                                                            \
      CK_UNROLL for (int r = 0; r < rows; r++) {                                                   \
        const __m512 x = _mm512_set1_ps(a[r]);                                                     \
        CK_UNROLL for (int v = 0; v < vectors; v++) sum[r][v] = step(sum[r][v], x, each[v]);       \
      }                                                                                            \
    }                                                                                              \
    CK_UNROLL for (int r = 0; r < rows; r++) {                                                     \
      CK_UNROLL for (int v = 0; v < vectors; v++) {                                                \
        _mm512_storeu_ps(sums + r * 32 + v * 16, sum[r][v]);                                       \
      }                                                                                            \
    }                                                                                              \
  }
CK_OUTER(float_outer_narrow, CK_AVX512, CK_FLOAT_STEP, 16, 1)
CK_OUTER(float_outer_wide, CK_AVX512, CK_FLOAT_STEP, 8, 2)
CK_OUTER(half_outer_narrow, CK_AVX512_BF16, CK_HALF_STEP, 16, 1)
CK_OUTER(half_outer_wide, CK_AVX512_BF16, CK_HALF_STEP, 8, 2)

void ck_winograd_outer(ck_type type, int width, int64_t count, const float *a, const float *b,
                       int is_first, float *sums) {
  if (width == 16) {
    (type == CK_F32 ? float_outer_narrow : half_outer_narrow)(count, a, b, is_first, sums);
  } else {
    void (*outer)(int64_t, const float *, const float *, int, float *) =
        type == CK_F32 ? float_outer_wide : half_outer_wide;
    outer(count, a, b, is_first, sums);
    outer(count, a + 8, b, is_first, sums + 8 * 32);
  }
}
#endif
