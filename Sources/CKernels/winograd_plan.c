/* Where Winograd's method is used, in which blocks, and what a direction of a convolution needs.
 *
 * The first two are rules in the shape alone, derived from timings of r3d_18's layers (AMD Zen 4,
 * oneDNN 2.6.3, one thread); `kindreel bench layers` prints what they choose and how fast it is.
 * Blocks change no bit of forward and backward data; they order the sums of backward weights. */
#include "onednn.h"
#include "winograd.h"

static int has(dnnl_cpu_isa_t isa) {
  return ((unsigned)dnnl_get_effective_cpu_isa() & (unsigned)isa) == (unsigned)isa;
}

static const ck_form *find(const ck_form *forms, int count, ck_type stored, int rows,
                           int columns) {
  for (int i = 0; i < count; i++) {
    const ck_form *it = &forms[i];
    if (it->stored == stored && it->rows == rows && it->columns == columns) return it;
  }
  return NULL;
}

/* The form that a shape's method names, on this CPU; NULL where there is none. */
static const ck_form *form_of(const ck_convolution_shape *shape) {
  const ck_method method = shape->method == CK_FASTEST ? (shape->type == CK_F32 ? CK_F4 : CK_F2)
                                                       : shape->method;
  const int rows = method == CK_F2 ? 2 : 4, columns = method == CK_F4 ? 4 : 2;
  if (method == CK_DIRECT) return NULL;
#if defined(__x86_64__)
  const dnnl_cpu_isa_t wide =
      shape->type == CK_F32 ? dnnl_cpu_isa_avx512_core : dnnl_cpu_isa_avx512_core_bf16;
  if (has(wide) && !shape->is_narrow) {
    return find(ck_forms_avx512, CK_FORMS_WIDE, shape->type, rows, columns);
  }
  if (has(dnnl_cpu_isa_avx2)) {
    return find(ck_forms_avx2, CK_FORMS_NARROW, shape->type, rows, columns);
  }
#endif
  return NULL;
}

/* Whether kernel, stride, padding and channels allow Winograd's method. */
static int is_possible(const ck_convolution_shape *shape) {
  for (int i = 0; i < 3; i++) {
    if (shape->kernel[i] != 3 || shape->stride[i] != 1 || shape->padding[i] != 1) return 0;
  }
  return !shape->is_first && shape->c % 16 == 0 && shape->o % 16 == 0;
}

/* Whether it is expected to be faster; a function of h, w, channels and type alone, so that neither
 * the clips of a microbatch nor the machine's load change bits. */
static int is_faster(const ck_convolution_shape *shape, const ck_form *form,
                     ck_direction direction) {
  /* Channels that are summed, and those that their words have room for. */
  const int32_t summed = direction == CK_BACKWARD_DATA ? shape->o : shape->c;
  const int is_padded = form->computed == CK_BF16 && direction != CK_BACKWARD_WEIGHTS;
  const int32_t room = is_padded ? (summed + 31) / 32 * 32 : summed;
  /* A product of floats takes as long as two of bf16. */
  const int64_t cost = form->computed == form->stored ? 1 : 2;
  /* Products in a frame: a direct method skips the taps that fall outside. */
  const int64_t direct = (int64_t)(3 * shape->h - 2) * (3 * shape->w - 2) * summed;
  const int64_t ours = (int64_t)ck_points_of(form) * ck_quotient_up(shape->h, form->rows) *
                       ck_quotient_up(shape->w, form->columns) * room * cost;
  return 4 * direct >= 5 * ours;
}

static int32_t larger(int32_t one, int32_t other) { return one > other ? one : other; }

/* The fewest parts of `each` that reach `wanted`, at most `most`. */
static int32_t parts(int32_t wanted, int32_t each, int32_t most) {
  return ck_smaller(most, ck_quotient_up(wanted, larger(each, 1)));
}

/* Backward weights: blocks of at least 112 tiles (then reading and writing the sums, as large as
 * the transformed weights, is hidden), or everything at once where that needs little memory, or
 * where the sums are too large for the caches but a block of 32 outputs is not. */
