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

#if defined(__linux__)
// Tells the machine something about the whole pages of a block.
static void advise(void *start, int64_t bytes, int advice) {
  uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  uintptr_t first = ((uintptr_t)start + page - 1) / page * page;
  uintptr_t end = ((uintptr_t)start + (uintptr_t)bytes) / page * page;
  if (first < end) madvise((void *)first, end - first, advice);
}
#endif

void cpanels_give_back(void *start, int64_t bytes) {
#if defined(__linux__)
  advise(start, bytes, MADV_DONTNEED);
#else
  (void)start, (void)bytes;
#endif
}

void cpanels_use_huge_pages(void *start, int64_t bytes) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  advise(start, bytes, MADV_HUGEPAGE);
#else
  (void)start, (void)bytes;
#endif
}
