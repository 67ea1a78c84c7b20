// placeholder
#pragma once
#include <stdint.h>
int64_t ck_version(void);
