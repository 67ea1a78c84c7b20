/* The weight gradient of a first layer, whose input lies in planes (N·C·T·H·W), with AVX2.
 *
 * oneDNN's code for AVX2 has no gradient for three channels: it copies every patch element by element for
 * a GEMM. Here the planes of a clip are laid out once with zeros around them. Then, for each strip of an
 * output's rows, as many as the first cache holds of sixteen channels, and each row of taps, FOUR taps by
 * those channels are summed over the strip in registers, and strips by clip, frame and row. The shape alone
 * decides on the order, so equal inputs give equal bits. */
#include "planes_gradient.h"

#include "onednn.h"

#if defined(__x86_64__)
#include <string.h>

#define CK_TARGET "avx2,fma"
#define LANES 8
#include "lanes.h"

enum { FOUR = 4, BLOCK = 2 * LANES, STRIP_FLOATS = 4096 };

typedef struct {
  int32_t t, h, w;           /* the output */
  int32_t padded_h, padded_w; /* a plane of input with its zeros */
  int32_t strip;              /* the rows of a strip */
} extents;

static extents extents_of(const ck_convolution_shape *shape) {
  const int32_t input[3] = {shape->t, shape->h, shape->w};
  int32_t output[3];
  for (int i = 0; i < 3; i++)
    output[i] = (input[i] + 2 * shape->padding[i] - shape->kernel[i]) / shape->stride[i] + 1;
  const int32_t strip = STRIP_FLOATS / (output[2] * BLOCK);
  return (extents){output[0], output[1], output[2], shape->h + 2 * shape->padding[1],
                   shape->w + 2 * shape->padding[2], strip > 0 ? strip : 1};
}

static size_t padded_floats(const ck_convolution_shape *shape, const extents *it) {
  return (size_t)shape->c * shape->t * it->padded_h * it->padded_w;
}

static size_t weight_count(const ck_convolution_shape *shape) {
  return (size_t)shape->o * shape->c * shape->kernel[0] * shape->kernel[1] * shape->kernel[2];
}

int ck_planes_gradient_suits(const ck_convolution_shape *shape) {
  return shape->is_first && shape->type == CK_F32 && shape->o % BLOCK == 0 &&
         ck_has_isa(dnnl_cpu_isa_avx2);
}

size_t ck_planes_gradient_bytes(const ck_convolution_shape *shape) {
  const extents it = extents_of(shape);
  const size_t strip = (size_t)it.strip * it.w * BLOCK;
  return (weight_count(shape) + strip + padded_floats(shape, &it)) * sizeof(float);
}

/* Lays the planes of a clip out with zeros around them. */
static void pad(const ck_convolution_shape *shape, const extents *it, const float *clip, float *out) {
  memset(out, 0, padded_floats(shape, it) * sizeof(float));
  for (int64_t plane = 0; plane < (int64_t)shape->c * shape->t; plane++) {
    for (int32_t y = 0; y < shape->h; y++) {
      const int64_t row = (plane * it->padded_h + y + shape->padding[1]) * it->padded_w;
      memcpy(out + row + shape->padding[2], clip + (plane * shape->h + y) * shape->w,
             (size_t)shape->w * sizeof(float));
    }
  }
}

typedef struct {
  const ck_convolution_shape *shape;
  const extents *extents;
  const float *padded; /* a clip */
  float *strip;        /* sixteen channels of some rows of a gradient */
  int32_t rows;        /* how many */
  float *sums;         /* by tap, then by output channel */
} work;

/* Adds to the sums of `taps` neighbouring taps those over a strip. */
CK_TEMPLATE void add_taps(int taps, const work *it, const float *plane, float *sums) {
  lanes total[FOUR][2];
  CK_UNROLL for (int tap = 0; tap < taps; tap++) total[tap][0] = total[tap][1] = all(0);
  const float *gradient = it->strip;
  for (int32_t y = 0; y < it->rows; y++) {
    const float *x = plane + (int64_t)y * it->shape->stride[1] * it->extents->padded_w;
    for (int32_t column = 0; column < it->extents->w; column++) {
      const lanes first = load(gradient), second = load(gradient + LANES);
      CK_UNROLL for (int tap = 0; tap < taps; tap++) {
        total[tap][0] = plus(total[tap][0], x[tap], first);
        total[tap][1] = plus(total[tap][1], x[tap], second);
      }
      x += it->shape->stride[2];
      gradient += BLOCK;
    }
  }
  CK_UNROLL for (int tap = 0; tap < taps; tap++) {
    float *to = sums + (int64_t)tap * it->shape->o;
    store(to, load(to) + total[tap][0]);
    store(to + LANES, load(to + LANES) + total[tap][1]);
  }
}

