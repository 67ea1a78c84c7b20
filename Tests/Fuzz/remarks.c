// What libFuzzer and AddressSanitizer are told beside what instrumented code tells them.
#include <stddef.h>
#include <stdint.h>
#include <string.h>

// Counters that libFuzzer watches as it does code.
enum { places = 4096 };
__attribute__((section("__libfuzzer_extra_counters"), used)) static uint8_t remarks[places];

void fuzz_remark(uint32_t hash) { remarks[hash % places] = 1; }

// Fills new memory of up to 64 KiB with other bytes every time, so that what a library takes from memory that nobody
// wrote is not the same twice. (calloc clears blocks of this size after the hook.)
void __sanitizer_malloc_hook(const volatile void *memory, size_t count) {
  static uint64_t state = 1;
  if (!memory || count > 1 << 16) return;
  uint8_t *bytes = (uint8_t *)memory;
  for (size_t at = 0; at < count; at += 8) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    memcpy(bytes + at, &state, count - at < 8 ? count - at : 8);
  }
}
void __sanitizer_free_hook(const volatile void *memory) { (void)memory; }
