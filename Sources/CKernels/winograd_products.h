/* The products of Winograd's method: small matrices that stay in registers, as macros.
 *
 * Each function is compiled once for every number of rows, because the accumulators must have names
 * that are known to the compiler. The order of a sum does not depend on the number of rows. */
#pragma once
#include "lanes.h"

/* One instruction in sixteen words brings the next line of cache. */
#define CK_AHEAD(from, v) \
  if ((v) * LANES % 16 == 0) _mm_prefetch((const char *)((from) + (v) * LANES), _MM_HINT_T0)

/* Defines `rows` rows times `vectors`·LANES columns: rows + vectors loads for rows·vectors products.
 * Rows of b are `pitch` words apart. */
#define CK_MULTIPLY(name, code, step, rows, vectors, pitch)                                       \
  static code void name(int width, int segments, const float *const *left,                        \
                        const float *const *right, int blocks, int64_t stride, float *out) {      \
    (void)width;                                                                                  \
    lanes sum[rows][vectors];                                                                     \
    CK_UNROLL for (int r = 0; r < rows; r++) {                                                    \
      CK_UNROLL for (int v = 0; v < vectors; v++) sum[r][v] = all(0);                             \
    }                                                                                             \
    for (int s = 0; s < segments; s++) {                                                          \
      const float *a = left[s], *b = right[s];                                                    \
      for (int block = 0; block < blocks; block++, a += stride) {                                 \
        CK_UNROLL for (int r = 0; r < rows; r++) { CK_AHEAD(a + stride + r * 16, 0); }            \
        _Pragma("clang loop unroll_count(4)") for (int k = 0; k < 16; k++, b += pitch) {          \
          lanes each[vectors];                                                                    \
          CK_UNROLL for (int v = 0; v < vectors; v++) {                                           \
            each[v] = load(b + v * LANES);                                                        \
            CK_AHEAD(b + 512, v);                                                                 \
          }                                                                                       \
          CK_UNROLL for (int r = 0; r < rows; r++) {                                              \
            const lanes x = all(a[r * 16 + k]);                                                   \
            CK_UNROLL for (int v = 0; v < vectors; v++) sum[r][v] = step(x, each[v], sum[r][v]);  \
          }                                                                                       \
        }                                                                                         \
      }                                                                                           \
    }                                                                                             \
    CK_UNROLL for (int r = 0; r < rows; r++) {                                                    \
      CK_UNROLL for (int v = 0; v < vectors; v++) store(out + r * 32 + v * LANES, sum[r][v]);     \
    }                                                                                             \
  }

/* Defines `rows` rows times `vectors`·LANES columns, from `row` and `column` on, of a sum of outer
 * products. Segments may be short, so their ends are no branches. */
#define CK_ACCUMULATE(name, code, step, rows, vectors)                                            \
  static code void name(const ck_outer *it, int row, int column, int is_first, float *sums) {     \
    const float *a = it->a + row, *b = it->b + column;                                            \
    const int64_t words = it->words;                                                              \
    const int64_t a_gap = it->a_step - words * 16, b_gap = it->b_step - words * 32;               \
    int64_t left = words;                                                                         \
    lanes sum[rows][vectors];                                                                     \
    sums += row * 32 + column;                                                                    \
    CK_UNROLL for (int r = 0; r < rows; r++) {                                                    \
      CK_UNROLL for (int v = 0; v < vectors; v++) {                                               \
        sum[r][v] = is_first ? all(0) : load(sums + r * 32 + v * LANES);                          \
      }                                                                                           \
    }                                                                                             \
    for (int64_t k = it->segments * words; k > 0; k--) {                                          \
      lanes each[vectors];                                                                        \
      CK_AHEAD(a + 256, 0);                                                                       \
      CK_UNROLL for (int v = 0; v < vectors; v++) {                                               \
        each[v] = load(b + v * LANES);                                                            \
        CK_AHEAD(b + 512, v);                                                                     \
      }                                                                                           \
      CK_UNROLL for (int r = 0; r < rows; r++) {                                                  \
        const lanes x = all(a[r]);                                                                \
        CK_UNROLL for (int v = 0; v < vectors; v++) sum[r][v] = step(x, each[v], sum[r][v]);      \
      }                                                                                           \
      const int64_t is_last = -(int64_t)(--left == 0);                                            \
      a += 16 + (a_gap & is_last), b += 32 + (b_gap & is_last), left += words & is_last;          \
    }                                                                                             \
    CK_UNROLL for (int r = 0; r < rows; r++) {                                                    \
      CK_UNROLL for (int v = 0; v < vectors; v++) store(sums + r * 32 + v * LANES, sum[r][v]);    \
    }                                                                                             \
  }

#if LANES == 16
/* 14 rows of two registers leave four of the 32 for operands. */
enum { CK_PANEL = 14 };
#define CK_EACH_ROWS(X, id, step)                                                              \
  X(1, id, step) X(2, id, step) X(3, id, step) X(4, id, step) X(5, id, step) X(6, id, step)    \
  X(7, id, step) X(8, id, step) X(9, id, step) X(10, id, step) X(11, id, step) X(12, id, step) \
  X(13, id, step) X(14, id, step)
#define CK_OF_ROWS(rows, id, step)                            \
  CK_MULTIPLY(id##_narrow_##rows, CK_CODE, step, rows, 1, 16) \
  CK_MULTIPLY(id##_wide_##rows, CK_CODE, step, rows, 2, 32)
#define CK_ENTRY(rows, id, step) {id##_narrow_##rows, id##_wide_##rows},

typedef void multiply_panel(int width, int segments, const float *const *left,
                            const float *const *right, int blocks, int64_t stride, float *out);

/* Defines id_multiply and id_accumulate, which ck_form describes. */
#define CK_WIDE_PRODUCTS(id, step)                                                                \
  CK_EACH_ROWS(CK_OF_ROWS, id, step)                                                              \
  static multiply_panel *const id##_panels[CK_PANEL][2] = {CK_EACH_ROWS(CK_ENTRY, id, step)};     \
  static void id##_multiply(int rows, int width, int segments, const float *const *a,             \
                            const float *const *b, int blocks, int64_t stride, float *out) {      \
    id##_panels[rows - 1][width == 32](width, segments, a, b, blocks, stride, out);               \
  }                                                                                               \
  CK_ACCUMULATE(id##_accumulate_narrow, CK_CODE, step, 16, 1)                                     \
  CK_ACCUMULATE(id##_accumulate_wide, CK_CODE, step, 8, 2)                                        \
  static void id##_accumulate(int width, const ck_outer *it, int is_first, float *sums) {         \
    if (width == 16) {                                                                            \
      id##_accumulate_narrow(it, 0, 0, is_first, sums);                                           \
    } else {                                                                                      \
      id##_accumulate_wide(it, 0, 0, is_first, sums);                                             \
      id##_accumulate_wide(it, 8, 0, is_first, sums);                                             \
    }                                                                                             \
  }
#endif
