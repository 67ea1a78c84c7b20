/* Weights O·I·T·3·3 to Winograd's points, and sums at the points back to weights, as templates.
 *
 * LANES lanes are as many output channels of the result's layout; their 27 taps are gathered and
 * scattered by transposing squares of words in registers, the last of which overlaps. */
#pragma once
#include "winograd_points.h"

enum { TAPS = 27 };

/* Rows become columns: a perfect shuffle for every bit of the index. */
CK_TEMPLATE void transpose(lanes *r) {
  CK_UNROLL for (int bit = 1; bit < LANES; bit *= 2) {
    lanes s[LANES];
    CK_UNROLL for (int i = 0; i < LANES / 2; i++) {
      const lanes a = r[i], b = r[i + LANES / 2];
#if LANES == 16
      s[2 * i] = __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7,
                                         23);
      s[2 * i + 1] = __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29,
                                             14, 30, 15, 31);
#else
      s[2 * i] = __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
      s[2 * i + 1] = __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
#endif
    }
    CK_UNROLL for (int i = 0; i < LANES; i++) r[i] = s[i];
  }
}

/* Taps of LANES lanes that are `stride` floats apart. */
CK_TEMPLATE void gather(const float *weights, int64_t stride, float taps[TAPS][LANES]) {
  for (int first = 0; first < TAPS; first += LANES) {
    const int tap = ck_smaller(first, TAPS - LANES);
    lanes square[LANES];
    CK_UNROLL for (int lane = 0; lane < LANES; lane++) {
      square[lane] = load(weights + lane * stride + tap);
    }
    transpose(square);
    CK_UNROLL for (int i = 0; i < LANES; i++) store(taps[tap + i], square[i]);
  }
}

CK_TEMPLATE void scatter(float taps[TAPS][LANES], int64_t stride, float *weights) {
  for (int first = 0; first < TAPS; first += LANES) {
    const int tap = ck_smaller(first, TAPS - LANES);
    lanes square[LANES];
    CK_UNROLL for (int i = 0; i < LANES; i++) square[i] = load(taps[tap + i]);
    transpose(square);
    CK_UNROLL for (int lane = 0; lane < LANES; lane++) {
      store(weights + lane * stride + tap, square[lane]);
    }
  }
}

/* The points of one temporal tap; spatial taps are at taps[first + step·(3·h + w)]. */
CK_TEMPLATE void points_of_tap(int rows, int columns, int stride, float taps[TAPS][LANES],
                               int first, int step, lanes *u) {
  const int down_points = ck_side_points(rows, stride), across = ck_side_points(columns, stride);
  lanes down[CK_MOST_POINTS][3];
  CK_UNROLL for (int w = 0; w < 3; w++) {
    lanes g[3], t[CK_MOST_POINTS];
    CK_UNROLL for (int h = 0; h < 3; h++) g[h] = load(taps[first + step * (3 * h + w)]);
    weight_points(rows, stride, g, t);
    CK_UNROLL for (int i = 0; i < down_points; i++) down[i][w] = t[i];
  }
  CK_UNROLL for (int i = 0; i < down_points; i++) {
    weight_points(columns, stride, down[i], u + i * across);
  }
}

CK_TEMPLATE void pack(ck_type computed, int rows, int columns, int stride, int is_backward,
                      const float *weights, const ck_weights *shape, int32_t begin, int32_t end,
                      float *packed) {
  /* As the direction sees them; floats between two inputs and two outputs. */
  const int32_t inputs = is_backward ? shape->o : shape->i;
  const int32_t outputs = is_backward ? shape->i : shape->o;
  const int64_t input_step = is_backward ? (int64_t)shape->i * TAPS : TAPS;
  const int64_t output_step = is_backward ? TAPS : (int64_t)shape->i * TAPS;
  const int points = ck_side_points(rows, stride) * ck_side_points(columns, stride);
  const int step = is_backward ? -1 : 1;
  const int64_t apart = ck_weight_stride(computed, inputs, shape->taps);
  const int32_t group = computed == CK_F32 ? 1 : 2; /* inputs that share a word */
  const int32_t words = computed == CK_F32 ? inputs : ck_quotient_up(inputs, 32) * 16;
  for (int32_t output = begin * 32; output < end * 32; output += 32) {
    const int32_t width = ck_smaller(32, outputs - output);
    float *block = packed + (int64_t)(output / 32 - begin) * points * apart;
    for (int32_t word = 0; word < words; word++) {
      for (int32_t lane = 0; lane < width; lane += LANES) {
        float taps[2][TAPS][LANES];
        const float *from = weights + (output + lane) * output_step;
        for (int32_t i = 0; i < group; i++) {
          if (word * group + i < inputs) {
            gather(from + (int64_t)(word * group + i) * input_step, output_step, taps[i]);
          } else {
            memset(taps[i], 0, sizeof taps[i]);
          }
        }
        for (int k = 0; k < shape->taps; k++) {
          lanes u[CK_MOST_POINTS * CK_MOST_POINTS], second[CK_MOST_POINTS * CK_MOST_POINTS];
          const int tap = shape->taps == 1 ? 9 : 9 * k;
          const int first = is_backward ? TAPS - 1 - tap : tap;
          float *to = block + ((int64_t)k * words + word) * width + lane;
          points_of_tap(rows, columns, stride, taps[0], first, step, u);
          if (group == 2) points_of_tap(rows, columns, stride, taps[1], first, step, second);
          CK_UNROLL for (int p = 0; p < points; p++) {
            store(to + p * apart, group == 1 ? u[p] : paired(u[p], second[p]));
          }
        }
      }
    }
  }
}

CK_TEMPLATE void unpack(int rows, int columns, int stride, const float *sums, int32_t first,
                        const ck_weights *shape, float *weights) {
  const int down_points = ck_side_points(rows, stride), across = ck_side_points(columns, stride);
  const int64_t apart = (int64_t)shape->taps * shape->i * 32 + 48;
  const int32_t width = ck_smaller(32, shape->o - first);
  for (int32_t lane = 0; lane < width; lane += LANES) {
    for (int32_t input = 0; input < shape->i; input++) {
      float taps[TAPS][LANES];
      if (shape->taps == 1) memset(taps, 0, sizeof taps);
      for (int k = 0; k < shape->taps; k++) {
        const float *from = sums + ((int64_t)k * shape->i + input) * 32 + lane;
        const int tap = shape->taps == 1 ? 9 : 9 * k;
        lanes down[3][CK_MOST_POINTS];
        CK_UNROLL for (int w = 0; w < across; w++) {
          lanes u[CK_MOST_POINTS], g[3];
          CK_UNROLL for (int h = 0; h < down_points; h++) {
            u[h] = load(from + (h * across + w) * apart);
          }
          tap_points(rows, stride, u, g);
          CK_UNROLL for (int h = 0; h < 3; h++) down[h][w] = g[h];
        }
        CK_UNROLL for (int h = 0; h < 3; h++) {
          lanes g[3];
          tap_points(columns, stride, down[h], g);
          CK_UNROLL for (int w = 0; w < 3; w++) store(taps[tap + 3 * h + w], g[w]);
        }
      }
      scatter(taps, (int64_t)shape->i * TAPS,
              weights + ((int64_t)(first + lane) * shape->i + input) * TAPS);
    }
  }
}
