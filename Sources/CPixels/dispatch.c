#include "CPixels.h"

extern const cpixels_passes cpixels_passes_portable, cpixels_passes_avx2, cpixels_passes_avx512;

int cpixels_has(cpixels_instructions instructions) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (instructions == CPIXELS_AVX512)
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  if (instructions == CPIXELS_AVX2) return __builtin_cpu_supports("avx2");
#endif
  return instructions == CPIXELS_PORTABLE;
}

const cpixels_passes *cpixels(cpixels_instructions instructions) {
#if defined(__x86_64__)
  if (instructions == CPIXELS_AVX512) return &cpixels_passes_avx512;
  if (instructions == CPIXELS_AVX2) return &cpixels_passes_avx2;
#endif
  (void)instructions;
  return &cpixels_passes_portable;
}

const cpixels_passes *cpixels_fastest(void) {
  return cpixels(cpixels_has(CPIXELS_AVX512) ? CPIXELS_AVX512
                 : cpixels_has(CPIXELS_AVX2) ? CPIXELS_AVX2
                                             : CPIXELS_PORTABLE);
}

int64_t cpixels_scratch(int32_t width, int32_t side) {
  return 3 * ((int64_t)width + 48) + ((int64_t)side + 15) / 16 * 50;
}
