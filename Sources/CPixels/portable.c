#define LANES 4
#define PIXELS_TARGET
#define PASSES cpixels_passes_portable
#include "passes.h"
