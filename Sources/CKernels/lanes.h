/* LANES channels at a time, in registers of the instruction set that the including file names.
 *
 * The including file defines CK_TARGET, a string for the target attribute, LANES, the floats of a
 * register, and CK_ROUNDS_BF16 where the set has instructions for that; everything below and in the
 * winograd_*.h templates is compiled for it. Products are fused with sums where `fused` says so and
 * nowhere else, so every instruction set gives the same bits. */
#pragma once
#include <immintrin.h>
#include <string.h>

#include "winograd.h"

#define CK_CODE __attribute__((target(CK_TARGET)))
#define CK_TEMPLATE static inline __attribute__((always_inline, target(CK_TARGET)))
#define CK_UNROLL _Pragma("clang loop unroll(full)")

typedef float lanes __attribute__((vector_size(4 * LANES), aligned(4)));
typedef uint32_t words __attribute__((vector_size(4 * LANES), aligned(4)));
typedef uint16_t halves __attribute__((vector_size(2 * LANES), aligned(2)));

CK_TEMPLATE lanes all(float value) {
#if LANES == 16
  return _mm512_set1_ps(value);
#else
  return _mm256_set1_ps(value);
#endif
}
/* c + a·b with one rounding. */
CK_TEMPLATE lanes fused(lanes a, lanes b, lanes c) { return __builtin_elementwise_fma(a, b, c); }
CK_TEMPLATE lanes plus(lanes c, float a, lanes b) { return fused(all(a), b, c); }
CK_TEMPLATE lanes minus(lanes c, float a, lanes b) { return fused(all(-a), b, c); }

CK_TEMPLATE lanes load(const float *from) {
  lanes value;
  memcpy(&value, from, sizeof value);
  return value;
}
CK_TEMPLATE void store(float *to, lanes value) { memcpy(to, &value, sizeof value); }

/* Element `at` and its neighbours in memory. */
CK_TEMPLATE lanes load_element(ck_type type, const void *from, int64_t at) {
  if (type == CK_F32) return load((const float *)from + at);
  halves half;
  lanes value;
  memcpy(&half, (const uint16_t *)from + at, sizeof half);
  const words bits = __builtin_convertvector(half, words) << 16;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/* Rounding to bf16 is to nearest, ties to even. */
#if defined(CK_ROUNDS_BF16)
CK_TEMPLATE halves rounded(lanes value) { return (halves)_mm512_cvtneps_pbh(value); }
/* Words that hold a bf16 of `low` below and of `high` above. */
CK_TEMPLATE lanes paired(lanes low, lanes high) {
  const __m512i order = _mm512_set_epi16(
      31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6, 21, 5, 20, 4, 19,
      3, 18, 2, 17, 1, 16, 0);
  const __m512i both = (__m512i)_mm512_cvtne2ps_pbh(high, low);
  return (lanes)_mm512_permutexvar_epi16(order, both);
}
#else
CK_TEMPLATE words rounded_up(lanes value) {
  words bits;
  memcpy(&bits, &value, sizeof bits);
  /* NaN stays NaN, all ones apart, which no instruction makes. */
  return bits + 0x7fffu + ((bits >> 16) & 1u);
}
CK_TEMPLATE halves rounded(lanes value) {
  return __builtin_convertvector(rounded_up(value) >> 16, halves);
}
CK_TEMPLATE lanes paired(lanes low, lanes high) {
  const words pair = (rounded_up(low) >> 16) | (rounded_up(high) & 0xffff0000u);
  lanes value;
  memcpy(&value, &pair, sizeof value);
  return value;
}
#endif

CK_TEMPLATE void store_element(ck_type type, void *to, int64_t at, lanes value) {
  if (type == CK_F32) return store((float *)to + at, value);
  const halves half = rounded(value);
  memcpy((uint16_t *)to + at, &half, sizeof half);
}
