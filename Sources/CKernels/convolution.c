/* One 3D convolution, its two gradients, and the layouts between them and their neighbours.
 *
 * A direction is computed by Winograd's method (winograd.h), a first layer's weight gradient by
 * planes_gradient.h where oneDNN would leave it to a GEMM, and all else by oneDNN. oneDNN is asked for
 * channels-last operands; where it would answer that with its plain reference loops, it chooses the
 * operand layouts itself and we reorder around it. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "onednn.h"
#include "planes_gradient.h"
#include "winograd.h"

enum { SOURCE, WEIGHTS, DESTINATION, OPERANDS };

/* One operand of a direction: as the neighbours hold it (outer) and as the primitive wants it. */
typedef struct {
  int argument;
  dnnl_memory_t outer, inner;
  dnnl_primitive_t reorder; /* NULL where the two are the same */
  size_t bytes, offset;     /* the inner copy, in scratch */
} operand;

typedef struct {
  dnnl_primitive_desc_t description;
  dnnl_primitive_t primitive;
  const char *implementation;
  operand operands[OPERANDS];
  dnnl_memory_t scratchpad;
  size_t scratch_bytes;
  dnnl_primitive_t pack; /* plain weights to this direction's layout */
  dnnl_memory_t plain_weights, packed_weights;
  size_t packed_bytes;
} direction_plan;

struct ck_convolution {
  dnnl_stream_t stream;
  direction_plan plans[3];
  ck_winograd_plan winograd[3];
  ck_convolution_shape shape;
  int has_planes_gradient;
  size_t scratch_bytes;
};

static const dnnl_query_t queries[3][OPERANDS] = {
    {dnnl_query_src_md, dnnl_query_weights_md, dnnl_query_dst_md},
    {dnnl_query_diff_src_md, dnnl_query_weights_md, dnnl_query_diff_dst_md},
    {dnnl_query_src_md, dnnl_query_diff_weights_md, dnnl_query_diff_dst_md}};
static const int arguments[3][OPERANDS] = {
    {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST},
    {DNNL_ARG_DIFF_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DIFF_DST},
    {DNNL_ARG_SRC, DNNL_ARG_DIFF_WEIGHTS, DNNL_ARG_DIFF_DST}};
/* The operand that a direction writes. */
static const int results[3] = {DESTINATION, SOURCE, WEIGHTS};

static size_t rounded(size_t bytes) { return (bytes + 63) / 64 * 64; }

/* The layouts that the rest of the network uses for a direction's operands. */
typedef struct {
  ck_layout outer[OPERANDS]; /* as neighbours hold them; the weights plain */
  ck_layout asked[OPERANDS]; /* as the primitive is asked for; the weights free */
  ck_layout free[OPERANDS];  /* everything free */
} layouts;

static void layouts_destroy(layouts *all) {
  for (int i = 0; i < OPERANDS; i++) {
    ck_layout_destroy(all->outer[i]);
    ck_layout_destroy(all->asked[i]);
    ck_layout_destroy(all->free[i]);
  }
}

/* Whether oneDNN's bf16 weight gradients are wrong for a shape, so that fp32 ones take their place.
 *
 * 2.6.3 (jit_bf16:avx512_core_bf16) sums what was in its scratch memory, or writes beside it, for
 * strided kernels over inputs that are no longer than the kernel on some axis: 3x3x3 over three
 * frames, 7x7x7 over two, a height or width of one. 3.13.3 does so without a stride, over two
 * frames. Tests/ModelTests/KernelsConvolutionTests.swift covers them all. */
static int needs_wide_weight_gradient(const ck_convolution_shape *shape) {
  const int32_t input[3] = {shape->t, shape->h, shape->w};
  int is_strided = DNNL_VERSION_MAJOR >= 3, is_short = 0;
  for (int i = 0; i < 3; i++) {
    if (shape->stride[i] > 1) is_strided = 1;
    if (shape->kernel[i] > 1 && input[i] <= shape->kernel[i]) is_short = 1;
  }
  return shape->type == CK_BF16 && is_strided && is_short;
}

