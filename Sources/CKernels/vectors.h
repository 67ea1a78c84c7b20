/* Sixteen channels at a time, in fp32 or bf16 memory, always fp32 in registers.
 *
 * The compiler turns the vector type into whatever the clone's instruction set has. There is no
 * contraction (-ffp-contract=off) and no reassociation, so every clone gives the same bits. */
#pragma once
#include <string.h>

#include "CKernels.h"

/* One copy a generation of CPUs, chosen when the program is loaded. */
#if defined(__x86_64__)
#define CK_CLONES __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define CK_CLONES
#endif
#define CK_INLINE static inline __attribute__((always_inline))

typedef float ck_v16 __attribute__((vector_size(64), aligned(4)));
typedef double ck_d16 __attribute__((vector_size(128), aligned(8)));
typedef uint32_t ck_u16x32 __attribute__((vector_size(64), aligned(4)));
typedef uint16_t ck_h16 __attribute__((vector_size(32), aligned(2)));

CK_INLINE size_t ck_width(ck_type type) { return type == CK_F32 ? 4 : 2; }

/* Sixteen elements from index `at` of x. */
CK_INLINE void ck_load(ck_type type, const void *x, int64_t at, ck_v16 *out) {
  if (type == CK_F32) {
    memcpy(out, (const float *)x + at, sizeof *out);
  } else {
    ck_h16 half;
    memcpy(&half, (const uint16_t *)x + at, sizeof half);
    ck_u16x32 bits = __builtin_convertvector(half, ck_u16x32) << 16;
    memcpy(out, &bits, sizeof *out);
  }
}

/* Stores sixteen elements at index `at` of y; bf16 is rounded to nearest even, NaN stays NaN. */
CK_INLINE void ck_store(ck_type type, const ck_v16 *value, void *y, int64_t at) {
  if (type == CK_F32) {
    memcpy((float *)y + at, value, sizeof *value);
  } else {
    ck_u16x32 bits;
    memcpy(&bits, value, sizeof bits);
    ck_u16x32 rounded = bits + 0x7fffu + ((bits >> 16) & 1u);
    ck_u16x32 is_nan = (ck_u16x32)((bits & 0x7fffffffu) > 0x7f800000u);
    rounded = (rounded & ~is_nan) | ((bits | 0x400000u) & is_nan);
    ck_h16 half = __builtin_convertvector(rounded >> 16, ck_h16);
    memcpy((uint16_t *)y + at, &half, sizeof half);
  }
}

/* The value, with zero in the lanes whose mask is all ones. */
CK_INLINE void ck_clear(ck_v16 *value, const ck_u16x32 *mask) {
  ck_u16x32 bits;
  memcpy(&bits, value, sizeof bits);
  bits &= ~*mask;
  memcpy(value, &bits, sizeof bits);
}

/* Calls a kernel body with the element type as a compile-time constant. */
#define CK_DISPATCH(type, body, ...) \
  do {                               \
    if ((type) == CK_F32) {          \
      body(CK_F32, __VA_ARGS__);     \
    } else {                         \
      body(CK_BF16, __VA_ARGS__);    \
    }                                \
  } while (0)
