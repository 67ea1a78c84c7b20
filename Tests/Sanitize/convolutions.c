/* Every form of Winograd's method against nested loops in double precision, in all directions, on
 * every instruction set of this CPU, for Tests/sanitize.sh: operands and scratch memory are
 * allocated to the byte, so that a sanitizer sees each access beside them. Prints the largest error
 * of each form, relative to the norm of the result, and ends with 1 where one is too large. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "CKernels.h"

typedef struct {
  int n, c, o, t, h, w, stride;
} extents;

static int outputs(int inputs, int stride) { return (inputs - 1) / stride + 1; }

static const extents cases[] = {
    {1, 16, 16, 1, 1, 1, 1},  {2, 16, 32, 2, 1, 5, 1},   {1, 32, 16, 3, 2, 2, 1},
    {2, 48, 80, 1, 7, 3, 1},  {3, 32, 48, 2, 9, 6, 1},   {1, 64, 64, 5, 4, 4, 1},
    {5, 32, 80, 3, 14, 13, 1}, {2, 16, 16, 7, 21, 30, 1}, {2, 96, 32, 1, 8, 8, 1},
    {2, 512, 272, 2, 2, 3, 1}, {2, 512, 480, 2, 4, 3, 1}, {2, 512, 64, 1, 4, 4, 1},
    {1, 16, 16, 1, 1, 1, 2},  {2, 16, 32, 2, 1, 5, 2},  {1, 32, 16, 3, 2, 2, 2},   {2, 48, 80, 1, 7, 3, 2},
    {3, 32, 48, 2, 9, 6, 2},  {1, 64, 64, 5, 4, 4, 2},   {5, 32, 80, 4, 14, 13, 2},
    {2, 16, 16, 19, 21, 14, 2}, {2, 96, 32, 7, 16, 8, 2}, {1, 256, 272, 2, 4, 3, 2}};

static uint32_t state = 1;
/* Sums of four uniform numbers, nearly normal. */
static float next(void) {
  float sum = 0;
  for (int i = 0; i < 4; i++) {
    state = state * 1664525u + 1013904223u;
    sum += (float)(state >> 8) / (1 << 24) - 0.5f;
  }
  return sum;
}

/* Exactly as many bytes as asked for, on a cache line. */
static void *room(size_t bytes) {
  void *it = NULL;
  if (posix_memalign(&it, 64, bytes ? bytes : 1)) abort();
  memset(it, 0xff, bytes);
  return it;
}

static void *stored(const float *values, size_t count, ck_type type) {
  void *it = room(count * (type == CK_F32 ? 4 : 2));
  if (type == CK_BF16) {
    ck_to_bf16(values, (int64_t)count, it);
  } else {
    memcpy(it, values, count * 4);
  }
  return it;
}

