#define TARGET
#define RUN panels_run_portable
#include "narrow.h"
