/* The one-dimensional transforms of F(4,3) and F(2,3), sixteen lanes at a time.
 *
 * Every function works on arrays that the compiler keeps in registers: `side` is a constant at each
 * call. Products are fused with sums where it is written so, and nowhere else. */
#pragma once
#include <immintrin.h>

#include "winograd.h"

#define CK_AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,fma")))
#define CK_AVX512_BF16 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16,fma")))
#define CK_AVX512_INLINE \
  static inline __attribute__((always_inline, target("avx512f,avx512bw,avx512vl,avx512dq,fma")))
#define CK_UNROLL _Pragma("clang loop unroll(full)")

/* The points of F(4,3): 0, +-A, +-B, infinity; all powers are exact in 32 bits. */
#define A1 0.625f
#define A2 (A1 * A1)
#define A3 (A2 * A1)
#define B1 1.5f
#define B2 (B1 * B1)
#define B3 (B2 * B1)
/* The weights' factors 1/(A²B²), 1/(2A²(A² - B²)), 1/(2B²(B² - A²)). */
#define G0 (1 / (A2 * B2))
#define GA (1 / (2 * A2 * (A2 - B2)))
#define GB (1 / (2 * B2 * (B2 - A2)))

CK_AVX512_INLINE __m512 ck_all(float value) { return _mm512_set1_ps(value); }
/* c + a·b and c - a·b. */
CK_AVX512_INLINE __m512 ck_plus(__m512 c, float a, __m512 b) {
  return _mm512_fmadd_ps(ck_all(a), b, c);
}
CK_AVX512_INLINE __m512 ck_minus(__m512 c, float a, __m512 b) {
  return _mm512_fnmadd_ps(ck_all(a), b, c);
}

/* B' d: side + 2 inputs to as many points. */
CK_AVX512_INLINE void ck_input_points(int side, const __m512 *d, __m512 *t) {
  if (side == 2) {
    t[0] = d[0] - d[2];
    t[1] = d[1] + d[2];
    t[2] = d[2] - d[1];
    t[3] = d[1] - d[3];
    return;
  }
  const __m512 even_a = ck_minus(d[4], B2, d[2]), odd_a = ck_minus(d[3], B2, d[1]);
  const __m512 even_b = ck_minus(d[4], A2, d[2]), odd_b = ck_minus(d[3], A2, d[1]);
  t[0] = ck_plus(ck_minus(d[4], A2 + B2, d[2]), A2 * B2, d[0]);
  t[1] = ck_plus(even_a, A1, odd_a);
  t[2] = ck_minus(even_a, A1, odd_a);
  t[3] = ck_plus(even_b, B1, odd_b);
  t[4] = ck_minus(even_b, B1, odd_b);
  t[5] = ck_plus(ck_minus(d[5], A2 + B2, d[3]), A2 * B2, d[1]);
}

/* A dy: side gradients to side + 2 points. */
CK_AVX512_INLINE void ck_gradient_points(int side, const __m512 *d, __m512 *t) {
  if (side == 2) {
    t[0] = d[0];
    t[1] = d[0] + d[1];
    t[2] = d[0] - d[1];
    t[3] = _mm512_setzero_ps() - d[1];
    return;
  }
  const __m512 even_a = ck_plus(d[0], A2, d[2]), odd_a = ck_plus(ck_all(A1) * d[1], A3, d[3]);
  const __m512 even_b = ck_plus(d[0], B2, d[2]), odd_b = ck_plus(ck_all(B1) * d[1], B3, d[3]);
  t[0] = d[0];
  t[1] = even_a + odd_a;
  t[2] = even_a - odd_a;
  t[3] = even_b + odd_b;
  t[4] = even_b - odd_b;
  t[5] = d[3];
}

/* A' m: side + 2 sums to side outputs. */
CK_AVX512_INLINE void ck_output_points(int side, const __m512 *m, __m512 *y) {
  const __m512 sum_a = m[1] + m[2], difference_a = m[1] - m[2];
  if (side == 2) {
    y[0] = m[0] + sum_a;
    y[1] = difference_a - m[3];
    return;
  }
  const __m512 sum_b = m[3] + m[4], difference_b = m[3] - m[4];
  y[0] = m[0] + sum_a + sum_b;
  y[1] = ck_plus(ck_all(B1) * difference_b, A1, difference_a);
  y[2] = ck_plus(ck_all(B2) * sum_b, A2, sum_a);
  y[3] = ck_plus(ck_plus(m[5], B3, difference_b), A3, difference_a);
}

/* G g: three taps to side + 2 points. */
CK_AVX512_INLINE void ck_weight_points(int side, const __m512 *g, __m512 *u) {
  if (side == 2) {
    const __m512 even = (g[0] + g[2]) * ck_all(0.5f), odd = g[1] * ck_all(0.5f);
    u[0] = g[0];
    u[1] = even + odd;
    u[2] = even - odd;
    u[3] = g[2];
    return;
  }
  const __m512 even_a = ck_plus(g[0] * ck_all(GA), GA * A2, g[2]), odd_a = g[1] * ck_all(GA * A1);
  const __m512 even_b = ck_plus(g[0] * ck_all(GB), GB * B2, g[2]), odd_b = g[1] * ck_all(GB * B1);
  u[0] = g[0] * ck_all(G0);
  u[1] = even_a + odd_a;
  u[2] = even_a - odd_a;
  u[3] = even_b + odd_b;
  u[4] = even_b - odd_b;
  u[5] = g[2];
}

/* G' u: side + 2 sums to three taps. */
CK_AVX512_INLINE void ck_tap_points(int side, const __m512 *u, __m512 *g) {
  const __m512 sum_a = u[1] + u[2], difference_a = u[1] - u[2];
  if (side == 2) {
    g[0] = ck_plus(u[0], 0.5f, sum_a);
    g[1] = ck_all(0.5f) * difference_a;
    g[2] = ck_plus(u[3], 0.5f, sum_a);
    return;
  }
  const __m512 sum_b = u[3] + u[4], difference_b = u[3] - u[4];
  g[0] = ck_plus(ck_plus(ck_all(GB) * sum_b, GA, sum_a), G0, u[0]);
  g[1] = ck_plus(ck_all(GB * B1) * difference_b, GA * A1, difference_a);
  g[2] = ck_plus(ck_plus(u[5], GB * B2, sum_b), GA * A2, sum_a);
}

/* Words that hold a bf16 of `low` below and of `high` above, rounded to nearest even. */
CK_AVX512_INLINE __m512i ck_half_words(__m512 low, __m512 high) {
  /* Transformed values are finite wherever activations are; no care is taken of NaN. */
  const __m512i bias = _mm512_set1_epi32(0x7fff), one = _mm512_set1_epi32(1);
  const __m512i l = _mm512_castps_si512(low), h = _mm512_castps_si512(high);
  const __m512i lr = _mm512_add_epi32(
      l, _mm512_add_epi32(bias, _mm512_and_si512(_mm512_srli_epi32(l, 16), one)));
  const __m512i hr = _mm512_add_epi32(
      h, _mm512_add_epi32(bias, _mm512_and_si512(_mm512_srli_epi32(h, 16), one)));
  return _mm512_mask_blend_epi16(0xaaaaaaaau, _mm512_srli_epi32(lr, 16), hr);
}
