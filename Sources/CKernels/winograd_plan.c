/* Where Winograd's method is used unless somebody has measured, in which blocks, and what a direction
 * of a convolution needs.
 *
 * The first two are rules in the shape alone, derived from timings of r3d_18's layers (AMD Zen 4,
 * oneDNN 2.6.3, one thread); `kindreel bench layers` prints what they choose and how fast it is.
 * Blocks change no bit. */
#include "onednn.h"
#include "winograd.h"

#if defined(__x86_64__)
static const ck_form *find(const ck_form *forms, int count, const ck_convolution_shape *shape,
                           int rows, int columns) {
  for (int i = 0; i < count; i++) {
    const ck_form *it = &forms[i];
    if (it->stored == shape->type && it->rows == rows && it->columns == columns &&
        it->stride == shape->stride[0]) {
      return it;
    }
  }
  return NULL;
}

/* The form that a direction's method names, on this CPU; NULL where there is none. */
static const ck_form *form_of(const ck_convolution_shape *shape, ck_direction direction) {
  const ck_method method = shape->methods[direction];
  const int is_strided = shape->stride[0] != 1;
  const int rows = is_strided || method == CK_F2 ? 2 : 4;
  const int columns = is_strided || method != CK_F4 ? 2 : 4;
  if (method == CK_DIRECT) return NULL;
  /* Bought for its accuracy; in fp32 and with stride 2 it would be slower than a direct method. */
  if (is_strided && shape->type == CK_BF16 && method == CK_F4) return NULL;
  const ck_form *form = NULL;
  if (!shape->is_narrow && ck_has_isa(dnnl_cpu_isa_avx512_core_bf16)) {
    form = find(ck_forms_bf16, CK_FORMS_BF16, shape, rows, columns);
  }
  if (!form && !shape->is_narrow && ck_has_isa(dnnl_cpu_isa_avx512_core)) {
    form = find(ck_forms_avx512, CK_FORMS_AVX512, shape, rows, columns);
  }
  if (!form && ck_has_isa(dnnl_cpu_isa_avx2)) {
    form = find(ck_forms_avx2, CK_FORMS_AVX2, shape, rows, columns);
  }
  return form;
}
#else
static const ck_form *form_of(const ck_convolution_shape *shape, ck_direction direction) {
  (void)shape, (void)direction;
  return NULL;
}
#endif

/* Whether kernel, stride, padding and channels allow Winograd's method. */
static int is_possible(const ck_convolution_shape *shape) {
  for (int i = 0; i < 3; i++) {
    if (shape->kernel[i] != 3 || shape->padding[i] != 1) return 0;
    if (shape->stride[i] != shape->stride[0] || shape->stride[i] > 2) return 0;
  }
  return !shape->is_first && shape->c % 16 == 0 && shape->o % 16 == 0;
}

/* Taps that fall inside a side of a frame, over all outputs. */
static int64_t taps_inside(int32_t input, int32_t output, int32_t stride) {
  const int32_t last = (output - 1) * stride; /* where the last output's middle tap falls */
  return (int64_t)3 * output - 1 - (last + 1 >= input);
}

/* Packed weights above this are too large to be kept for every layer. */
static int packs_late(const ck_winograd_shape *shape) { return ck_packed_words(shape) > 8 << 20; }

/* Whether it is expected to be faster; a function of h, w, channels, stride and type alone, so that
 * neither the clips of a microbatch nor the machine's load change bits. */
