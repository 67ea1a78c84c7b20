// Counters that libFuzzer watches beside those of instrumented code.
#include <stdint.h>

enum { places = 4096 };
__attribute__((section("__libfuzzer_extra_counters"), used)) static uint8_t remarks[places];

void fuzz_remark(uint32_t hash) { remarks[hash % places] = 1; }
