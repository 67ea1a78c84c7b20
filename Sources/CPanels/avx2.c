#include "panels.h"

#if defined(__x86_64__)
#define TARGET __attribute__((target("avx2,fma")))
#define RUN panels_run_avx2
#include "narrow.h"
#endif
