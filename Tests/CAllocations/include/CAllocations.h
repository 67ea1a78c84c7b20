/* Counts what the calling thread allocates; for tests alone. */
#pragma once
#include <stdint.h>

/* Counts from zero. */
void counting_begin(void);
/* The allocations since; counting ends. */
int64_t counting_end(void);
/* The bytes of the largest allocation since counting began. */
int64_t counting_largest(void);