static ck_blocking gradient_blocking(const ck_winograd_shape *shape, int32_t rows, int32_t row) {
  enum { TILES = 112, FRAMES = 16 };
  const int64_t megabyte = 1 << 18; /* in words */
  const ck_blocking whole = {shape->n, rows, shape->t, 1, 0};
  /* Nearly the words of all sums. */
  const int64_t sums = ck_weight_stride(CK_F32, shape->c, ck_taps(shape)) *
                       ck_points_of(shape->form) * ck_quotient_up(shape->o, 32);
  const int64_t transformed =
      ck_winograd_gradient_words(shape, &whole) - sums / ck_quotient_up(shape->o, 32);
  if (transformed <= 4 * megabyte || (sums > 16 * megabyte && transformed <= 24 * megabyte)) {
    return whole;
  }
  ck_blocking it = {1, 1, ck_smaller(shape->t, FRAMES), 1, 0};
  it.tile_rows = parts(TILES, it.frames * row, rows);
  it.clips = parts(TILES, it.frames * row * it.tile_rows, shape->n);
  return it;
}

static ck_blocking blocking_of(const ck_winograd_shape *shape, ck_direction direction) {
  /* A panel of tiles fills the registers; more are wanted where weights come from memory. */
  enum { TILES = 14, TILES_OF_LARGE = 64 };
  const int64_t megabyte = 1 << 18; /* in words */
  const ck_form *form = shape->form;
  const int32_t rows = ck_quotient_up(shape->h, form->rows);
  const int32_t row = ck_quotient_up(shape->w, form->columns);
  if (direction == CK_BACKWARD_WEIGHTS) return gradient_blocking(shape, rows, row);
  const int64_t weights = ck_weight_words(form, shape->c, shape->o, ck_taps(shape));
  ck_blocking it = {1, 1, ck_smaller(shape->t, 4), ck_smaller(2, ck_quotient_up(shape->o, 32)), 0};
  it.tile_rows = parts(TILES, row, rows);
  it.clips = parts(TILES, row * it.tile_rows, shape->n);
  if (weights > 8 * megabyte) {
    it.clips = parts(TILES_OF_LARGE, row * it.tile_rows * it.frames, shape->n);
  } else {
    const int64_t slot = (int64_t)ck_points_of(form) * it.clips * it.tile_rows * row * shape->c /
                         (form->computed == CK_F32 ? 1 : 2);
    if (6 * slot > megabyte) it.frames = ck_smaller(shape->t, 2);
  }
  /* Too large to be kept for every layer: made again for each block of outputs, which is as quick
   * where one block holds all tiles. */
  if (weights > 32 * megabyte && row * rows * shape->n * shape->t <= 256) {
    it = (ck_blocking){shape->n, rows, shape->t, 1, 1};
  }
  return it;
}

int ck_winograd_plan_make(ck_winograd_plan *plan, const ck_convolution_shape *shape,
                          ck_direction direction) {
  const ck_form *form = form_of(shape);
  if (!form || !is_possible(shape)) return 0;
  if (!shape->is_everywhere && !is_faster(shape, form, direction)) return 0;
  const int is_turned = direction == CK_BACKWARD_DATA;
  plan->name = form->name;
  plan->direction = direction;
  plan->shape = (ck_winograd_shape){.form = form,
                                    .n = shape->n,
                                    .t = shape->t,
                                    .h = shape->h,
                                    .w = shape->w,
                                    .c = is_turned ? shape->o : shape->c,
                                    .o = is_turned ? shape->c : shape->o};
  plan->blocking = blocking_of(&plan->shape, direction);
  plan->scratch_bytes =
      4 * (size_t)ck_winograd_scratch_words(&plan->shape, direction, &plan->blocking);
  plan->packed_bytes = 0;
  if (direction != CK_BACKWARD_WEIGHTS && !plan->blocking.packs_late) {
    const int64_t words = ck_weight_words(form, plan->shape.c, plan->shape.o, ck_taps(&plan->shape));
    plan->packed_bytes = (4 * (size_t)words + 63) / 64 * 64;
  }
  return 1;
}

void ck_winograd_plan_pack(const ck_winograd_plan *plan, const float *weights, void *packed) {
  const ck_winograd_shape *shape = &plan->shape;
  const int is_turned = plan->direction == CK_BACKWARD_DATA;
  const ck_weights all = {is_turned ? shape->c : shape->o, is_turned ? shape->o : shape->c,
                          ck_taps(shape)};
  if (plan->blocking.packs_late) return;
  shape->form->pack(is_turned, weights, &all, 0, ck_quotient_up(shape->o, 32), packed);
}

void ck_winograd_plan_run(const ck_winograd_plan *plan, const void *first, const void *second,
                          void *result, void *scratch) {
  if (plan->direction == CK_BACKWARD_WEIGHTS) {
    ck_winograd_gradient(&plan->shape, &plan->blocking, first, second, result, scratch);
  } else {
    ck_winograd_convolve(&plan->shape, plan->direction, &plan->blocking, first, second, result,
                         scratch);
  }
}
