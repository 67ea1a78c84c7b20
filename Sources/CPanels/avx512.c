// 14 rows by 32 columns in 28 vector registers.
#include "panels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))
#define UNROLL _Pragma("clang loop unroll(full)")

// A tile of products, made similarities.
static inline __attribute__((always_inline)) AVX512 void similarities(
    const cpanels_search *s, int64_t row, __m512 tile[ROWS][2]) {
  __m512 slack = _mm512_set1_ps(s->slack);
  if (!s->row_weights.squares) {
    UNROLL for (int r = 0; r < ROWS; r++) {
      tile[r][0] = _mm512_add_ps(tile[r][0], slack);
      tile[r][1] = _mm512_add_ps(tile[r][1], slack);
    }
    return;
  }
  UNROLL for (int half = 0; half < 2; half++) {
    __m512 q = _mm512_loadu_ps(s->column_weights.squares + half * 16);
    __m512 a = _mm512_loadu_ps(s->column_weights.sizes + half * 16);
    UNROLL for (int r = 0; r < ROWS; r++) {
      __m512 size = _mm512_set1_ps(s->row_weights.sizes[row + r]);
      __m512 squares = _mm512_add_ps(_mm512_set1_ps(s->row_weights.squares[row + r]), q);
      __m512 apart = _mm512_sub_ps(squares, _mm512_add_ps(tile[r][half], tile[r][half]));
      __m512 share = _mm512_div_ps(_mm512_mul_ps(size, a), _mm512_add_ps(size, a));
      tile[r][half] = _mm512_sub_ps(slack, _mm512_mul_ps(share, apart));
    }
  }
}

static AVX512 void tile(const cpanels_search *s, int64_t row, float *thresholds) {
  const float *a = s->rows + row * s->width;
  const float *b = s->panel;
  __m512 t[ROWS][2];
  UNROLL for (int r = 0; r < ROWS; r++) t[r][0] = t[r][1] = _mm512_setzero_ps();
  for (int64_t k = 0; k < s->width; k++, a += ROWS, b += COLUMNS) {
    __m512 left = _mm512_load_ps(b), right = _mm512_load_ps(b + 16);
    UNROLL for (int r = 0; r < ROWS; r++) {
      __m512 x = _mm512_set1_ps(a[r]);
      t[r][0] = _mm512_fmadd_ps(x, left, t[r][0]);
      t[r][1] = _mm512_fmadd_ps(x, right, t[r][1]);
    }
  }
  similarities(s, row, t);
  uint32_t row_hits[ROWS], any = 0;
  int count = s->row_count - row < ROWS ? (int)(s->row_count - row) : ROWS;
  UNROLL for (int r = 0; r < ROWS; r++) {
    row_hits[r] = 0;
    if (r < count) {
      __m512 least = _mm512_set1_ps(panels_threshold(s->row_lists[row + r]));
      row_hits[r] = (uint32_t)_mm512_cmp_ps_mask(t[r][0], least, _CMP_GE_OQ) |
                    (uint32_t)_mm512_cmp_ps_mask(t[r][1], least, _CMP_GE_OQ) << 16;
      any |= row_hits[r];
    }
  }
  if (s->row_hits) {
    for (int r = 0; r < count; r++) s->row_hits[row + r] = panels_apart(s, row + r, row_hits[r]);
    return;
  }
  uint32_t column_hits = 0;
  if (thresholds) {
    __m512 high0 = t[0][0], high1 = t[0][1];
    UNROLL for (int r = 1; r < ROWS; r++) {
      high0 = _mm512_max_ps(high0, t[r][0]);
      high1 = _mm512_max_ps(high1, t[r][1]);
    }
    column_hits = (uint32_t)_mm512_cmp_ps_mask(high0, _mm512_loadu_ps(thresholds), _CMP_GE_OQ) |
                  (uint32_t)_mm512_cmp_ps_mask(high1, _mm512_loadu_ps(thresholds + 16), _CMP_GE_OQ)
                      << 16;
  }
  if (!(any | column_hits)) return;
  _Alignas(64) float values[ROWS][COLUMNS];
  UNROLL for (int r = 0; r < ROWS; r++) {
    _mm512_store_ps(values[r], t[r][0]);
    _mm512_store_ps(values[r] + 16, t[r][1]);
  }
  for (int r = 0; r < count; r++) {
    if (row_hits[r]) panels_offer_row(s, row + r, values[r], row_hits[r]);
    if (!column_hits) continue;
    uint32_t hits =
        (uint32_t)_mm512_cmp_ps_mask(_mm512_load_ps(values[r]), _mm512_loadu_ps(thresholds), _CMP_GE_OQ) |
        (uint32_t)_mm512_cmp_ps_mask(
            _mm512_load_ps(values[r] + 16), _mm512_loadu_ps(thresholds + 16), _CMP_GE_OQ) << 16;
    panels_offer_column(s, row + r, values[r], hits & column_hits);
  }
  if (column_hits) panels_thresholds(s, thresholds);
}

AVX512 void panels_run_avx512(const cpanels_search *s) {
  float thresholds[COLUMNS];
  if (s->column_lists) panels_thresholds(s, thresholds);
  for (int64_t row = 0; row < s->row_count; row += ROWS)
    tile(s, row, s->column_lists ? thresholds : 0);
}
#endif
