// One cluster compared with all others, and what it changes in their lists.
#include "panels.h"

typedef float column_values __attribute__((vector_size(COLUMNS * 4), aligned(4)));

CLONES void cpanels_compare_one(
    const float *panels, int64_t width, const float *squares, int64_t column, float slack,
    int64_t first_panel, int64_t end_panel, float *values) {
  const float *row = panels + column / COLUMNS * COLUMNS * width + column % COLUMNS;
  float square = squares[column];
  for (int64_t panel = first_panel; panel < end_panel; panel++) {
    const float *from = panels + panel * COLUMNS * width;
    column_values sums = {0};
    for (int64_t k = 0; k < width; k++)
      sums += row[k * COLUMNS] * *(const column_values *)(from + k * COLUMNS);
    column_values all = square + *(const column_values *)(squares + panel * COLUMNS);
    *(column_values *)(values + panel * COLUMNS) = slack - (all - (sums + sums));
  }
}

static void take_out(cpanels_list *list, int32_t one, int32_t other) {
  int left = 0;
  for (int place = 0; place < KEPT; place++) {
    if (list->ids[place] == one || list->ids[place] == other) continue;
    list->values[left] = list->values[place];
    list->ids[left++] = list->ids[place];
  }
  for (; left < KEPT; left++) {
    list->values[left] = -__builtin_inff();
    list->ids[left] = -1;
  }
}

CLONES float cpanels_replace(cpanels_list *list, int32_t ended, int32_t id, float value) {
  int found = 0;
  for (int place = 0; place < KEPT; place++)
    found |= (list->ids[place] == ended) | (list->ids[place] == id);
  if (found) take_out(list, ended, id);
  float last = list->values[KEPT - 1];
  int is_full = list->ids[KEPT - 1] >= 0;
  if (is_full && value < last) return value;
  cpanels_offer(list, value, id);
  return is_full ? last : -__builtin_inff();
}
