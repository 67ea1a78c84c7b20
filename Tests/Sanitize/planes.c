/* A first layer's weight gradient against nested loops in double precision, for Tests/sanitize.sh: operands
 * and scratch memory are allocated to the byte. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "planes_gradient.h"

static const ck_convolution_shape shapes[] = {
    {.n = 2, .c = 3, .t = 4, .h = 13, .w = 17, .o = 16, .kernel = {3, 7, 7}, .stride = {1, 2, 2}, .padding = {1, 3, 3}},
    {.n = 1, .c = 3, .t = 1, .h = 3, .w = 2, .o = 32, .kernel = {7, 7, 7}, .stride = {1, 2, 2}, .padding = {3, 3, 3}},
    {.n = 3, .c = 1, .t = 5, .h = 9, .w = 40, .o = 48, .kernel = {2, 3, 5}, .stride = {2, 1, 3}, .padding = {0, 1, 0}},
    {.n = 1, .c = 3, .t = 2, .h = 5, .w = 301, .o = 16, .kernel = {1, 1, 2}, .stride = {1, 1, 1}, .padding = {0, 0, 1}},
};

static float value(size_t at) { return (float)(at * 2654435761u % 1009) / 504 - 1; }

static float *made(size_t count, size_t from) {
  float *it = malloc(count * sizeof *it);
  for (size_t at = 0; at < count; at++) it[at] = value(at + from);
  return it;
}

static int out(const ck_convolution_shape *s, int axis, int input) {
  return (input + 2 * s->padding[axis] - s->kernel[axis]) / s->stride[axis] + 1;
}

/* The gradient of one weight by the definition. */
static double expected(const ck_convolution_shape *s, const float *x, const float *dy, size_t weight) {
  const int kw = weight % s->kernel[2], kh = weight / s->kernel[2] % s->kernel[1];
  const int kt = weight / s->kernel[2] / s->kernel[1] % s->kernel[0];
  const int taps = s->kernel[0] * s->kernel[1] * s->kernel[2], c = weight / taps % s->c;
  const int o = weight / taps / s->c, ot = out(s, 0, s->t), oh = out(s, 1, s->h), ow = out(s, 2, s->w);
  double sum = 0;
  for (int row = 0; row < s->n * ot * oh * ow; row++) {
    const int n = row / ow / oh / ot, t = row / ow / oh % ot * s->stride[0] + kt - s->padding[0];
    const int h = row / ow % oh * s->stride[1] + kh - s->padding[1];
    const int w = row % ow * s->stride[2] + kw - s->padding[2];
    if (t < 0 || t >= s->t || h < 0 || h >= s->h || w < 0 || w >= s->w) continue;
    sum += (double)x[(((n * s->c + c) * s->t + t) * s->h + h) * s->w + w] * dy[row * s->o + o];
  }
  return sum;
}

int main(void) {
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    ck_convolution_shape s = shapes[i];
    s.is_first = 1;
    if (!ck_planes_gradient_suits(&s)) return puts("planes: skipped, no AVX2"), 0;
    const size_t sources = (size_t)s.n * s.c * s.t * s.h * s.w;
    const size_t gradients = (size_t)s.n * out(&s, 0, s.t) * out(&s, 1, s.h) * out(&s, 2, s.w) * s.o;
    const size_t count = (size_t)s.o * s.c * s.kernel[0] * s.kernel[1] * s.kernel[2];
    float *x = made(sources, 0), *dy = made(gradients, 7), *dw = malloc(count * sizeof *dw);
    float *scratch = malloc(ck_planes_gradient_bytes(&s));
    ck_planes_gradient_run(&s, x, dy, dw, scratch);
    for (size_t weight = 0; weight < count; weight++)
      if (fabs(dw[weight] - expected(&s, x, dy, weight)) > 1e-3) return printf("planes: %zu\n", i), 1;
    free(x), free(dy), free(dw), free(scratch);
  }
  puts("planes: clean");
  return 0;
}
