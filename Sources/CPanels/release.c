#include "CPanels.h"

#if defined(__linux__)
#include <sys/mman.h>
#include <unistd.h>
#endif

#if defined(__GLIBC__)
#include <malloc.h>
#endif

void cpanels_release_at_once(void) {
#if defined(__GLIBC__)
  // A threshold that is set stays; the one of the start grows with every large block that is freed.
  mallopt(M_MMAP_THRESHOLD, 1 << 20);
#endif
}

// What the machine is told of the whole pages of a block.
static void advise(void *start, int64_t bytes, int advice) {
#if defined(__linux__)
  uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  uintptr_t first = ((uintptr_t)start + page - 1) / page * page;
  uintptr_t end = ((uintptr_t)start + (uintptr_t)bytes) / page * page;
  if (first < end) madvise((void *)first, end - first, advice);
#else
  (void)start, (void)bytes, (void)advice;
#endif
}

#if !defined(__linux__)
enum { MADV_DONTNEED, MADV_HUGEPAGE };
#endif

void cpanels_give_back(void *start, int64_t bytes) { advise(start, bytes, MADV_DONTNEED); }

void cpanels_use_huge_pages(void *start, int64_t bytes) { advise(start, bytes, MADV_HUGEPAGE); }
