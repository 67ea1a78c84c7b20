#include "panels.h"

#if defined(__x86_64__)
#define TARGET __attribute__((target("avx2,fma")))
#define RUN panels_run_avx2
#define BITS(truths) (uint32_t)__builtin_ia32_movmskps256((aligned_vector)(truths))

typedef float aligned_vector __attribute__((vector_size(32)));

#include "narrow.h"
#endif
