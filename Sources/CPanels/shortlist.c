#include "panels.h"

void cpanels_clear(cpanels_list *list) {
  for (int place = 0; place < KEPT; place++) {
    list->values[place] = -__builtin_inff();
    list->ids[place] = -1;
  }
}

void cpanels_offer(cpanels_list *list, float value, int32_t id) {
  int place = KEPT;
  while (place > 0 && (list->values[place - 1] < value || list->ids[place - 1] < 0 ||
                       (list->values[place - 1] == value && list->ids[place - 1] > id))) {
    if (place < KEPT) {
      list->values[place] = list->values[place - 1];
      list->ids[place] = list->ids[place - 1];
    }
    place--;
  }
  if (place == KEPT) return;
  list->values[place] = value;
  list->ids[place] = id;
}
