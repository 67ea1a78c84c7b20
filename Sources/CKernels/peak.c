/* What the CPU could do if nothing but products mattered: the limit that timings are held against.
 *
 * Twelve independent chains of multiply-adds hide their latency; nothing touches memory. */
#include <time.h>

#include "CKernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

enum { CHAINS = 12, TURNS = 1 << 14 };
#define CK_EACH_CHAIN _Pragma("clang loop unroll(full)") for (int i = 0; i < CHAINS; i++)
/* Keeps the compiler from seeing through a step. */
#define CK_OPAQUE(value) __asm__ volatile("" : "+v"(value))

static __attribute__((target("avx2,fma"))) void narrow(void) {
  __m256 sum[CHAINS];
  CK_EACH_CHAIN sum[i] = _mm256_setzero_ps();
  for (int turn = 0; turn < TURNS; turn++) {
    CK_EACH_CHAIN {
      sum[i] = _mm256_fmadd_ps(sum[i], sum[i], sum[i]);
      CK_OPAQUE(sum[i]);
    }
  }
}

static __attribute__((target("avx512f"))) void wide(void) {
  __m512 sum[CHAINS];
  CK_EACH_CHAIN sum[i] = _mm512_setzero_ps();
  for (int turn = 0; turn < TURNS; turn++) {
    CK_EACH_CHAIN {
      sum[i] = _mm512_fmadd_ps(sum[i], sum[i], sum[i]);
      CK_OPAQUE(sum[i]);
    }
  }
}

static __attribute__((target("avx512f,avx512bf16"))) void halves(void) {
  __m512 sum[CHAINS];
  __m512i factor = _mm512_setzero_si512();
  CK_EACH_CHAIN sum[i] = _mm512_setzero_ps();
  for (int turn = 0; turn < TURNS; turn++) {
    CK_OPAQUE(factor);
    CK_EACH_CHAIN {
      sum[i] = _mm512_dpbf16_ps(sum[i], (__m512bh)factor, (__m512bh)factor);
      CK_OPAQUE(sum[i]);
    }
  }
}

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

double ck_products_per_second(ck_type type) {
  void (*run)(void) = NULL;
  int products = 0; /* of an instruction */
  if (type == CK_BF16) {
    if (ck_has_bf16()) run = halves, products = 32;
  } else if (__builtin_cpu_supports("avx512f")) {
    run = wide, products = 16;
  } else if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    run = narrow, products = 8;
  }
  if (!run) return 0;
  double best = 0;
  for (int i = 0; i < 200; i++) {
    const double start = seconds();
    run();
    const double rate = (double)products * CHAINS * TURNS / (seconds() - start);
    if (rate > best) best = rate;
  }
  return best;
}
#else
double ck_products_per_second(ck_type type) {
  (void)type;
  return 0;
}
#endif
