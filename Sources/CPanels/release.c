#include "CPanels.h"

#if defined(__GLIBC__)
#include <malloc.h>
#endif

void cpanels_release_freed(void) {
#if defined(__GLIBC__)
  malloc_trim(0);
#endif
}
