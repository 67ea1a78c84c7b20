// Vectors less a centre, rounded to single precision and laid side by side, as kernels read them.
#include "vectors.h"

CLONES void cpanels_doubles(cpanels_vector vector, int64_t width, double *out) {
  for (int64_t k = 0; k < width; k++) out[k] = one(&vector, k, !vector.row);
}

INLINE double total(eight s) {
  return ((s[0] + s[4]) + (s[1] + s[5])) + ((s[2] + s[6]) + (s[3] + s[7]));
}

INLINE void pack_apart(
    const cpanels_vector *v, int is_sum, int64_t width, int64_t stride, const double *centre,
    float *out, double *product, double *square) {
  eight products = {0}, squares = {0};
  int64_t k = 0;
  for (; k + 8 <= width; k += 8) {
    eight x, c = *(const eight *)(centre + k);
    load(v, k, is_sum, &x);
    x -= c;
    products += x * c;
    squares += x * x;
    eight_floats rounded = __builtin_convertvector(x, eight_floats);
    for (int j = 0; j < 8; j++) out[(k + j) * stride] = rounded[j];
  }
  *product = total(products);
  *square = total(squares);
  for (; k < width; k++) {
    double x = one(v, k, is_sum) - centre[k];
    *product += x * centre[k];
    *square += x * x;
    out[k * stride] = (float)x;
  }
}

CLONES void cpanels_pack_apart(
    const cpanels_vector *vectors, int64_t count, int64_t width, int64_t stride,
    const double *centre, float *out, double *products, double *squares) {
  for (int64_t i = 0; i < stride; i++) {
    if (i >= count) {
      for (int64_t k = 0; k < width; k++) out[k * stride + i] = 0;
      products[i] = squares[i] = 0;
    } else if (vectors[i].row) {
      pack_apart(&vectors[i], 0, width, stride, centre, out + i, &products[i], &squares[i]);
    } else {
      pack_apart(&vectors[i], 1, width, stride, centre, out + i, &products[i], &squares[i]);
    }
  }
}
