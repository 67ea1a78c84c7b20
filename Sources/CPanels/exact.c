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

enum { STRETCH = 64 };

// Adds a stretch of a pair's terms to its partial sums.
INLINE void add_terms(
    const eight *x, const cpanels_vector *b, int b_is_sum, int64_t first, int64_t blocks,
    int is_distance, eight *sums) {
  eight s = *sums;
  for (int64_t i = 0; i < blocks; i++) {
    eight y;
    load(b, first + 8 * i, b_is_sum, &y);
    if (is_distance) {
      eight apart = x[i] - y;
      s += apart * apart;
    } else {
      s += x[i] * y;
    }
  }
  *sums = s;
}

INLINE void totals(
    const cpanels_vector *a, const cpanels_vector *columns, uint32_t which, int64_t width,
    int is_distance, double *values) {
  eight sums[COLUMNS];
  for (uint32_t left = which; left; left &= left - 1) sums[__builtin_ctz(left)] = (eight){0};
  const int64_t whole = width / 8 * 8;
  for (int64_t first = 0; first < whole; first += STRETCH) {
    const int64_t blocks = (whole - first < STRETCH ? whole - first : STRETCH) / 8;
    eight x[STRETCH / 8];
    for (int64_t i = 0; i < blocks; i++) {
      if (a->row) load(a, first + 8 * i, 0, &x[i]);
      else load(a, first + 8 * i, 1, &x[i]);
    }
    for (uint32_t left = which; left; left &= left - 1) {
      const int c = __builtin_ctz(left);
      if (columns[c].row) add_terms(x, &columns[c], 0, first, blocks, is_distance, &sums[c]);
      else add_terms(x, &columns[c], 1, first, blocks, is_distance, &sums[c]);
    }
  }
  for (uint32_t left = which; left; left &= left - 1) {
    const int c = __builtin_ctz(left);
    values[c] = total(&sums[c]) + rest_of(a, &columns[c], whole, width, is_distance);
  }
}

CLONES void cpanels_products(
    cpanels_vector a, const cpanels_vector *columns, uint32_t which, int64_t width, double *values) {
  totals(&a, columns, which, width, 0, values);
}

CLONES void cpanels_distances(
    cpanels_vector a, const cpanels_vector *columns, uint32_t which, int64_t width, double *values) {
  totals(&a, columns, which, width, 1, values);
}

CLONES double cpanels_product(cpanels_vector a, cpanels_vector b, int64_t width) {
  double value;
  totals(&a, &b, 1, width, 0, &value);
  return value;
}

CLONES double cpanels_distance(cpanels_vector a, cpanels_vector b, int64_t width) {
  double value;
  totals(&a, &b, 1, width, 1, &value);
  return value;
}

// Calls FUNCTION with each vector's form known to the compiler.
#define BY_FORM(FUNCTION, a, b, ...)                                                       \
  ((a)->row ? ((b)->row ? FUNCTION(a, 0, b, 0, __VA_ARGS__) : FUNCTION(a, 0, b, 1, __VA_ARGS__)) \
            : ((b)->row ? FUNCTION(a, 1, b, 0, __VA_ARGS__) : FUNCTION(a, 1, b, 1, __VA_ARGS__)))

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
