/* Winograd's method for the gradient with respect to the weights.
 *
 * A block is a number of clips, rows of tiles and frames of the output: several clips only with all
 * rows, several rows only with all frames. Its inputs (all that its outputs meet in the clip) and
 * gradients are transformed; then, point by point, outer products are summed over its tiles. A
 * segment is a row of tiles of one clip through the block's frames. The inputs of one temporal tap
 * lie one after the other in it (with stride 2, odd frames lie before even ones), so that a tap only
 * moves their start. So tiles are summed clip by clip, row by row, frame by frame, in whatever blocks
 * they come. Where one block holds everything, the sums of 32 output channels are turned into
 * weights at once and their memory is used again. */
#include "winograd.h"

#include <string.h>

typedef struct {
  int32_t row; /* words of a row of tiles (bf16: pairs of tiles) */
  int32_t met; /* the most frames of input that a block's frames of output meet */
  int64_t input_segment, gradient_segment;
  int64_t input_block, input_point, gradient_block, gradient_point;
  int64_t sum_point, sum_block; /* between points and blocks of 32 outputs */
  int64_t input_words, gradient_words, sum_words;
  int is_whole; /* one block holds everything */
} arena;

static arena arena_of(const ck_winograd_shape *shape, const ck_blocking *blocking) {
  const int points = ck_points_of(shape->form);
  const int32_t inputs = shape->input.c, outputs = ck_quotient_up(shape->output.c, 32);
  arena it;
  it.row = ck_quotient_up(ck_tiles_across(shape), shape->form->computed == CK_F32 ? 1 : 2);
  it.met = ck_smaller(shape->form->stride * (blocking->frames - 1) + 3, shape->input.t);
  it.input_segment = (int64_t)it.met * it.row * 16;
  it.gradient_segment = (int64_t)blocking->frames * it.row * 32;
  it.is_whole = blocking->clips >= shape->n && blocking->tile_rows >= ck_tiles_down(shape) &&
                blocking->frames >= shape->output.t;
  const int64_t segments = (int64_t)blocking->clips * blocking->tile_rows;
  it.input_block = segments * it.input_segment;
  it.input_point = it.input_block * (inputs / 16) + 48;
  it.gradient_block = segments * it.gradient_segment;
  it.gradient_point = it.gradient_block * outputs + 48;
  it.sum_point = (int64_t)ck_weights_of(shape).taps * inputs * 32 + 48;
  it.sum_block = it.sum_point * points;
  it.input_words = it.input_point * points;
  it.gradient_words = it.gradient_point * points;
  it.sum_words = it.sum_block * (it.is_whole ? 1 : outputs);
  return it;
}

int64_t ck_winograd_gradient_words(const ck_winograd_shape *shape, const ck_blocking *blocking) {
  const arena it = arena_of(shape, blocking);
  return it.input_words + it.gradient_words + it.sum_words +
         ck_strip_words(shape->form, ck_tiles_across(shape));
}

typedef struct {
  const ck_winograd_shape *shape;
  const arena *arena;
  float *input, *gradient, *sums, *strip;
  int32_t clip, clips, tile_row, tile_rows, frame, frames; /* the block */
  int32_t met, met_end;                                    /* the frames of input that it meets */
} work;

/* Transforms one frame of the block's clips and rows of tiles, each to its segment. */
static void transform_frame(const work *it, ck_transform which, const void *data,
                            const ck_extent *extent, int32_t frame, int64_t segment,
                            ck_points points) {
  const ck_form *form = it->shape->form;
  const int64_t plane = (int64_t)extent->h * extent->w * extent->c;
  const size_t width = form->stored == CK_F32 ? 4 : 2;
  for (int32_t n = it->clip; n < it->clip + it->clips; n++) {
    const size_t at = (size_t)(((int64_t)n * extent->t + frame) * plane);
    for (int32_t r = 0; r < it->tile_rows; r++) {
      const ck_tiles tiles = {extent->h, extent->w, extent->c, it->tile_row + r,
                              ck_tiles_across(it->shape)};
      form->transform(which, (const char *)data + at * width, &tiles, &points, it->strip);
      points.first += segment;
    }
  }
}

/* The place of a frame of input among those that the block meets. */
static int32_t slot_of(const work *it, int32_t frame) {
  if (it->shape->form->stride == 1) return frame - it->met;
  const int32_t odd = it->met_end / 2 - it->met / 2; /* how many of them */
  return frame % 2 ? frame / 2 - it->met / 2 : odd + frame / 2 - (it->met + 1) / 2;
}

