/* Weights O·I·3·3·3 to Winograd's points, and sums at the points back to weights.
 *
 * Sixteen lanes are sixteen output channels of the result's layout; their 27 taps are gathered and
 * scattered by transposing 16 x 16 words in registers. */
#include "winograd.h"

#if defined(__x86_64__)
#include "winograd_points.h"

#include <string.h>

int64_t ck_winograd_weight_stride(ck_type type, int32_t inputs) {
  const int64_t words = type == CK_F32 ? inputs : ck_quotient_up(inputs, 32) * 16;
  return words * 3 * 32 + 48;
}

int64_t ck_winograd_weight_words(ck_type type, int32_t inputs, int32_t outputs) {
  return ck_winograd_weight_stride(type, inputs) * ck_winograd_points(type) *
         ck_quotient_up(outputs, 32);
}

/* Rows become columns. */
CK_AVX512_INLINE void transpose(__m512 *r) {
  __m512 s[16];
  CK_UNROLL for (int i = 0; i < 16; i += 4) {
    const __m512 a = _mm512_unpacklo_ps(r[i], r[i + 1]), b = _mm512_unpackhi_ps(r[i], r[i + 1]);
    const __m512 c = _mm512_unpacklo_ps(r[i + 2], r[i + 3]);
    const __m512 d = _mm512_unpackhi_ps(r[i + 2], r[i + 3]);
    s[i] = _mm512_shuffle_ps(a, c, 0x44);
    s[i + 1] = _mm512_shuffle_ps(a, c, 0xee);
    s[i + 2] = _mm512_shuffle_ps(b, d, 0x44);
    s[i + 3] = _mm512_shuffle_ps(b, d, 0xee);
  }
  CK_UNROLL for (int i = 0; i < 4; i++) {
    const __m512 a = _mm512_shuffle_f32x4(s[i], s[i + 4], 0x88);
    const __m512 b = _mm512_shuffle_f32x4(s[i], s[i + 4], 0xdd);
    const __m512 c = _mm512_shuffle_f32x4(s[i + 8], s[i + 12], 0x88);
    const __m512 d = _mm512_shuffle_f32x4(s[i + 8], s[i + 12], 0xdd);
    r[i] = _mm512_shuffle_f32x4(a, c, 0x88);
    r[i + 8] = _mm512_shuffle_f32x4(a, c, 0xdd);
    r[i + 4] = _mm512_shuffle_f32x4(b, d, 0x88);
    r[i + 12] = _mm512_shuffle_f32x4(b, d, 0xdd);
  }
}

enum { TAPS = 27, REST = TAPS - 16 };
#define CK_REST_MASK ((__mmask16)((1 << REST) - 1))

/* Taps of sixteen lanes that are `stride` floats apart. */
CK_AVX512_INLINE void gather(const float *weights, int64_t stride, float taps[TAPS][16]) {
  __m512 first[16], rest[16];
  CK_UNROLL for (int lane = 0; lane < 16; lane++) {
    first[lane] = _mm512_loadu_ps(weights + lane * stride);
  }
  transpose(first);
  CK_UNROLL for (int tap = 0; tap < 16; tap++) _mm512_storeu_ps(taps[tap], first[tap]);
  CK_UNROLL for (int lane = 0; lane < 16; lane++) {
    rest[lane] = _mm512_maskz_loadu_ps(CK_REST_MASK, weights + lane * stride + 16);
  }
  transpose(rest);
  CK_UNROLL for (int tap = 0; tap < REST; tap++) _mm512_storeu_ps(taps[16 + tap], rest[tap]);
}

CK_AVX512_INLINE void scatter(float taps[TAPS][16], int64_t stride, float *weights) {
  __m512 first[16], rest[16];
  CK_UNROLL for (int tap = 0; tap < 16; tap++) first[tap] = _mm512_loadu_ps(taps[tap]);
  transpose(first);
  CK_UNROLL for (int lane = 0; lane < 16; lane++) {
    _mm512_storeu_ps(weights + lane * stride, first[lane]);
  }
  CK_UNROLL for (int tap = 0; tap < 16; tap++) {
    rest[tap] = tap < REST ? _mm512_loadu_ps(taps[16 + tap]) : _mm512_setzero_ps();
  }
  transpose(rest);
  CK_UNROLL for (int lane = 0; lane < 16; lane++) {
    _mm512_mask_storeu_ps(weights + lane * stride + 16, CK_REST_MASK, rest[lane]);
  }
}

/* The points of one temporal tap; spatial taps are at taps[first + step·(3·h + w)]. */
CK_AVX512_INLINE void weight_points(int side, float taps[TAPS][16], int first, int step,
                                    __m512 *u) {
  const int reach = side + 2;
  __m512 down[6][3];
  CK_UNROLL for (int w = 0; w < 3; w++) {
    __m512 g[3], t[6];
    CK_UNROLL for (int h = 0; h < 3; h++) g[h] = _mm512_loadu_ps(taps[first + step * (3 * h + w)]);
    ck_weight_points(side, g, t);
    CK_UNROLL for (int i = 0; i < reach; i++) down[i][w] = t[i];
  }
  CK_UNROLL for (int i = 0; i < reach; i++) ck_weight_points(side, down[i], u + i * reach);
}

