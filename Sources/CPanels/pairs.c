// Every one of some vectors with every one of some others, in double precision.
//
// A stretch of all elements is written out as doubles, which stay in the first cache. A tile of 4 × 2
// pairs then has its partial sums in registers (with AVX2 some are put aside): what is loaded serves two
// or four pairs.
#include "vectors.h"

enum { STRETCH = 64, TALL = 4, WIDE = 2, PAIRED = CPANELS_PAIRED };

typedef double stretches[STRETCH] __attribute__((aligned(64)));

INLINE void write_out(
    const cpanels_vector *vectors, int64_t count, int64_t first, int64_t length, stretches *out) {
  for (int64_t i = 0; i < count; i++) {
    if (vectors[i].row)
      for (int64_t k = 0; k < length; k += 8) load(&vectors[i], first + k, 0, (eight *)(out[i] + k));
    else
      for (int64_t k = 0; k < length; k += 8) load(&vectors[i], first + k, 1, (eight *)(out[i] + k));
  }
}

// Adds a stretch of `tall` × WIDE pairs' terms to their partial sums.
INLINE void add_tile(
    stretches *rows, stretches *columns, int64_t length, int is_distance, size_t tall, eight *sums) {
  eight s[TALL][WIDE];
  for (size_t r = 0; r < tall; r++)
    for (int c = 0; c < WIDE; c++) s[r][c] = sums[r * COLUMNS + c];
  for (int64_t k = 0; k < length; k += 8)
    for (int c = 0; c < WIDE; c++) {
      const eight y = *(const eight *)(columns[c] + k);
      for (size_t r = 0; r < tall; r++) {
        const eight x = *(const eight *)(rows[r] + k);
        if (is_distance) s[r][c] += (x - y) * (x - y);
        else s[r][c] += x * y;
      }
    }
  for (size_t r = 0; r < tall; r++)
    for (int c = 0; c < WIDE; c++) sums[r * COLUMNS + c] = s[r][c];
}

INLINE void compare(
    const cpanels_vector *rows, int64_t row_count, const cpanels_vector *columns, int64_t column_count,
    int64_t width, int is_distance, double *values) {
  stretches x[PAIRED], y[COLUMNS + WIDE];
  eight sums[PAIRED * COLUMNS];
  memset(sums, 0, (size_t)row_count * COLUMNS * sizeof sums[0]);
  memset(y[column_count], 0, WIDE * sizeof y[0]);
  const int64_t whole = width / 8 * 8;
  for (int64_t first = 0; first < whole; first += STRETCH) {
    const int64_t length = whole - first < STRETCH ? whole - first : STRETCH;
    write_out(rows, row_count, first, length, x);
    write_out(columns, column_count, first, length, y);
    for (int64_t c = 0; c < column_count; c += WIDE) {
      int64_t r = 0;
      for (; r + TALL <= row_count; r += TALL)
        add_tile(x + r, y + c, length, is_distance, TALL, sums + r * COLUMNS + c);
      for (; r < row_count; r++)
        add_tile(x + r, y + c, length, is_distance, 1, sums + r * COLUMNS + c);
    }
  }
  for (int64_t r = 0; r < row_count; r++)
    for (int64_t c = 0; c < column_count; c++) {
      const double rest = rest_of(&rows[r], &columns[c], whole, width, is_distance);
      values[r * COLUMNS + c] = total(&sums[r * COLUMNS + c]) + rest;
    }
}

CLONES void cpanels_pair_products(
    const cpanels_vector *rows, int64_t row_count, const cpanels_vector *columns, int64_t column_count,
    int64_t width, double *values) {
  compare(rows, row_count, columns, column_count, width, 0, values);
}

CLONES void cpanels_pair_distances(
    const cpanels_vector *rows, int64_t row_count, const cpanels_vector *columns, int64_t column_count,
    int64_t width, double *values) {
  compare(rows, row_count, columns, column_count, width, 1, values);
}