static int layouts_create(layouts *all, const ck_convolution_shape *shape, ck_direction direction,
                          const ck_window *window) {
  const int64_t source[5] = {shape->n, shape->c, shape->t, shape->h, shape->w};
  const int64_t weights[5] = {shape->o, shape->c, shape->kernel[0], shape->kernel[1],
                              shape->kernel[2]};
  int64_t destination[5] = {shape->n, shape->o, 0, 0, 0};
  for (int i = 0; i < 3; i++) {
    destination[2 + i] = (source[2 + i] + window->padding_before[i] + window->padding_after[i] -
                          weights[2 + i]) / window->strides[i] + 1;
  }
  const dnnl_data_type_t type = shape->type == CK_F32 ? dnnl_f32 : dnnl_bf16;
  /* What the primitive computes with; the neighbours hold `type`. */
  const dnnl_data_type_t inner =
      direction == CK_BACKWARD_WEIGHTS && needs_wide_weight_gradient(shape) ? dnnl_f32 : type;
  const dnnl_data_type_t weight_type = direction == CK_BACKWARD_WEIGHTS ? dnnl_f32 : type;
  const dnnl_format_tag_t source_tag = shape->is_first ? dnnl_ncdhw : dnnl_ndhwc;
  memset(all, 0, sizeof *all);
  all->outer[SOURCE] = ck_layout_create(5, source, type, source_tag);
  all->outer[WEIGHTS] = ck_layout_create(5, weights, dnnl_f32, dnnl_oidhw);
  all->outer[DESTINATION] = ck_layout_create(5, destination, type, dnnl_ndhwc);
  all->asked[SOURCE] = ck_layout_create(5, source, inner, source_tag);
  all->asked[WEIGHTS] = ck_layout_create(5, weights, weight_type, dnnl_format_tag_any);
  all->asked[DESTINATION] = ck_layout_create(5, destination, inner, dnnl_ndhwc);
  all->free[SOURCE] = ck_layout_create(5, source, inner, dnnl_format_tag_any);
  all->free[WEIGHTS] = ck_layout_create(5, weights, weight_type, dnnl_format_tag_any);
  all->free[DESTINATION] = ck_layout_create(5, destination, inner, dnnl_format_tag_any);
  for (int i = 0; i < OPERANDS; i++) {
    if (!all->outer[i] || !all->asked[i] || !all->free[i]) return 0;
  }
  return 1;
}

static int is_reference(const_dnnl_primitive_desc_t description) {
  const char *name = "ref";
  dnnl_primitive_desc_query(description, dnnl_query_impl_info_str, 0, &name);
  return strncmp(name, "ref", 3) == 0;
}

/* Describes a direction, first with the layouts asked for, then with free ones. */
static dnnl_status_t describe(dnnl_primitive_desc_t *out, ck_direction direction, int is_training,
                              const layouts *all, const ck_window *window,
                              const_dnnl_primitive_attr_t attributes,
                              const_dnnl_primitive_desc_t hint) {
  dnnl_status_t status = ck_convolution_describe(
      out, direction, is_training, all->asked[SOURCE], all->asked[WEIGHTS],
      all->asked[DESTINATION], window, attributes, hint);
  if (status == dnnl_success && !is_reference(*out)) return status;
  if (status == dnnl_success) dnnl_primitive_desc_destroy(*out);
  return ck_convolution_describe(out, direction, is_training, all->free[SOURCE],
                                 all->free[WEIGHTS], all->free[DESTINATION], window, attributes,
                                 hint);
}

static dnnl_status_t reorder_create(dnnl_primitive_t *out, ck_layout from, ck_layout to) {
  dnnl_primitive_desc_t description;
  dnnl_primitive_attr_t attributes;
  dnnl_status_t status = dnnl_primitive_attr_create(&attributes);
  if (status) return status;
  dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_library);
  status = dnnl_reorder_primitive_desc_create(&description, from, ck_engine(), to, ck_engine(),
                                              attributes);
  dnnl_primitive_attr_destroy(attributes);
  if (status) return status;
  status = dnnl_primitive_create(out, description);
  dnnl_primitive_desc_destroy(description);
  return status;
}

