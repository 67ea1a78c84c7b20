// The kernel for machines without AVX-512, once for AVX2 and once for any machine: a tile is made
// from strips of STRIP rows by 8 columns, in `vector` registers of 8 floats. RUN names the result.
#include "panels.h"

typedef float vector __attribute__((vector_size(32), aligned(4)));
enum { STRIP = 7 };

static inline __attribute__((always_inline)) TARGET void strip(
    const cpanels_search *s, int64_t row, int first, int left, float values[ROWS][COLUMNS]) {
  const float *a = s->rows + row * s->width + first;
  const float *b = s->panel + left;
  vector sums[STRIP];
  for (int r = 0; r < STRIP; r++) sums[r] = (vector){0};
  for (int64_t k = 0; k < s->width; k++, a += ROWS, b += COLUMNS) {
    vector column = *(const vector *)b;
    for (int r = 0; r < STRIP; r++) {
      vector x = {a[r], a[r], a[r], a[r], a[r], a[r], a[r], a[r]};
      sums[r] = __builtin_elementwise_fma(x, column, sums[r]);
    }
  }
  for (int r = 0; r < STRIP; r++) *(vector *)&values[first + r][left] = sums[r];
}

static inline __attribute__((always_inline)) TARGET void similarities(
    const cpanels_search *s, int64_t row, float values[ROWS][COLUMNS]) {
  for (int r = 0; r < ROWS; r++) {
    for (int c = 0; c < COLUMNS; c++) {
      if (!s->row_weights.squares) {
        values[r][c] += s->slack;
        continue;
      }
      float a = s->row_weights.sizes[row + r];
      float b = s->column_weights.sizes[c];
      float squares = s->row_weights.squares[row + r] + s->column_weights.squares[c];
      float apart = squares - (values[r][c] + values[r][c]);
      values[r][c] = s->slack - a * b / (a + b) * apart;
    }
  }
}

TARGET void RUN(const cpanels_search *s) {
  for (int64_t row = 0; row < s->row_count; row += ROWS) {
    _Alignas(64) float values[ROWS][COLUMNS];
    for (int first = 0; first < ROWS; first += STRIP)
      for (int left = 0; left < COLUMNS; left += 8) strip(s, row, first, left, values);
    similarities(s, row, values);
    float thresholds[COLUMNS];
    if (s->column_lists) panels_thresholds(s, thresholds);
    int64_t end = s->row_count - row < ROWS ? s->row_count - row : ROWS;
    for (int64_t r = 0; r < end; r++) {
      float least = panels_threshold(s->row_lists[row + r]);
      uint32_t hits = 0, column_hits = 0;
      for (int c = 0; c < COLUMNS; c++) hits |= (uint32_t)(values[r][c] >= least) << c;
      if (s->row_hits) {
        s->row_hits[row + r] = hits;
        continue;
      }
      panels_offer_row(s, row + r, values[r], hits);
      if (!s->column_lists) continue;
      for (int c = 0; c < COLUMNS; c++)
        column_hits |= (uint32_t)(values[r][c] >= thresholds[c]) << c;
      panels_offer_column(s, row + r, values[r], column_hits);
    }
  }
}