/* The strides of O·I·3·3·3 weights as the direction sees them. */
typedef struct {
  int32_t inputs, outputs;
  int64_t input, output; /* floats between two of them */
  int first, step;       /* the order of the 27 taps */
} view;

CK_AVX512_INLINE void pack(ck_type type, const view *all, const float *weights, int32_t begin,
                           int32_t end, float *packed) {
  const int side = ck_winograd_side(type), points = (side + 2) * (side + 2);
  const int64_t stride = ck_winograd_weight_stride(type, all->inputs);
  const int32_t group = type == CK_F32 ? 1 : 2; /* inputs that share a word */
  const int32_t words = type == CK_F32 ? all->inputs : ck_quotient_up(all->inputs, 32) * 16;
  for (int32_t output = begin * 32; output < end * 32; output += 32) {
    const int32_t width = ck_smaller(32, all->outputs - output);
    float *block = packed + (int64_t)(output / 32 - begin) * points * stride;
    for (int32_t word = 0; word < words; word++) {
      for (int32_t half = 0; half < width; half += 16) {
        float taps[2][TAPS][16];
        const float *from = weights + (output + half) * all->output;
        for (int32_t i = 0; i < group; i++) {
          if (word * group + i < all->inputs) {
            gather(from + (int64_t)(word * group + i) * all->input, all->output, taps[i]);
          } else {
            memset(taps[i], 0, sizeof taps[i]);
          }
        }
        for (int k = 0; k < 3; k++) {
          __m512 u[36], second[36];
          const int first = all->first + all->step * 9 * k;
          float *to = block + ((int64_t)k * words + word) * width + half;
          weight_points(side, taps[0], first, all->step, u);
          if (type == CK_BF16) weight_points(side, taps[1], first, all->step, second);
          CK_UNROLL for (int p = 0; p < points; p++) {
            if (type == CK_F32) {
              _mm512_storeu_ps(to + p * stride, u[p]);
            } else {
              _mm512_storeu_si512(to + p * stride, ck_half_words(u[p], second[p]));
            }
          }
        }
      }
    }
  }
}

CK_AVX512 void ck_winograd_pack(ck_type type, int is_backward, const float *weights, int32_t o,
                                int32_t i, int32_t begin, int32_t end, float *packed) {
  const view plain = {i, o, TAPS, (int64_t)i * TAPS, 0, 1};
  const view turned = {o, i, (int64_t)i * TAPS, TAPS, TAPS - 1, -1};
  if (type == CK_F32) {
    pack(CK_F32, is_backward ? &turned : &plain, weights, begin, end, packed);
  } else {
    pack(CK_BF16, is_backward ? &turned : &plain, weights, begin, end, packed);
  }
}

CK_AVX512_INLINE void unpack(ck_type type, const float *sums, int32_t first, int32_t o, int32_t i,
                             float *weights) {
  const int side = ck_winograd_side(type), reach = side + 2;
  const int64_t stride = (int64_t)3 * i * 32 + 48;
  const int32_t width = ck_smaller(32, o - first);
  for (int32_t half = 0; half < width; half += 16) {
    for (int32_t input = 0; input < i; input++) {
      float taps[TAPS][16];
      for (int k = 0; k < 3; k++) {
        const float *from = sums + ((int64_t)k * i + input) * 32 + half;
        __m512 down[3][6];
        CK_UNROLL for (int w = 0; w < reach; w++) {
          __m512 u[6], g[3];
          CK_UNROLL for (int h = 0; h < reach; h++) {
            u[h] = _mm512_loadu_ps(from + (h * reach + w) * stride);
          }
          ck_tap_points(side, u, g);
          CK_UNROLL for (int h = 0; h < 3; h++) down[h][w] = g[h];
        }
        CK_UNROLL for (int h = 0; h < 3; h++) {
          __m512 g[3];
          ck_tap_points(side, down[h], g);
          CK_UNROLL for (int w = 0; w < 3; w++) _mm512_storeu_ps(taps[9 * k + 3 * h + w], g[w]);
        }
      }
      scatter(taps, (int64_t)i * TAPS, weights + ((int64_t)(first + half) * i + input) * TAPS);
    }
  }
}

CK_AVX512 void ck_winograd_unpack(ck_type type, const float *sums, int32_t first, int32_t o,
                                  int32_t i, float *weights) {
  if (type == CK_F32) {
    unpack(CK_F32, sums, first, o, i, weights);
  } else {
    unpack(CK_BF16, sums, first, o, i, weights);
  }
}
#endif
