// The kernel for machines without AVX-512, once for AVX2 and once for any machine: a tile is made
// from strips of at most STRIP rows by 16 columns, in ten `vector` registers of 8 floats: enough to hide the
// latency of a multiply-add, and fewer loads than that. RUN names the result, and BITS(truths) is a bit for
// each of 8.
#include "panels.h"

typedef float vector __attribute__((vector_size(32), aligned(4)));
typedef int32_t truths __attribute__((vector_size(32)));
enum { STRIP = 5, LANES = 8 };

#define ALL(x) ((vector){x, x, x, x, x, x, x, x})

// Makes a row's products with 8 columns similarities. One operation a statement, so that none are fused.
static inline __attribute__((always_inline)) TARGET void make_similarities(
    const cpanels_search *s, int64_t row, int left, vector *products) {
  vector slack = ALL(s->slack);
  if (!s->row_weights.squares) {
    *products += slack;
    return;
  }
  vector a = ALL(s->row_weights.sizes[row]);
  vector b = *(const vector *)&s->column_weights.sizes[left];
  vector squares = ALL(s->row_weights.squares[row]);
  squares += *(const vector *)&s->column_weights.squares[left];
  vector twice = *products + *products;
  vector apart = squares - twice;
  vector sizes = a + b;
  vector share = a * b;
  share /= sizes;
  apart *= share;
  *products = slack - apart;
}

// Fills `rows` rows from `first` on and two vectors of columns.
static inline __attribute__((always_inline)) TARGET void strip(
    const cpanels_search *s, int64_t row, int first, int rows, int left,
    float values[ROWS][COLUMNS]) {
  const float *a = s->rows + row * s->width + first;
  const float *b = s->panel + left;
  vector sums[STRIP][2];
  for (int r = 0; r < rows; r++) sums[r][0] = sums[r][1] = (vector){0};
  for (int64_t k = 0; k < s->width; k++, a += ROWS, b += COLUMNS) {
    vector columns[] = {*(const vector *)b, *(const vector *)(b + LANES)};
    for (int r = 0; r < rows; r++) {
      vector x = ALL(a[r]);
      sums[r][0] = __builtin_elementwise_fma(x, columns[0], sums[r][0]);
      sums[r][1] = __builtin_elementwise_fma(x, columns[1], sums[r][1]);
    }
  }
  for (int r = 0; r < rows; r++)
    for (int half = 0; half < 2; half++) {
      const int column = left + LANES * half;
      make_similarities(s, row + first + r, column, &sums[r][half]);
      *(vector *)&values[first + r][column] = sums[r][half];
    }
}

// The bits of a row's columns whose values are as high as the thresholds.
static inline __attribute__((always_inline)) TARGET uint32_t reach(
    const float values[COLUMNS], const vector thresholds[COLUMNS / LANES]) {
  uint32_t hits = 0;
  for (int part = 0; part < COLUMNS / LANES; part++) {
    truths high = *(const vector *)&values[LANES * part] >= thresholds[part];
    hits |= BITS(high) << LANES * part;
  }
  return hits;
}

TARGET void RUN(const cpanels_search *s) {
  for (int64_t row = 0; row < s->row_count; row += ROWS) {
    _Alignas(64) float values[ROWS][COLUMNS];
    for (int left = 0; left < COLUMNS; left += 2 * LANES) {
      strip(s, row, 0, STRIP, left, values);
      strip(s, row, STRIP, STRIP, left, values);
      strip(s, row, 2 * STRIP, ROWS - 2 * STRIP, left, values);
    }
    vector thresholds[COLUMNS / LANES];
    if (s->column_lists) panels_thresholds(s, (float *)thresholds);
    int64_t end = s->row_count - row < ROWS ? s->row_count - row : ROWS;
    for (int64_t r = 0; r < end; r++) {
      const float lowest = panels_threshold(s->row_lists[row + r]);
      vector least = ALL(lowest);
      uint32_t hits = reach(values[r], (vector[]){least, least, least, least});
      if (s->row_hits) {
        s->row_hits[row + r] = panels_apart(s, row + r, hits);
        continue;
      }
      panels_offer_row(s, row + r, values[r], hits);
      if (s->column_lists)
        panels_offer_column(s, row + r, values[r], reach(values[r], thresholds));
    }
  }
}