static dnnl_status_t operand_create(operand *it, ck_direction direction, int which,
                                    ck_layout outer, ck_layout inner, size_t *scratch) {
  it->argument = arguments[direction][which];
  dnnl_status_t status = ck_memory_create(&it->inner, inner);
  const int is_packed = which == WEIGHTS && direction != CK_BACKWARD_WEIGHTS;
  if (status || is_packed || ck_layouts_equal(outer, inner)) return status;
  it->bytes = rounded(ck_layout_bytes(inner));
  it->offset = *scratch;
  *scratch += it->bytes;
  if ((status = ck_memory_create(&it->outer, outer))) return status;
  return results[direction] == which ? reorder_create(&it->reorder, inner, outer)
                                     : reorder_create(&it->reorder, outer, inner);
}

static dnnl_status_t plan_create(direction_plan *plan, ck_direction direction,
                                 const ck_convolution_shape *shape, const ck_window *window,
                                 const_dnnl_primitive_attr_t attributes,
                                 const_dnnl_primitive_desc_t hint) {
  layouts all;
  dnnl_status_t status = dnnl_invalid_arguments;
  if (!layouts_create(&all, shape, direction, window)) goto done;
  status = describe(&plan->description, direction, shape->is_training, &all, window, attributes,
                    hint);
  if (status) goto done;
  dnnl_primitive_desc_query(plan->description, dnnl_query_impl_info_str, 0, &plan->implementation);
  if ((status = dnnl_primitive_create(&plan->primitive, plan->description))) goto done;
  ck_layout scratchpad = ck_layout_of(plan->description, dnnl_query_scratchpad_md);
  if ((status = ck_memory_create(&plan->scratchpad, scratchpad))) goto done;
  plan->scratch_bytes = rounded(ck_layout_bytes(scratchpad));
  for (int i = 0; i < OPERANDS; i++) {
    ck_layout inner = ck_layout_of(plan->description, queries[direction][i]);
    status = operand_create(&plan->operands[i], direction, i, all.outer[i], inner,
                            &plan->scratch_bytes);
    if (status) goto done;
  }
  if (direction != CK_BACKWARD_WEIGHTS) {
    ck_layout packed = ck_layout_of(plan->description, dnnl_query_weights_md);
    plan->packed_bytes = rounded(ck_layout_bytes(packed));
    if ((status = ck_memory_create(&plan->plain_weights, all.outer[WEIGHTS]))) goto done;
    if ((status = ck_memory_create(&plan->packed_weights, packed))) goto done;
    status = reorder_create(&plan->pack, all.outer[WEIGHTS], packed);
  }
done:
  layouts_destroy(&all);
  return status;
}

static ck_window window_of(const ck_convolution_shape *shape) {
  ck_window window = {.dilations = {0, 0, 0}};
  for (int i = 0; i < 3; i++) {
    window.strides[i] = shape->stride[i];
    window.padding_before[i] = window.padding_after[i] = shape->padding[i];
  }
  return window;
}

static void plan_destroy(direction_plan *plan) {
  for (int i = 0; i < OPERANDS; i++) {
    operand *each = &plan->operands[i];
    if (each->reorder) dnnl_primitive_destroy(each->reorder);
    if (each->outer) dnnl_memory_destroy(each->outer);
    if (each->inner) dnnl_memory_destroy(each->inner);
  }
  if (plan->pack) dnnl_primitive_destroy(plan->pack);
  if (plan->plain_weights) dnnl_memory_destroy(plan->plain_weights);
  if (plan->packed_weights) dnnl_memory_destroy(plan->packed_weights);
  if (plan->scratchpad) dnnl_memory_destroy(plan->scratchpad);
  if (plan->primitive) dnnl_primitive_destroy(plan->primitive);
  if (plan->description) dnnl_primitive_desc_destroy(plan->description);
  *plan = (direction_plan){0};
}

