// oneDNN ships no pkg-config file, so CKernels links it by name. Only CKernels includes its header.
#pragma once
#include <oneapi/dnnl/dnnl.h>
