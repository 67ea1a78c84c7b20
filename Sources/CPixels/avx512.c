#if defined(__x86_64__)
#define LANES 16
#define PIXELS_TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))
#define PASSES cpixels_passes_avx512
#include "passes.h"
#endif
