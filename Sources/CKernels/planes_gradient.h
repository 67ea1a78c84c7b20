/* The weight gradient of a first layer, whose input lies in planes. */
#pragma once
#include "CKernels.h"

/* Whether a shape and this CPU suit it: a first layer of floats, O a multiple of 16, and AVX2. */
int ck_planes_gradient_suits(const ck_convolution_shape *shape);
/* The scratch memory that it needs, in bytes. */
size_t ck_planes_gradient_bytes(const ck_convolution_shape *shape);
/* Writes O·I·T·H·W sums from N·C·T·H·W inputs and N·T·H·W·O gradients. */
void ck_planes_gradient_run(const ck_convolution_shape *shape, const float *source,
                            const float *gradient, float *weights, float *scratch);