/* Whether a weight gradient is better left to planes_gradient.h. */
static int is_for_planes(const direction_plan *plan, const ck_convolution_shape *shape) {
  const int is_gemm = strstr(plan->implementation, "gemm") != NULL;
  return (is_gemm || shape->is_narrow) && ck_planes_gradient_suits(shape);
}

static ck_convolution *create(const ck_convolution_shape *shape, ck_message *why) {
  ck_convolution *it = calloc(1, sizeof *it);
  dnnl_primitive_attr_t attributes = NULL;
  dnnl_status_t status = dnnl_out_of_memory;
  int direction = CK_FORWARD;
  if (!it || dnnl_primitive_attr_create(&attributes)) goto failed;
  it->shape = *shape;
  dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user);
  if ((status = dnnl_stream_create(&it->stream, ck_engine(), dnnl_stream_default_flags))) {
    goto failed;
  }
  const ck_window window = window_of(shape);
  for (; direction <= (shape->is_training ? CK_BACKWARD_WEIGHTS : CK_FORWARD); direction++) {
    if (shape->is_first && direction == CK_BACKWARD_DATA) continue;
    direction_plan *plan = &it->plans[direction];
    if (ck_winograd_plan_make(&it->winograd[direction], shape, (ck_direction)direction)) {
      plan->scratch_bytes = it->winograd[direction].scratch_bytes;
      plan->packed_bytes = it->winograd[direction].packed_bytes;
      plan->implementation = it->winograd[direction].name;
    } else {
      /* No hint where the forward pass is another type's, or not oneDNN's. */
      status = plan_create(plan, (ck_direction)direction, shape, &window, attributes,
                           needs_wide_weight_gradient(shape) ? NULL
                                                             : it->plans[CK_FORWARD].description);
      if (status) goto failed;
      if (direction == CK_BACKWARD_WEIGHTS && is_for_planes(plan, shape)) {
        plan_destroy(plan);
        it->has_planes_gradient = 1;
        plan->implementation = "planes avx2";
        plan->scratch_bytes = ck_planes_gradient_bytes(shape);
      }
    }
    if (plan->scratch_bytes > it->scratch_bytes) it->scratch_bytes = plan->scratch_bytes;
  }
  dnnl_primitive_attr_destroy(attributes);
  return it;
failed:
  snprintf(why->text, sizeof why->text,
           "oneDNN refuses direction %d of a convolution %dx%dx%dx%dx%d to %d channels (status %d)",
           direction, shape->n, shape->c, shape->t, shape->h, shape->w, shape->o, (int)status);
  if (attributes) dnnl_primitive_attr_destroy(attributes);
  ck_convolution_destroy(it);
  return NULL;
}

/* One at a time in a process: while oneDNN before 3.1 describes a convolution, a variable that all
 * threads share says how many channels a block's end is rounded to, 1 in fp32 and 2 in bf16
 * (uxlfoundation/oneDNN commit 63374605ab). With one thread in either type a kernel came out, once in
 * some hundred times, that computes something else: Tests/Sanitize/creation.c. */
ck_convolution *ck_convolution_create(const ck_convolution_shape *shape, ck_message *why) {
  static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
  pthread_mutex_lock(&one_at_a_time);
  ck_convolution *it = create(shape, why);
  pthread_mutex_unlock(&one_at_a_time);
  return it;
}

void ck_convolution_destroy(ck_convolution *it) {
  if (!it) return;
  for (int direction = 0; direction < 3; direction++) plan_destroy(&it->plans[direction]);
  if (it->stream) dnnl_stream_destroy(it->stream);
  free(it);
}

size_t ck_convolution_scratch_bytes(const ck_convolution *it) { return it->scratch_bytes; }

size_t ck_convolution_packed_bytes(const ck_convolution *it, ck_direction direction) {
  return it->plans[direction].packed_bytes;
}

const char *ck_convolution_implementation(const ck_convolution *it, ck_direction direction) {
  const char *name = it->plans[direction].implementation;
  return name ? name : "none";
}

