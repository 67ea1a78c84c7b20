#include "CKernels.h"
int64_t ck_version(void) { return 1; }