/* The same for a whole row of taps. */
static CK_CODE void add_row(const work *it, const float *plane, float *sums) {
  int32_t tap = 0;
  for (; tap + FOUR <= it->shape->kernel[2]; tap += FOUR)
    add_taps(FOUR, it, plane + tap, sums + (int64_t)tap * it->shape->o);
  sums += (int64_t)tap * it->shape->o;
  switch (it->shape->kernel[2] - tap) {
  case 3: add_taps(3, it, plane + tap, sums); break;
  case 2: add_taps(2, it, plane + tap, sums); break;
  case 1: add_taps(1, it, plane + tap, sums); break;
  }
}

/* Adds a strip from a row of a frame of output on, wherever its taps meet the clip. */
static void add_strip(const work *it, int32_t frame, int32_t first, int32_t channel) {
  const ck_convolution_shape *shape = it->shape;
  const int64_t width = it->extents->padded_w, row = (int64_t)shape->kernel[2] * shape->o;
  for (int32_t c = 0; c < shape->c; c++) {
    for (int32_t tap = 0; tap < shape->kernel[0]; tap++) {
      const int32_t t = frame * shape->stride[0] + tap - shape->padding[0];
      if (t < 0 || t >= shape->t) continue;
      const float *plane = it->padded + ((int64_t)c * shape->t + t) * it->extents->padded_h * width;
      float *sums = it->sums + ((int64_t)c * shape->kernel[0] + tap) * shape->kernel[1] * row;
      for (int32_t y = 0; y < shape->kernel[1]; y++)
        add_row(it, plane + (first * shape->stride[1] + y) * width, sums + y * row + channel);
    }
  }
}

/* Adds one frame of output, whose gradient is H·W·O. */
static void add_frame(work *it, int32_t frame, const float *gradient) {
  const extents *all = it->extents;
  for (int32_t channel = 0; channel < it->shape->o; channel += BLOCK) {
    for (int32_t first = 0; first < all->h; first += all->strip) {
      it->rows = all->h - first < all->strip ? all->h - first : all->strip;
      const float *from = gradient + (int64_t)first * all->w * it->shape->o + channel;
      for (int64_t place = 0; place < (int64_t)it->rows * all->w; place++)
        memcpy(it->strip + place * BLOCK, from + place * it->shape->o, BLOCK * sizeof(float));
      add_strip(it, frame, first, channel);
    }
  }
}

void ck_planes_gradient_run(const ck_convolution_shape *shape, const float *source,
                            const float *gradient, float *weights, float *scratch) {
  const extents it = extents_of(shape);
  const int64_t count = (int64_t)weight_count(shape), taps = count / shape->o;
  const int64_t clip = (int64_t)shape->c * shape->t * shape->h * shape->w;
  const int64_t plane = (int64_t)it.h * it.w * shape->o;
  float *sums = scratch, *strip = sums + count, *padded = strip + it.strip * it.w * BLOCK;
  work work = {shape, &it, padded, strip, 0, sums};
  memset(sums, 0, (size_t)count * sizeof(float));
  for (int32_t n = 0; n < shape->n; n++) {
    pad(shape, &it, source + n * clip, padded);
    for (int32_t frame = 0; frame < it.t; frame++)
      add_frame(&work, frame, gradient + ((int64_t)n * it.t + frame) * plane);
  }
  for (int64_t tap = 0; tap < taps; tap++)
    for (int32_t o = 0; o < shape->o; o++) weights[o * taps + tap] = sums[tap * shape->o + o];
}
#else
int ck_planes_gradient_suits(const ck_convolution_shape *shape) {
  (void)shape;
  return 0;
}
size_t ck_planes_gradient_bytes(const ck_convolution_shape *shape) {
  (void)shape;
  return 0;
}
void ck_planes_gradient_run(const ck_convolution_shape *shape, const float *source,
                            const float *gradient, float *weights, float *scratch) {
  (void)shape, (void)source, (void)gradient, (void)weights, (void)scratch;
}
#endif
