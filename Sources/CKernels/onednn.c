#include "onednn.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static dnnl_engine_t engine;
static pthread_once_t engine_once = PTHREAD_ONCE_INIT;

static void create_engine(void) {
  if (dnnl_engine_create(&engine, dnnl_cpu, 0) != dnnl_success) engine = NULL;
}

dnnl_engine_t ck_engine(void) {
  pthread_once(&engine_once, create_engine);
  return engine;
}

void ck_onednn_version(ck_message *out) {
  const dnnl_version_t *version = dnnl_version();
  snprintf(out->text, sizeof out->text, "%d.%d.%d", version->major, version->minor, version->patch);
}

void ck_instruction_set(ck_message *out) {
  const dnnl_cpu_isa_t isa = dnnl_get_effective_cpu_isa();
  const struct {
    dnnl_cpu_isa_t isa;
    const char *name;
  } known[] = {{dnnl_cpu_isa_sse41, "sse41"},
               {dnnl_cpu_isa_avx, "avx"},
               {dnnl_cpu_isa_avx2, "avx2"},
               {dnnl_cpu_isa_avx2_vnni, "avx2_vnni"},
               {dnnl_cpu_isa_avx512_core, "avx512_core"},
               {dnnl_cpu_isa_avx512_core_vnni, "avx512_core_vnni"},
               {dnnl_cpu_isa_avx512_core_bf16, "avx512_core_bf16"},
               {dnnl_cpu_isa_avx512_core_amx, "avx512_core_amx"}};
  snprintf(out->text, sizeof out->text, "isa 0x%x", (unsigned)isa);
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    if (known[i].isa == isa) snprintf(out->text, sizeof out->text, "%s", known[i].name);
  }
}

int ck_has_isa(dnnl_cpu_isa_t isa) {
  return ((unsigned)dnnl_get_effective_cpu_isa() & (unsigned)isa) == (unsigned)isa;
}

int ck_has_bf16(void) { return ck_has_isa(dnnl_cpu_isa_avx512_core_bf16); }

void ck_use_one_thread(void) {
  /* libdnnl brings an OpenMP runtime along; we link none, so we ask whether one is there. */
  void (*set)(int) = NULL;
  void *symbol = dlsym(RTLD_DEFAULT, "omp_set_num_threads");
  memcpy(&set, &symbol, sizeof set);
  if (set) set(1);
}

#if DNNL_VERSION_MAJOR >= 3

ck_layout ck_layout_create(int rank, const int64_t *extents, dnnl_data_type_t type,
                           dnnl_format_tag_t tag) {
  dnnl_memory_desc_t layout = NULL;
  if (dnnl_memory_desc_create_with_tag(&layout, rank, extents, type, tag) != dnnl_success) {
    return NULL;
  }
  return layout;
}

void ck_layout_destroy(ck_layout layout) {
  if (layout) dnnl_memory_desc_destroy((dnnl_memory_desc_t)layout);
}

dnnl_status_t ck_convolution_describe(dnnl_primitive_desc_t *out, ck_direction direction,
                                      int is_training, ck_layout source, ck_layout weights,
                                      ck_layout destination, const ck_window *window,
                                      const_dnnl_primitive_attr_t attributes,
                                      const_dnnl_primitive_desc_t hint) {
  switch (direction) {
    case CK_FORWARD:
      return dnnl_convolution_forward_primitive_desc_create(
          out, ck_engine(), is_training ? dnnl_forward_training : dnnl_forward_inference,
          dnnl_convolution_direct, source, weights, NULL, destination, window->strides,
          window->dilations, window->padding_before, window->padding_after, attributes);
    case CK_BACKWARD_DATA:
      return dnnl_convolution_backward_data_primitive_desc_create(
          out, ck_engine(), dnnl_convolution_direct, source, weights, destination, window->strides,
          window->dilations, window->padding_before, window->padding_after, hint, attributes);
    case CK_BACKWARD_WEIGHTS:
      return dnnl_convolution_backward_weights_primitive_desc_create(
          out, ck_engine(), dnnl_convolution_direct, source, weights, NULL, destination,
          window->strides, window->dilations, window->padding_before, window->padding_after, hint,
          attributes);
  }
  return dnnl_invalid_arguments;
}

#else

ck_layout ck_layout_create(int rank, const int64_t *extents, dnnl_data_type_t type,
                           dnnl_format_tag_t tag) {
  dnnl_memory_desc_t *layout = calloc(1, sizeof *layout);
  dnnl_dims_t all = {0};
  memcpy(all, extents, (size_t)rank * sizeof *extents);
  if (layout && dnnl_memory_desc_init_by_tag(layout, rank, all, type, tag) != dnnl_success) {
    free(layout);
    layout = NULL;
  }
  return layout;
}

void ck_layout_destroy(ck_layout layout) { free((void *)layout); }

dnnl_status_t ck_convolution_describe(dnnl_primitive_desc_t *out, ck_direction direction,
                                      int is_training, ck_layout source, ck_layout weights,
                                      ck_layout destination, const ck_window *window,
                                      const_dnnl_primitive_attr_t attributes,
                                      const_dnnl_primitive_desc_t hint) {
  dnnl_convolution_desc_t operation;
  dnnl_status_t status = dnnl_invalid_arguments;
  switch (direction) {
    case CK_FORWARD:
      status = dnnl_dilated_convolution_forward_desc_init(
          &operation, is_training ? dnnl_forward_training : dnnl_forward_inference,
          dnnl_convolution_direct, source, weights, NULL, destination, window->strides,
          window->dilations, window->padding_before, window->padding_after);
      break;
    case CK_BACKWARD_DATA:
      status = dnnl_dilated_convolution_backward_data_desc_init(
          &operation, dnnl_convolution_direct, source, weights, destination, window->strides,
          window->dilations, window->padding_before, window->padding_after);
      break;
    case CK_BACKWARD_WEIGHTS:
      status = dnnl_dilated_convolution_backward_weights_desc_init(
          &operation, dnnl_convolution_direct, source, weights, NULL, destination, window->strides,
          window->dilations, window->padding_before, window->padding_after);
      break;
  }
  if (status != dnnl_success) return status;
  return dnnl_primitive_desc_create(out, &operation, attributes, ck_engine(), hint);
}

#endif

size_t ck_layout_bytes(ck_layout layout) { return dnnl_memory_desc_get_size(layout); }

int ck_layouts_equal(ck_layout one, ck_layout other) {
  return dnnl_memory_desc_equal(one, other) == 1;
}

ck_layout ck_layout_of(const_dnnl_primitive_desc_t primitive, dnnl_query_t which) {
  return dnnl_primitive_desc_query_md(primitive, which, 0);
}

dnnl_status_t ck_memory_create(dnnl_memory_t *memory, ck_layout layout) {
  return dnnl_memory_create(memory, layout, ck_engine(), DNNL_MEMORY_NONE);
}