static float element(const void *x, size_t at, ck_type type) {
  if (type == CK_F32) return ((const float *)x)[at];
  const uint32_t bits = (uint32_t)((const uint16_t *)x)[at] << 16;
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/* Elements of output, input and weights. */
static void count(const extents *e, size_t counts[3]) {
  const int s = e->stride;
  counts[0] = (size_t)e->n * outputs(e->t, s) * outputs(e->h, s) * outputs(e->w, s) * e->o;
  counts[1] = (size_t)e->n * e->t * e->h * e->w * e->c;
  counts[2] = (size_t)e->o * e->c * 27;
}

/* What one run of a form gives, and the error of its three results. */
typedef struct {
  void *results[3];
  double errors[3];
} outcome;

static double deviation(const double *expected, const void *got, size_t count, ck_type type) {
  double norm = 0, error = 0;
  for (size_t i = 0; i < count; i++) {
    const double difference = element(got, i, type) - expected[i];
    norm += expected[i] * expected[i];
    error += difference * difference;
  }
  return isfinite(error) ? sqrt(error / norm) : INFINITY;
}

/* What must change no bit: the instruction set, and the tiles of a block. */
typedef struct {
  int is_narrow, block_tiles;
} way;

static outcome run(const extents *e, ck_type type, ck_method method, way way) {
  const int s = e->stride, ot = outputs(e->t, s), oh = outputs(e->h, s), ow = outputs(e->w, s);
  const size_t rows = (size_t)e->n * ot * oh * ow;
  size_t counts[3];
  count(e, counts);
  const ck_convolution_shape shape = {.n = e->n, .c = e->c, .t = e->t, .h = e->h, .w = e->w,
                                      .o = e->o, .kernel = {3, 3, 3}, .stride = {s, s, s},
                                      .padding = {1, 1, 1}, .type = type,
                                      .methods = {method, method, method}, .is_everywhere = 1,
                                      .is_narrow = way.is_narrow, .block_tiles = way.block_tiles,
                                      .is_training = 1};
  ck_message why;
  ck_convolution *it = ck_convolution_create(&shape, &why);
  if (!it) fprintf(stderr, "%s\n", why.text), exit(1);
  float *plain[3];
  state = 1;
  for (int i = 0; i < 3; i++) {
    plain[i] = malloc(counts[i] * 4);
    for (size_t at = 0; at < counts[i]; at++) plain[i][at] = next();
  }
  void *x = stored(plain[1], counts[1], type), *dy = stored(plain[0], counts[0], type);
  float *weights = room(counts[2] * 4);
  memcpy(weights, plain[2], counts[2] * 4);
  outcome all;
  double *expected[3];
  for (int i = 0; i < 3; i++) {
    all.results[i] = room(counts[i] * (i == 2 || type == CK_F32 ? 4 : 2));
    expected[i] = calloc(counts[i], sizeof **expected);
  }
  for (int direction = 0; direction < 2; direction++) {
    const size_t bytes = ck_convolution_packed_bytes(it, direction);
    void *packed = room(bytes), *scratch = room(ck_convolution_scratch_bytes(it));
    if (strncmp(ck_convolution_implementation(it, direction), "winograd", 8)) abort();
    ck_convolution_pack(it, direction, weights, packed);
    (direction ? ck_convolution_backward_data : ck_convolution_forward)(
        it, direction ? dy : x, bytes ? packed : weights, all.results[direction], scratch);
    free(packed), free(scratch);
  }
  void *scratch = room(ck_convolution_scratch_bytes(it));
  ck_convolution_backward_weights(it, x, dy, all.results[2], scratch);
  free(scratch);
  for (size_t row = 0; row < rows; row++) {
    const int w = row % ow, h = row / ow % oh, t = row / ow / oh % ot, n = row / ow / oh / ot;
    for (int tap = 0; tap < 27; tap++) {
      const int ti = t * s + tap / 9 - 1, hi = h * s + tap / 3 % 3 - 1, wi = w * s + tap % 3 - 1;
      if (ti < 0 || ti >= e->t || hi < 0 || hi >= e->h || wi < 0 || wi >= e->w) continue;
      const size_t from = (((size_t)n * e->t + ti) * e->h + hi) * e->w + wi;
      for (int o = 0; o < e->o; o++) {
        const double gradient = element(dy, row * e->o + o, type);
        double sum = 0;
        for (int c = 0; c < e->c; c++) {
          const size_t weight = ((size_t)o * e->c + c) * 27 + tap;
          const double value = element(x, from * e->c + c, type);
          sum += value * weights[weight];
          expected[1][from * e->c + c] += gradient * weights[weight];
          expected[2][weight] += gradient * value;
        }
        expected[0][row * e->o + o] += sum;
      }
    }
  }
  for (int i = 0; i < 3; i++) {
    all.errors[i] = deviation(expected[i], all.results[i], counts[i], i == 2 ? CK_F32 : type);
    free(expected[i]), free(plain[i]);
  }
  free(x), free(dy), free(weights);
  ck_convolution_destroy(it);
  return all;
}

int main(void) {
  /* The bounds that Tests/ModelTests/KernelsWinogradTests.swift holds. */
  static const struct {
    const char *name;
    ck_type type;
    ck_method method;
    double bounds[3];
  } forms[] = {{"fp32 F(2x2)", CK_F32, CK_F2, {4e-6, 4e-6, 4e-6}},
               {"fp32 F(4x2)", CK_F32, CK_F4X2, {1e-5, 1e-5, 1e-5}},
               {"fp32 F(4x4)", CK_F32, CK_F4, {1e-5, 1e-5, 1e-5}},
               {"bf16 F(2x2)", CK_BF16, CK_F2, {1e-2, 1e-2, 1e-2}},
               {"bf16 F(4x2)", CK_BF16, CK_F4X2, {1.5e-2, 1.5e-2, 1.5e-2}},
               {"bf16 F(4x4) in fp32", CK_BF16, CK_F4, {2.5e-3, 2.5e-3, 1e-5}}};
  int is_bad = 0;
  for (size_t f = 0; f < sizeof forms / sizeof *forms; f++) {
    if (forms[f].type == CK_BF16 && !ck_has_bf16()) continue;
    double worst[3] = {0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
      /* F(4x4) in fp32 is no faster than a direct method in bf16 where the stride is 2. */
      if (cases[i].stride == 2 && forms[f].type == CK_BF16 && forms[f].method == CK_F4) continue;
      outcome all = run(&cases[i], forms[f].type, forms[f].method, (way){0});
      for (int k = 0; k < 3; k++) {
        if (!(all.errors[k] <= worst[k])) worst[k] = all.errors[k];
      }
      size_t counts[3];
      count(&cases[i], counts);
      static const way ways[] = {{0, 1}, {0, 50}, {1, 0}};
      for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
        if (ways[w].is_narrow && forms[f].type != CK_F32) continue;
        outcome other = run(&cases[i], forms[f].type, forms[f].method, ways[w]);
        for (int k = 0; k < 3; k++) {
          const size_t width = k == 2 || forms[f].type == CK_F32 ? 4 : 2;
          if (memcmp(all.results[k], other.results[k], counts[k] * width)) {
            is_bad = 1;
            printf("%s: direction %d of case %zu has other bits %s\n", forms[f].name, k, i,
                   ways[w].is_narrow ? "in AVX2" : "in other blocks");
          }
          free(other.results[k]);
        }
      }
      for (int k = 0; k < 3; k++) free(all.results[k]);
    }
    printf("%-20s forward %.2g, backward data %.2g, weights %.2g\n", forms[f].name, worst[0],
           worst[1], worst[2]);
    for (int k = 0; k < 3; k++) is_bad |= !(worst[k] <= forms[f].bounds[k]);
  }
  return is_bad;
}