static int is_faster(const ck_winograd_shape *shape) {
  const ck_form *form = shape->form;
  const ck_extent *input = &shape->input, *output = &shape->output;
  /* Pairs of channels, and of those that words and registers have room for in bf16. */
  const int is_padded = form->computed == CK_BF16 && shape->direction != CK_BACKWARD_WEIGHTS;
  const int64_t channels = (int64_t)input->c * output->c;
  const int64_t room = is_padded ? (int64_t)ck_quotient_up(input->c, 32) * 32 *
                                       ck_quotient_up(output->c, 32) * 32
                                 : channels;
  /* A product of floats takes as long as two of bf16. */
  const int64_t cost = form->computed == form->stored ? 1 : 2;
  /* And weights that are packed late, in fp32, are as much to read as to multiply. */
  if (cost == 2 && shape->direction != CK_BACKWARD_WEIGHTS && packs_late(shape)) return 0;
  /* Products in a frame: a direct method skips the taps that fall outside. */
  const int64_t direct = taps_inside(input->h, output->h, form->stride) *
                         taps_inside(input->w, output->w, form->stride) * channels;
  const int64_t ours = (int64_t)ck_points_of(form) * ck_tiles_down(shape) *
                       ck_tiles_across(shape) * room * cost;
  /* oneDNN's weight gradients with stride 2 reach two thirds of the direct limit at best, and a
   * tenth at few positions. */
  const int is_slow = shape->direction == CK_BACKWARD_WEIGHTS && form->stride == 2;
  return 4 * direct >= (is_slow ? 4 : 5) * ours;
}

static int32_t larger(int32_t one, int32_t other) { return one > other ? one : other; }

/* The fewest parts of `each` that reach `wanted`, at most `most`. */
static int32_t parts(int32_t wanted, int32_t each, int32_t most) {
  return ck_smaller(most, ck_quotient_up(wanted, larger(each, 1)));
}

/* A block for backward weights: frames of one row of tiles, or rows of one clip, or clips. */
static ck_blocking gradient_block(const ck_winograd_shape *shape, int32_t frames, int32_t tiles) {
  const int32_t row = ck_tiles_across(shape);
  ck_blocking it = {1, 1, ck_smaller(frames, shape->output.t), 1, 0};
  if (it.frames < shape->output.t) return it;
  it.tile_rows = parts(tiles, it.frames * row, ck_tiles_down(shape));
  if (it.tile_rows < ck_tiles_down(shape)) return it;
  it.clips = parts(tiles, it.frames * row * it.tile_rows, shape->n);
  return it;
}

/* Backward weights: blocks of at least 112 tiles (then reading and writing the sums, as large as
 * the transformed weights, is hidden), or everything at once where that needs little memory, or
 * where the sums are too large for the caches but a block of 32 outputs is not. */
static ck_blocking gradient_blocking(const ck_winograd_shape *shape) {
  enum { TILES = 112, FRAMES = 16 };
  const int64_t megabyte = 1 << 18; /* in words */
  const int32_t outputs = ck_quotient_up(shape->output.c, 32);
  const ck_blocking whole = {shape->n, ck_tiles_down(shape), shape->output.t, 1, 0};
  /* Nearly the words of all sums. */
  const int64_t sums =
      ck_weight_stride(CK_F32, shape->input.c, ck_weights_of(shape).taps) *
      ck_points_of(shape->form) * outputs;
  const int64_t transformed = ck_winograd_gradient_words(shape, &whole) - sums / outputs;
  if (transformed <= 4 * megabyte || (sums > 16 * megabyte && transformed <= 24 * megabyte)) {
    return whole;
  }
  const int32_t frames = larger(FRAMES, ck_quotient_up(TILES, ck_tiles_across(shape)));
  const int32_t blocks = larger(1, shape->output.t / frames); /* of about equal length */
  return gradient_block(shape, ck_quotient_up(shape->output.t, blocks), TILES);
}

