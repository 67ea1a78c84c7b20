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

void cpanels_give_back(void *start, int64_t bytes) {
#if defined(__linux__)
  uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  uintptr_t first = ((uintptr_t)start + page - 1) / page * page;
  uintptr_t end = ((uintptr_t)start + (uintptr_t)bytes) / page * page;
  if (first < end) madvise((void *)first, end - first, MADV_DONTNEED);
#else
  (void)start, (void)bytes;
#endif
}
