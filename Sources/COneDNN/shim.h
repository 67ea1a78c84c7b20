// oneDNN ships no pkg-config file, so the module map links it by name. Only CKernels includes this.
#pragma once
#include <oneapi/dnnl/dnnl.h>
