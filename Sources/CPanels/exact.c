// Double precision for deciding. Eight partial sums, added in one order, whatever the registers.
#include "vectors.h"

INLINE void store_one(double sum, int64_t k, void *high, void *low) {
  uint32_t words[2];
  memcpy(words, &sum, 8);
  memcpy((char *)low + 4 * k, &words[0], 4);
  memcpy((char *)high + 4 * k, &words[1], 4);
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
