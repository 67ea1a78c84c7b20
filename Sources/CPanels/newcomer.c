// One cluster compared with others.
#include "panels.h"

typedef float sixteen __attribute__((vector_size(64), aligned(4)));

static inline __attribute__((always_inline)) float product(
    const float *a, const float *b, int64_t width) {
  sixteen sums = {0};
  int64_t k = 0;
  for (; k + 16 <= width; k += 16) sums += *(const sixteen *)(a + k) * *(const sixteen *)(b + k);
  for (int half = 8; half > 0; half /= 2)
    for (int place = 0; place < half; place++) sums[place] += sums[place + half];
  float rest = 0;
  for (; k < width; k++) rest += a[k] * b[k];
  return sums[0] + rest;
}

CLONES void cpanels_compare_one(
    const float *means, int64_t width, const float *squares, int32_t one, const int32_t *others,
    int64_t count, float slack, float *values) {
  for (int64_t index = 0; index < count; index++) {
    int32_t other = others[index];
    float p = product(means + one * width, means + other * width, width);
    values[index] = slack - ((squares[one] + squares[other]) - (p + p));
  }
}
