// Vectors in double precision, eight elements at a time.
#ifndef VECTORS_H
#define VECTORS_H

#include <string.h>

#include "panels.h"

typedef double eight __attribute__((vector_size(64), aligned(8)));
typedef float eight_floats __attribute__((vector_size(32), aligned(4)));
typedef uint32_t eight_words __attribute__((vector_size(32), aligned(4)));
typedef uint32_t sixteen_words __attribute__((vector_size(64), aligned(4)));

#define INLINE static inline __attribute__((always_inline))

// Words are in this machine's order, the lower half of a double first.
INLINE double one(const cpanels_vector *v, int64_t k, int is_sum) {
  if (!is_sum) return ((double)v->row[k] - v->centre[k]) * v->factor;
  uint32_t words[2];
  double sum;
  memcpy(&words[0], (const char *)v->low + 4 * k, 4);
  memcpy(&words[1], (const char *)v->high + 4 * k, 4);
  memcpy(&sum, words, 8);
  return sum * v->factor;
}

INLINE void load(const cpanels_vector *v, int64_t k, int is_sum, eight *out) {
  if (is_sum) {
    eight_words low = *(const eight_words *)((const char *)v->low + 4 * k);
    eight_words high = *(const eight_words *)((const char *)v->high + 4 * k);
    sixteen_words words = __builtin_shufflevector(
        low, high, 0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15);
    *out = (eight)words * v->factor;
    return;
  }
  eight row = __builtin_convertvector(*(const eight_floats *)(v->row + k), eight);
  *out = (row - *(const eight *)(v->centre + k)) * v->factor;
}

// Adds eight partial sums, always in this order.
INLINE double total(const eight *sums) {
  const eight s = *sums;
  return ((s[0] + s[4]) + (s[1] + s[5])) + ((s[2] + s[6]) + (s[3] + s[7]));
}

// The sum of a pair's last terms, which fill no eight.
INLINE double rest_of(
    const cpanels_vector *a, const cpanels_vector *b, int64_t whole, int64_t width, int is_distance) {
  double rest = 0;
  for (int64_t k = whole; k < width; k++) {
    const double x = one(a, k, !a->row), y = one(b, k, !b->row);
    rest += is_distance ? (x - y) * (x - y) : x * y;
  }
  return rest;
}

#endif
