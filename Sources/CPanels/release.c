#include "CPanels.h"

#if defined(__GLIBC__)
#include <malloc.h>
#endif

void cpanels_release_freed(void) {
#if defined(__GLIBC__)
  malloc_trim(0);
#endif
}

void cpanels_release_at_once(void) {
#if defined(__GLIBC__)
  // A threshold that is set stays; the one of the start grows with every large block that is freed.
  mallopt(M_MMAP_THRESHOLD, 1 << 20);
#endif
}