static int reorder(ck_convolution *it, dnnl_primitive_t primitive, dnnl_memory_t from,
                   dnnl_memory_t to) {
  const dnnl_exec_arg_t list[2] = {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}};
  return (int)dnnl_primitive_execute(primitive, it->stream, 2, list);
}

/* The plan of a direction by Winograd's method, or NULL. */
static const ck_winograd_plan *plan_of(const ck_convolution *it, ck_direction direction) {
  return it->winograd[direction].name ? &it->winograd[direction] : NULL;
}

int ck_convolution_pack(ck_convolution *it, ck_direction direction, const float *weights,
                        void *packed) {
  direction_plan *plan = &it->plans[direction];
  if (plan_of(it, direction)) {
    ck_winograd_plan_pack(plan_of(it, direction), weights, packed);
    return 0;
  }
  dnnl_memory_set_data_handle(plan->plain_weights, (void *)weights);
  dnnl_memory_set_data_handle(plan->packed_weights, packed);
  return reorder(it, plan->pack, plan->plain_weights, plan->packed_weights);
}

/* Runs a direction on its three operands, with reorders where the layouts differ. */
static int run(ck_convolution *it, ck_direction direction, const void *source, const void *weights,
               const void *destination, void *scratch) {
  direction_plan *plan = &it->plans[direction];
  const void *data[OPERANDS] = {source, weights, destination};
  dnnl_exec_arg_t list[OPERANDS + 1];
  int status = 0;
  for (int i = 0; i < OPERANDS; i++) {
    operand *each = &plan->operands[i];
    if (each->reorder) {
      dnnl_memory_set_data_handle(each->outer, (void *)data[i]);
      dnnl_memory_set_data_handle(each->inner, (char *)scratch + each->offset);
      if (i != results[direction]) status = reorder(it, each->reorder, each->outer, each->inner);
      if (status) return status;
    } else {
      dnnl_memory_set_data_handle(each->inner, (void *)data[i]);
    }
    list[i] = (dnnl_exec_arg_t){each->argument, each->inner};
  }
  dnnl_memory_set_data_handle(plan->scratchpad, scratch);
  list[OPERANDS] = (dnnl_exec_arg_t){DNNL_ARG_SCRATCHPAD, plan->scratchpad};
  status = (int)dnnl_primitive_execute(plan->primitive, it->stream, OPERANDS + 1, list);
  operand *result = &plan->operands[results[direction]];
  if (!status && result->reorder) {
    status = reorder(it, result->reorder, result->inner, result->outer);
  }
  return status;
}

int ck_convolution_forward(ck_convolution *it, const void *source, const void *packed,
                           void *destination, void *scratch) {
  if (plan_of(it, CK_FORWARD)) {
    ck_winograd_plan_run(plan_of(it, CK_FORWARD), source, packed, destination, scratch);
    return 0;
  }
  return run(it, CK_FORWARD, source, packed, destination, scratch);
}

int ck_convolution_backward_data(ck_convolution *it, const void *destination_gradient,
                                 const void *packed, void *source_gradient, void *scratch) {
  if (plan_of(it, CK_BACKWARD_DATA)) {
    ck_winograd_plan_run(plan_of(it, CK_BACKWARD_DATA), destination_gradient, packed,
                         source_gradient, scratch);
    return 0;
  }
  return run(it, CK_BACKWARD_DATA, source_gradient, packed, destination_gradient, scratch);
}

int ck_convolution_backward_weights(ck_convolution *it, const void *source,
                                    const void *destination_gradient, float *weights_gradient,
                                    void *scratch) {
  if (plan_of(it, CK_BACKWARD_WEIGHTS)) {
    ck_winograd_plan_run(plan_of(it, CK_BACKWARD_WEIGHTS), source, destination_gradient,
                         weights_gradient, scratch);
    return 0;
  }
  if (it->has_planes_gradient) {
    ck_planes_gradient_run(&it->shape, source, destination_gradient, weights_gradient, scratch);
    return 0;
  }
  return run(it, CK_BACKWARD_WEIGHTS, source, weights_gradient, destination_gradient, scratch);
}
