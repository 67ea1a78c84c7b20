// Double precision for deciding. Eight partial sums, added in one order, whatever the registers.
#include "panels.h"

typedef double eight __attribute__((vector_size(64), aligned(8)));
typedef float eight_floats __attribute__((vector_size(32), aligned(4)));

#if defined(__x86_64__)
#define CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define CLONES
#endif
#define INLINE static inline __attribute__((always_inline))

INLINE double one(const cpanels_vector *v, int64_t k, int is_sum) {
  return is_sum ? v->sum[k] * v->factor : ((double)v->row[k] - v->centre[k]) * v->factor;
}

INLINE void load(const cpanels_vector *v, int64_t k, int is_sum, eight *out) {
  if (is_sum) {
    *out = *(const eight *)(v->sum + k) * v->factor;
    return;
  }
  eight row = __builtin_convertvector(*(const eight_floats *)(v->row + k), eight);
  *out = (row - *(const eight *)(v->centre + k)) * v->factor;
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

INLINE double total_of_any(
    const cpanels_vector *a, const cpanels_vector *b, int64_t width, int is_distance) {
  if (a->sum) {
    return b->sum ? total(a, 1, b, 1, width, is_distance) : total(a, 1, b, 0, width, is_distance);
  }
  return b->sum ? total(a, 0, b, 1, width, is_distance) : total(a, 0, b, 0, width, is_distance);
}

CLONES double cpanels_product(cpanels_vector a, cpanels_vector b, int64_t width) {
  return total_of_any(&a, &b, width, 0);
}

CLONES double cpanels_distance(cpanels_vector a, cpanels_vector b, int64_t width) {
  return total_of_any(&a, &b, width, 1);
}

CLONES void cpanels_add(cpanels_vector a, cpanels_vector b, int64_t width, double *sum) {
  for (int64_t k = 0; k < width; k++) sum[k] = one(&a, k, a.sum != 0) + one(&b, k, b.sum != 0);
}

CLONES double cpanels_write(cpanels_vector a, int64_t width, float *panels, int64_t column) {
  float *out = panels + column / COLUMNS * COLUMNS * width + column % COLUMNS;
  double squares = 0;
  for (int64_t k = 0; k < width; k++) {
    double value = one(&a, k, a.sum != 0);
    out[k * COLUMNS] = (float)value;
    squares += value * value;
  }
  return squares;
}