static ck_blocking blocking_of(const ck_winograd_shape *shape) {
  /* A panel of tiles fills the registers; more are wanted where weights come from memory. */
  enum { TILES = 14, TILES_OF_LARGE = 64 };
  const int64_t megabyte = 1 << 18; /* in words */
  if (shape->direction == CK_BACKWARD_WEIGHTS) return gradient_blocking(shape);
  const int32_t rows = ck_tiles_down(shape), row = ck_tiles_across(shape);
  const int32_t frames = ck_result(shape)->t;
  const int64_t weights = ck_packed_words(shape);
  ck_blocking it = {1, 1, ck_smaller(frames, 4),
                    ck_smaller(2, ck_quotient_up(ck_result(shape)->c, 32)), 0};
  it.tile_rows = parts(TILES, row, rows);
  it.clips = parts(TILES, row * it.tile_rows, shape->n);
  if (weights > 8 * megabyte) {
    it.clips = parts(TILES_OF_LARGE, row * it.tile_rows * it.frames, shape->n);
  } else {
    const int64_t slot = (int64_t)ck_points_of(shape->form) * it.clips * it.tile_rows * row *
                         ck_source(shape)->c / (shape->form->computed == CK_F32 ? 1 : 2);
    if (6 * slot > megabyte) it.frames = ck_smaller(frames, 2);
  }
  /* Made again for each block of outputs, which is as quick where one block holds all tiles. */
  if (packs_late(shape) && row * rows * shape->n * frames <= 256) {
    it = (ck_blocking){shape->n, rows, frames, 1, 1};
  }
  return it;
}

/* Blocks of so many tiles, where a test asks for them. */
static ck_blocking blocking_by_tiles(const ck_winograd_shape *shape, int32_t tiles) {
  const int32_t row = ck_tiles_across(shape);
  if (shape->direction == CK_BACKWARD_WEIGHTS) {
    return gradient_block(shape, ck_quotient_up(tiles, row), tiles);
  }
  const int32_t rows = parts(tiles, row, ck_tiles_down(shape));
  const int32_t clips = parts(tiles, row * rows, shape->n);
  const int32_t frames = parts(tiles, row * rows * clips, ck_result(shape)->t);
  return (ck_blocking){clips, rows, frames, 1, packs_late(shape)};
}

int ck_winograd_plan_make(ck_winograd_plan *plan, const ck_convolution_shape *shape,
                          ck_direction direction) {
  const ck_form *form = form_of(shape, direction);
  if (!form || !is_possible(shape)) return 0;
  const int32_t stride = form->stride;
  const ck_extent output = {(shape->t - 1) / stride + 1, (shape->h - 1) / stride + 1,
                            (shape->w - 1) / stride + 1, shape->o};
  plan->shape = (ck_winograd_shape){.form = form,
                                    .direction = direction,
                                    .n = shape->n,
                                    .input = {shape->t, shape->h, shape->w, shape->c},
                                    .output = output};
  if (!shape->is_everywhere && !is_faster(&plan->shape)) return 0;
  plan->name = form->name;
  plan->blocking = shape->block_tiles > 0 ? blocking_by_tiles(&plan->shape, shape->block_tiles)
                                          : blocking_of(&plan->shape);
  plan->scratch_bytes = 4 * (size_t)ck_winograd_scratch_words(&plan->shape, &plan->blocking);
  plan->packed_bytes = 0;
  if (direction != CK_BACKWARD_WEIGHTS && !plan->blocking.packs_late) {
    plan->packed_bytes = (4 * (size_t)ck_packed_words(&plan->shape) + 63) / 64 * 64;
  }
  return 1;
}

void ck_winograd_plan_pack(const ck_winograd_plan *plan, const float *weights, void *packed) {
  const ck_winograd_shape *shape = &plan->shape;
  const ck_weights all = ck_weights_of(shape);
  if (plan->blocking.packs_late) return;
  shape->form->pack(ck_is_turned(shape), weights, &all, 0,
                    ck_quotient_up(ck_result(shape)->c, 32), packed);
}

void ck_winograd_plan_run(const ck_winograd_plan *plan, const void *first, const void *second,
                          void *result, void *scratch) {
  if (plan->shape.direction == CK_BACKWARD_WEIGHTS) {
    ck_winograd_gradient(&plan->shape, &plan->blocking, first, second, result, scratch);
  } else {
    ck_winograd_convolve(&plan->shape, &plan->blocking, first, second, result, scratch);
  }
}
