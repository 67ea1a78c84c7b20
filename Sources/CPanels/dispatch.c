// Chooses the kernel by what the processor says it has; KINDREEL_PANELS=avx2 or portable asks for
// less, so that tests can compare them.
#include <stdlib.h>
#include <string.h>

#include "panels.h"

typedef void (*kernel)(const cpanels_search *);

static kernel choose(const char **name) {
#if defined(__x86_64__)
  const char *asked = getenv("KINDREEL_PANELS");
  int most = !asked ? 2 : strcmp(asked, "portable") == 0 ? 0 : strcmp(asked, "avx2") == 0 ? 1 : 2;
  __builtin_cpu_init();
  if (most >= 2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
    *name = "avx512";
    return panels_run_avx512;
  }
  if (most >= 1 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    *name = "avx2";
    return panels_run_avx2;
  }
#endif
  *name = "portable";
  return panels_run_portable;
}

void cpanels_run(const cpanels_search *search) {
  const char *name;
  choose(&name)(search);
}

const char *cpanels_instructions(void) {
  const char *name;
  choose(&name);
  return name;
}
