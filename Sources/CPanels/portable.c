#include <stdint.h>

typedef int32_t eight_truths __attribute__((vector_size(32)));

static inline uint32_t bits_of(const eight_truths *truths) {
  uint32_t bits = 0;
  for (int i = 0; i < 8; i++) bits |= (uint32_t)((*truths)[i] & 1) << i;
  return bits;
}

#define TARGET
#define RUN panels_run_portable
#define BITS(truths) bits_of(&truths)
#include "narrow.h"
