/* The differences between the C APIs of oneDNN 2 and 3, and one engine for the process.
 *
 * In version 3 a memory descriptor is an opaque pointer and operation descriptors are gone. */
#pragma once
#include <oneapi/dnnl/dnnl.h>

#include "CKernels.h"

#if DNNL_VERSION_MAJOR >= 3
typedef const_dnnl_memory_desc_t ck_layout;
#else
typedef const dnnl_memory_desc_t *ck_layout;
#endif

/* The engine of the CPU; created once, never destroyed. */
dnnl_engine_t ck_engine(void);

/* Whether oneDNN uses an instruction set: the CPU has it, and ONEDNN_MAX_CPU_ISA allows it. */
int ck_has_isa(dnnl_cpu_isa_t isa);

/* A layout that the caller destroys with ck_layout_destroy; NULL if oneDNN refuses it. */
ck_layout ck_layout_create(int rank, const int64_t *extents, dnnl_data_type_t type,
                           dnnl_format_tag_t tag);
void ck_layout_destroy(ck_layout layout);
size_t ck_layout_bytes(ck_layout layout);
int ck_layouts_equal(ck_layout one, ck_layout other);
/* A layout that belongs to a primitive descriptor. */
ck_layout ck_layout_of(const_dnnl_primitive_desc_t primitive, dnnl_query_t which);
dnnl_status_t ck_memory_create(dnnl_memory_t *memory, ck_layout layout);

typedef struct {
  int64_t strides[3], dilations[3], padding_before[3], padding_after[3];
} ck_window;

/* The primitive descriptor of one direction of a convolution; `hint` is the forward one's. */
dnnl_status_t ck_convolution_describe(dnnl_primitive_desc_t *out, ck_direction direction,
                                      int is_training, ck_layout source, ck_layout weights,
                                      ck_layout destination, const ck_window *window,
                                      const_dnnl_primitive_attr_t attributes,
                                      const_dnnl_primitive_desc_t hint);
