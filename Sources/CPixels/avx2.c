#if defined(__x86_64__)
#define LANES 8
#define PIXELS_TARGET __attribute__((target("avx2")))
#define PASSES cpixels_passes_avx2
#include "passes.h"
#endif
