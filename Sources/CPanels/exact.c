// Double precision for deciding. Eight partial sums, added in one order, whatever the registers.
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

INLINE void store_one(double sum, int64_t k, void *high, void *low) {
  uint32_t words[2];
  memcpy(words, &sum, 8);
  memcpy((char *)low + 4 * k, &words[0], 4);
  memcpy((char *)high + 4 * k, &words[1], 4);
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

INLINE void store(const eight *sums, int64_t k, void *high, void *low) {
  sixteen_words words = (sixteen_words)*sums;
  *(eight_words *)((char *)low + 4 * k) =
      __builtin_shufflevector(words, words, 0, 2, 4, 6, 8, 10, 12, 14);
  *(eight_words *)((char *)high + 4 * k) =
      __builtin_shufflevector(words, words, 1, 3, 5, 7, 9, 11, 13, 15);
}

INLINE double total(
    const cpanels_vector *a, int a_is_sum, const cpanels_vector *b, int b_is_sum, int64_t width,
    int is_distance) {
  eight sums = {0};
  int64_t k = 0;
  for (; k + 8 <= width; k += 8) {
    eight x, y;
    load(a, k, a_is_sum, &x);
    load(b, k, b_is_sum, &y);
    if (is_distance) {
      eight apart = x - y;
      sums += apart * apart;
    } else {
      sums += x * y;
    }
  }
  double rest = 0;
  for (; k < width; k++) {
    double x = one(a, k, a_is_sum), y = one(b, k, b_is_sum);
    rest += is_distance ? (x - y) * (x - y) : x * y;
  }
  return ((sums[0] + sums[4]) + (sums[1] + sums[5])) + ((sums[2] + sums[6]) + (sums[3] + sums[7])) +
         rest;
}

// Calls FUNCTION with each vector's form known to the compiler.
#define BY_FORM(FUNCTION, a, b, ...)                                                       \
  ((a)->row ? ((b)->row ? FUNCTION(a, 0, b, 0, __VA_ARGS__) : FUNCTION(a, 0, b, 1, __VA_ARGS__)) \
            : ((b)->row ? FUNCTION(a, 1, b, 0, __VA_ARGS__) : FUNCTION(a, 1, b, 1, __VA_ARGS__)))

CLONES double cpanels_product(cpanels_vector a, cpanels_vector b, int64_t width) {
  return BY_FORM(total, &a, &b, width, 0);
}

CLONES double cpanels_distance(cpanels_vector a, cpanels_vector b, int64_t width) {
  return BY_FORM(total, &a, &b, width, 1);
}

INLINE void add(
    const cpanels_vector *a, int a_is_sum, const cpanels_vector *b, int b_is_sum, int64_t width,
    void *high, void *low) {
  int64_t k = 0;
  for (; k + 8 <= width; k += 8) {
    eight x, y;
    load(a, k, a_is_sum, &x);
    load(b, k, b_is_sum, &y);
    x += y;
    store(&x, k, high, low);
  }
  for (; k < width; k++) store_one(one(a, k, a_is_sum) + one(b, k, b_is_sum), k, high, low);
}

CLONES void cpanels_add(
    cpanels_vector a, cpanels_vector b, int64_t width, void *high, void *low) {
  BY_FORM(add, &a, &b, width, high, low);
}

CLONES double cpanels_write(cpanels_vector a, int64_t width, float *panels, int64_t column) {
  float *out = panels + column / COLUMNS * COLUMNS * width + column % COLUMNS;
  double squares = 0;
  for (int64_t k = 0; k < width; k++) {
    double value = one(&a, k, !a.row);
    out[k * COLUMNS] = (float)value;
    squares += value * value;
  }
  return squares;
}
