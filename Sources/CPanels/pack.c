// Vectors rounded to single precision and laid side by side, as kernels read them.
#include "vectors.h"

enum { GROUP = 8, CHUNK = 128 };

// Rounds a stretch of a vector.
INLINE void round_stretch(
    const cpanels_vector *v, int is_sum, int64_t first, int64_t count, float *out) {
  int64_t k = 0;
  for (; k + 8 <= count; k += 8) {
    eight values;
    load(v, first + k, is_sum, &values);
    *(eight_floats *)(out + k) = __builtin_convertvector(values, eight_floats);
  }
  for (; k < count; k++) out[k] = (float)one(v, first + k, is_sum);
}

// The same of a row off which nothing is taken, rounded twice.
INLINE void scale_stretch(const cpanels_vector *v, int64_t first, int64_t count, float *out) {
  float factor = (float)v->factor;
  for (int64_t k = 0; k < count; k++) out[k] = v->row[first + k] * factor;
}

// The point that vectors are seen from, and what is summed over them meanwhile, eight partial sums each.
typedef struct {
  const double *point;
  eight products[GROUP], squares[GROUP];
} apart;

// Rounds a stretch of a vector seen from a point; of the last elements, the missing ones are zero.
INLINE void take_stretch(
    const cpanels_vector *v, int is_sum, int64_t first, int64_t count, apart *from, int64_t i,
    float *out) {
  for (int64_t k = 0; k < count; k += 8) {
    eight x = {0}, p = {0};
    if (k + 8 <= count) {
      load(v, first + k, is_sum, &x);
      p = *(const eight *)(from->point + first + k);
    } else {
      for (int64_t j = 0; j < count - k; j++) {
        x[j] = one(v, first + k + j, is_sum);
        p[j] = from->point[first + k + j];
      }
    }
    x -= p;
    from->products[i] += x * p;
    from->squares[i] += x * x;
    *(eight_floats *)(out + k) = __builtin_convertvector(x, eight_floats);
  }
}

// Eight rows of eight elements become eight columns.
INLINE void turn(const float rows[GROUP][CHUNK], int64_t k, eight_floats columns[GROUP]) {
  eight_floats a[8], b[8];
  for (int i = 0; i < 8; i += 2) {
    eight_floats x = *(const eight_floats *)&rows[i][k], y = *(const eight_floats *)&rows[i + 1][k];
    a[i] = __builtin_shufflevector(x, y, 0, 8, 1, 9, 4, 12, 5, 13);
    a[i + 1] = __builtin_shufflevector(x, y, 2, 10, 3, 11, 6, 14, 7, 15);
  }
  for (int i = 0; i < 8; i += 4) {
    b[i] = __builtin_shufflevector(a[i], a[i + 2], 0, 1, 8, 9, 4, 5, 12, 13);
    b[i + 1] = __builtin_shufflevector(a[i], a[i + 2], 2, 3, 10, 11, 6, 7, 14, 15);
    b[i + 2] = __builtin_shufflevector(a[i + 1], a[i + 3], 0, 1, 8, 9, 4, 5, 12, 13);
    b[i + 3] = __builtin_shufflevector(a[i + 1], a[i + 3], 2, 3, 10, 11, 6, 7, 14, 15);
  }
  for (int i = 0; i < 4; i++) {
    columns[i] = __builtin_shufflevector(b[i], b[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
    columns[i + 4] = __builtin_shufflevector(b[i], b[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
  }
}

// Writes a stretch of at most eight vectors as neighbours; those that are missing become zeros.
INLINE void pack_group(
    const cpanels_vector *vectors, int64_t count, size_t places, int64_t first, int64_t length,
    int64_t stride, int is_centred, apart *from, float *out) {
  float rows[GROUP][CHUNK];
  for (int64_t i = 0; i < GROUP; i++) {
    if (i >= count) memset(rows[i], 0, sizeof rows[i]);
    else if (from && vectors[i].row) take_stretch(&vectors[i], 0, first, length, from, i, rows[i]);
    else if (from) take_stretch(&vectors[i], 1, first, length, from, i, rows[i]);
    else if (vectors[i].row && !is_centred && vectors[i].factor > 1e-30 && vectors[i].factor < 1e30)
      scale_stretch(&vectors[i], first, length, rows[i]);
    else if (vectors[i].row) round_stretch(&vectors[i], 0, first, length, rows[i]);
    else round_stretch(&vectors[i], 1, first, length, rows[i]);
  }
  for (int64_t k = 0; k < length; k += 8) {
    eight_floats columns[8];
    turn(rows, k, columns);
    for (int64_t j = 0; j < 8 && k + j < length; j++)
      memcpy(out + (k + j) * stride, &columns[j], places * sizeof(float));
  }
}

CLONES void cpanels_pack(
    const cpanels_vector *vectors, int64_t count, int64_t width, int64_t stride, int is_centred,
    float *out) {
  for (int64_t first = 0; first < width; first += CHUNK) {
    int64_t length = width - first < CHUNK ? width - first : CHUNK;
    for (int64_t place = 0; place < stride; place += GROUP) {
      float *to = out + first * stride + place;
      if (stride - place >= GROUP)
        pack_group(
            vectors + place, count - place, GROUP, first, length, stride, is_centred, NULL, to);
      else
        pack_group(
            vectors + place, count - place, (size_t)(stride - place), first, length, stride,
            is_centred, NULL, to);
    }
  }
}

CLONES void cpanels_pack_apart(
    const cpanels_vector *vectors, int64_t count, int64_t width, int64_t stride,
    const double *point, float *out, double *products, double *squares) {
  for (int64_t place = 0; place < stride; place += GROUP) {
    const int64_t places = stride - place < GROUP ? stride - place : GROUP;
    apart from = {point, {{0}}, {{0}}};
    for (int64_t first = 0; first < width; first += CHUNK) {
      const int64_t length = width - first < CHUNK ? width - first : CHUNK;
      float *to = out + first * stride + place;
      if (places == GROUP)
        pack_group(vectors + place, count - place, GROUP, first, length, stride, 1, &from, to);
      else
        pack_group(
            vectors + place, count - place, (size_t)places, first, length, stride, 1, &from, to);
    }
    for (int64_t i = 0; i < places; i++) {
      products[place + i] = total(&from.products[i]);
      squares[place + i] = total(&from.squares[i]);
    }
  }
}

CLONES void cpanels_doubles(cpanels_vector vector, int64_t width, double *out) {
  for (int64_t k = 0; k < width; k++) out[k] = one(&vector, k, !vector.row);
}
