#include <string.h>

#include "panels.h"

static int are_neighbours(const int32_t *columns, int64_t count) {
  if (columns[0] % COLUMNS + count > COLUMNS) return 0;
  for (int64_t row = 1; row < count; row++)
    if (columns[row] != columns[0] + row) return 0;
  return 1;
}

void cpanels_gather(
    const float *panels, int64_t width, const int32_t *columns, int64_t count, float *rows) {
  for (int64_t first = 0; first < count; first += ROWS) {
    int64_t end = count - first < ROWS ? count - first : ROWS;
    float *block = rows + first * width;
    if (end == ROWS && are_neighbours(columns + first, ROWS)) {
      const float *from = panels + columns[first] / COLUMNS * COLUMNS * width + columns[first] % COLUMNS;
      for (int64_t k = 0; k < width; k++)
        memcpy(block + k * ROWS, from + k * COLUMNS, ROWS * sizeof *block);
      continue;
    }
    for (int64_t row = 0; row < ROWS; row++) {
      if (row >= end) {
        for (int64_t k = 0; k < width; k++) block[k * ROWS + row] = 0;
        continue;
      }
      int64_t column = columns[first + row];
      const float *from = panels + column / COLUMNS * COLUMNS * width + column % COLUMNS;
      for (int64_t k = 0; k < width; k++) block[k * ROWS + row] = from[k * COLUMNS];
    }
  }
}
