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