static void transform_block(const work *it, const void *source, const void *gradient) {
  const ck_winograd_shape *shape = it->shape;
  const arena *arena = it->arena;
  for (int32_t frame = it->met; frame < it->met_end; frame++) {
    float *to = it->input + (int64_t)slot_of(it, frame) * arena->row * 16;
    transform_frame(it, CK_INPUT_PAIRED, source, &shape->input, frame, arena->input_segment,
                    (ck_points){to, arena->input_point, 2 * arena->input_block,
                                arena->input_block, 16});
  }
  for (int32_t f = 0; f < it->frames; f++) {
    float *to = it->gradient + (int64_t)f * arena->row * 32;
    transform_frame(it, CK_GRADIENT_PAIRED, gradient, &shape->output, it->frame + f,
                    arena->gradient_segment,
                    (ck_points){to, arena->gradient_point, arena->gradient_block, 16, 32});
  }
}

/* Sums the outer products of the block for 32 (or the last 16) output channels. */
static void sum_products(const work *it, int32_t output, int is_first, float *sums) {
  const ck_winograd_shape *shape = it->shape;
  const int32_t channels = shape->input.c, stride = shape->form->stride;
  const int points = ck_points_of(shape->form), first_tap = ck_weights_of(shape).taps == 1;
  const int width = ck_smaller(32, shape->output.c - output * 32);
  for (int p = 0; p < points; p++) {
    const float *input = it->input + p * it->arena->input_point;
    const float *gradient =
        it->gradient + p * it->arena->gradient_point + output * it->arena->gradient_block;
    for (int k = first_tap; k < 3 - first_tap; k++) {
      /* The frames of the block whose input at this tap is inside the clip. */
      int32_t start = 0, end = it->frames;
      while (start < end && (it->frame + start) * stride + k - 1 < 0) start++;
      while (end > start && (it->frame + end - 1) * stride + k - 1 >= shape->input.t) end--;
      float *to = sums + p * it->arena->sum_point + (int64_t)(k - first_tap) * channels * 32;
      if (end <= start) {
        if (is_first) memset(to, 0, (size_t)channels * 32 * sizeof *to);
        continue;
      }
      const int64_t slot = slot_of(it, (it->frame + start) * stride + k - 1);
      ck_outer outer = {.a = input + slot * it->arena->row * 16,
                        .b = gradient + (int64_t)start * it->arena->row * 32,
                        .a_step = it->arena->input_segment,
                        .b_step = it->arena->gradient_segment,
                        .segments = it->clips * it->tile_rows,
                        .words = (end - start) * it->arena->row};
      for (int32_t q = 0; q < channels / 16; q++, outer.a += it->arena->input_block) {
        shape->form->accumulate(width, &outer, is_first, to + q * 16 * 32);
      }
    }
  }
}

void ck_winograd_gradient(const ck_winograd_shape *shape, const ck_blocking *blocking,
                          const void *source, const void *destination_gradient,
                          float *weights_gradient, float *scratch) {
  const arena arena = arena_of(shape, blocking);
  const int32_t rows_of_tiles = ck_tiles_down(shape), frames = shape->output.t;
  const int32_t outputs = ck_quotient_up(shape->output.c, 32), stride = shape->form->stride;
  const ck_weights weights = ck_weights_of(shape);
  work it = {.shape = shape, .arena = &arena};
  it.input = scratch;
  it.gradient = it.input + arena.input_words;
  it.sums = it.gradient + arena.gradient_words;
  it.strip = it.sums + arena.sum_words;
  int is_first = 1;
  for (it.clip = 0; it.clip < shape->n; it.clip += blocking->clips) {
    it.clips = ck_smaller(blocking->clips, shape->n - it.clip);
    for (it.tile_row = 0; it.tile_row < rows_of_tiles; it.tile_row += blocking->tile_rows) {
      it.tile_rows = ck_smaller(blocking->tile_rows, rows_of_tiles - it.tile_row);
      for (it.frame = 0; it.frame < frames; it.frame += blocking->frames) {
        it.frames = ck_smaller(blocking->frames, frames - it.frame);
        it.met = it.frame == 0 ? 0 : it.frame * stride - 1;
        it.met_end = ck_smaller((it.frame + it.frames - 1) * stride + 2, shape->input.t);
        transform_block(&it, source, destination_gradient);
        for (int32_t output = 0; output < outputs; output++) {
          float *sums = it.sums + (arena.is_whole ? 0 : output * arena.sum_block);
          sum_products(&it, output, is_first, sums);
          if (arena.is_whole) shape->form->unpack(sums, output * 32, &weights, weights_gradient);
        }
        is_first = 0;
      }
    }
  }
  for (int32_t output = 0; output < outputs && !arena.is_whole; output++) {
    shape->form->unpack(it.sums + output * arena.sum_block, output * 32, &weights,
                        weights_gradient);
  }
}
