#include "panels.h"

int cpanels_has(cpanels_instructions instructions) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (instructions == CPANELS_AVX512)
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  if (instructions == CPANELS_AVX2)
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#endif
  return instructions == CPANELS_PORTABLE;
}

cpanels_instructions cpanels_fastest(void) {
  return cpanels_has(CPANELS_AVX512) ? CPANELS_AVX512
         : cpanels_has(CPANELS_AVX2) ? CPANELS_AVX2
                                     : CPANELS_PORTABLE;
}

void cpanels_run(const cpanels_search *search, cpanels_instructions instructions) {
#if defined(__x86_64__)
  if (instructions == CPANELS_AVX512) return panels_run_avx512(search);
  if (instructions == CPANELS_AVX2) return panels_run_avx2(search);
#endif
  (void)instructions;
  panels_run_portable(search);
}
