/* glibc's allocator behind functions of the same names that count. The program's own definitions come
 * before the library's, for everything that is loaded with it: Swift's runtime, oneDNN, OpenBLAS. */
#define _GNU_SOURCE
#include <errno.h>
#include <stddef.h>

#include "CAllocations.h"

void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *old, size_t bytes);
void *__libc_memalign(size_t alignment, size_t bytes);

static __thread int is_counting;
static __thread int64_t allocations, largest;

void counting_begin(void) {
  allocations = largest = 0;
  is_counting = 1;
}

int64_t counting_end(void) {
  is_counting = 0;
  return allocations;
}

int64_t counting_largest(void) { return largest; }

static void note(size_t bytes) {
  if (!is_counting) return;
  allocations++;
  if ((int64_t)bytes > largest) largest = (int64_t)bytes;
}

void *malloc(size_t bytes) {
  note(bytes);
  return __libc_malloc(bytes);
}

void *calloc(size_t count, size_t bytes) {
  note(count * bytes);
  return __libc_calloc(count, bytes);
}

void *realloc(void *old, size_t bytes) {
  note(bytes);
  return __libc_realloc(old, bytes);
}

void *memalign(size_t alignment, size_t bytes) {
  note(bytes);
  return __libc_memalign(alignment, bytes);
}

void *aligned_alloc(size_t alignment, size_t bytes) {
  note(bytes);
  return __libc_memalign(alignment, bytes);
}

int posix_memalign(void **out, size_t alignment, size_t bytes) {
  note(bytes);
  *out = __libc_memalign(alignment, bytes);
  return *out ? 0 : ENOMEM;
}
