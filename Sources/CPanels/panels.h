// What the kernels for different instruction sets share.
#ifndef PANELS_H
#define PANELS_H

#include "CPanels.h"

enum { COLUMNS = CPANELS_COLUMNS, ROWS = CPANELS_ROWS, KEPT = CPANELS_KEPT };

// Makes the compiler translate a function for several instruction sets.
#if defined(__x86_64__)
#define CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define CLONES
#endif

void panels_run_avx512(const cpanels_search *search);
void panels_run_avx2(const cpanels_search *search);
void panels_run_portable(const cpanels_search *search);

// The lowest value that can still enter a list.
static inline float panels_threshold(const cpanels_list *list) { return list->values[KEPT - 1]; }

// Whether a column, which may be nobody, may be offered to a cluster.
static inline int panels_are_apart(const cpanels_search *s, int32_t own, int32_t id) {
  return id >= 0 && id != own && !(s->sets && s->sets[id] == s->sets[own]);
}

// Those of some columns that a row may be offered.
static inline uint32_t panels_apart(const cpanels_search *s, int64_t row, uint32_t columns) {
  uint32_t apart = columns;
  for (uint32_t left = columns; left; left &= left - 1) {
    int column = __builtin_ctz(left);
    if (!panels_are_apart(s, s->row_ids[row], s->column_ids[column])) apart &= ~(1u << column);
  }
  return apart;
}

// Offers a row the columns that may enter its list.
static inline void panels_offer_row(
    const cpanels_search *s, int64_t row, const float *values, uint32_t hits) {
  int32_t own = s->row_ids[row];
  const int32_t *ids = s->column_ids;
  cpanels_list *list = s->row_lists[row];
  while (hits) {
    int column = __builtin_ctz(hits);
    hits &= hits - 1;
    if (values[column] >= panels_threshold(list) && panels_are_apart(s, own, ids[column]))
      cpanels_offer(list, values[column], ids[column]);
  }
}

static inline void panels_offer_column(
    const cpanels_search *s, int64_t row, const float *values, uint32_t hits) {
  int32_t own = s->row_ids[row];
  const int32_t *ids = s->column_ids;
  while (hits) {
    int column = __builtin_ctz(hits);
    hits &= hits - 1;
    if (!panels_are_apart(s, own, ids[column])) continue;
    cpanels_list *list = &s->column_lists[ids[column]];
    if (values[column] >= panels_threshold(list)) cpanels_offer(list, values[column], own);
  }
}

// The thresholds of a panel's columns; +infinity where there is no cluster.
static inline void panels_thresholds(const cpanels_search *s, float *thresholds) {
  for (int column = 0; column < COLUMNS; column++) {
    int32_t id = s->column_ids[column];
    thresholds[column] = id < 0 ? __builtin_inff() : panels_threshold(&s->column_lists[id]);
  }
}

#endif
