/* Winograd's method for the gradient with respect to the weights.
 *
 * A block is a number of clips, rows of tiles and frames. Its inputs (with a frame before and after)
 * and gradients are transformed; then, point by point, outer products are summed over its tiles.
 * Since frames lie one after the other, a temporal tap only moves the start of the inputs by one
 * frame. Where one block holds everything, the sums of 32 output channels are turned into weights at
 * once and their memory is used again. */
#include "winograd.h"

#include <string.h>

typedef struct {
  int32_t rows_of_tiles, row; /* rows of tiles of a frame; words of a row (bf16: pairs of tiles) */
  int32_t frame;              /* words rows of a frame of a full block */
  int64_t input_block, input_point, gradient_block, gradient_point;
  int64_t sum_point, sum_block; /* between points and blocks of 32 outputs */
  int64_t input_words, gradient_words, sum_words;
  int is_whole; /* one block holds everything */
} arena;

static arena arena_of(const ck_winograd_shape *shape, const ck_blocking *blocking) {
  const ck_form *form = shape->form;
  const int points = ck_points_of(form);
  arena it;
  it.rows_of_tiles = ck_quotient_up(shape->h, form->rows);
  it.row = ck_quotient_up(ck_quotient_up(shape->w, form->columns),
                          form->computed == CK_F32 ? 1 : 2);
  it.frame = blocking->clips * blocking->tile_rows * it.row;
  it.is_whole = blocking->clips >= shape->n && blocking->tile_rows >= it.rows_of_tiles &&
                blocking->frames >= shape->t;
  it.input_block = (int64_t)it.frame * ck_smaller(shape->t, blocking->frames + 2) * 16;
  it.input_point = it.input_block * (shape->c / 16) + 48;
  it.gradient_block = (int64_t)it.frame * blocking->frames * 32;
  it.gradient_point = it.gradient_block * ck_quotient_up(shape->o, 32) + 48;
  it.sum_point = (int64_t)ck_taps(shape) * shape->c * 32 + 48;
  it.sum_block = it.sum_point * points;
  it.input_words = it.input_point * points;
  it.gradient_words = it.gradient_point * points;
  it.sum_words = it.sum_block * (it.is_whole ? 1 : ck_quotient_up(shape->o, 32));
  return it;
}

int64_t ck_winograd_gradient_words(const ck_winograd_shape *shape, const ck_blocking *blocking) {
  const arena it = arena_of(shape, blocking);
  return it.input_words + it.gradient_words + it.sum_words +
         ck_strip_words(shape->form, shape->w);
}

typedef struct {
  const ck_winograd_shape *shape;
  const arena *arena;
  float *input, *gradient, *sums, *strip;
  int32_t clip, clips, tile_row, tile_rows, frame, frames; /* the block */
  int32_t first, last;                                     /* its frames of input */
  int32_t rows;                                            /* of one of its frames */
} work;

/* Transforms frames first…last - 1 of the block's clips and rows of tiles. */
static void transform_frames(const work *it, ck_transform which, const void *data, int32_t channels,
                             int32_t first, int32_t last, const ck_points *all) {
  const ck_winograd_shape *shape = it->shape;
  const int64_t plane = (int64_t)shape->h * shape->w * channels;
  const size_t width = shape->form->stored == CK_F32 ? 4 : 2;
  ck_points points = *all;
  for (int32_t frame = first; frame < last; frame++) {
    for (int32_t n = it->clip; n < it->clip + it->clips; n++) {
      const size_t at = (size_t)(((int64_t)n * shape->t + frame) * plane);
      for (int32_t r = 0; r < it->tile_rows; r++) {
        const ck_tiles tiles = {shape->h, shape->w, channels, it->tile_row + r};
        shape->form->transform(which, (const char *)data + at * width, &tiles, &points, it->strip);
        points.first += it->arena->row * points.row;
      }
    }
  }
}

/* Sums the outer products of the block for 32 (or the last 16) output channels. */
static void sum_products(const work *it, int32_t output, int is_first, float *sums) {
  const ck_winograd_shape *shape = it->shape;
  const int points = ck_points_of(shape->form), first_tap = ck_taps(shape) == 1;
  const int width = ck_smaller(32, shape->o - output * 32);
  for (int p = 0; p < points; p++) {
    const float *input = it->input + p * it->arena->input_point;
    const float *gradient =
        it->gradient + p * it->arena->gradient_point + output * it->arena->gradient_block;
    for (int k = first_tap; k < 3 - first_tap; k++) {
      /* The frames of the block whose input at this tap is inside the clip. */
      const int32_t start = it->frame + k - 1 < 0 ? 1 : 0;
      const int32_t end = it->frame + it->frames - 1 + k - 1 >= shape->t ? it->frames - 1
                                                                         : it->frames;
      float *to = sums + p * it->arena->sum_point + (int64_t)(k - first_tap) * shape->c * 32;
      if (end <= start) {
        if (is_first) memset(to, 0, (size_t)shape->c * 32 * sizeof *to);
        continue;
      }
      const int64_t shift = (int64_t)(it->frame + start + k - 1 - it->first) * it->rows;
      for (int32_t q = 0; q < shape->c / 16; q++) {
        shape->form->accumulate(width, (int64_t)(end - start) * it->rows,
                                input + q * it->arena->input_block + shift * 16,
                                gradient + (int64_t)start * it->rows * 32, is_first,
                                to + q * 16 * 32);
      }
    }
  }
}

void ck_winograd_gradient(const ck_winograd_shape *shape, const ck_blocking *blocking,
                          const void *source, const void *destination_gradient,
                          float *weights_gradient, float *scratch) {
  const arena arena = arena_of(shape, blocking);
  work it = {.shape = shape, .arena = &arena};
  it.input = scratch;
  it.gradient = it.input + arena.input_words;
  it.sums = it.gradient + arena.gradient_words;
  it.strip = it.sums + arena.sum_words;
  const ck_points inputs = {it.input, arena.input_point, 2 * arena.input_block, arena.input_block,
                            16};
  const ck_points gradients = {it.gradient, arena.gradient_point, arena.gradient_block, 16, 32};
  const int32_t outputs = ck_quotient_up(shape->o, 32);
  const ck_weights weights = {shape->o, shape->c, ck_taps(shape)};
  int is_first = 1;
  for (it.clip = 0; it.clip < shape->n; it.clip += blocking->clips) {
    it.clips = ck_smaller(blocking->clips, shape->n - it.clip);
    for (it.tile_row = 0; it.tile_row < arena.rows_of_tiles; it.tile_row += blocking->tile_rows) {
      it.tile_rows = ck_smaller(blocking->tile_rows, arena.rows_of_tiles - it.tile_row);
      it.rows = it.clips * it.tile_rows * arena.row;
      for (it.frame = 0; it.frame < shape->t; it.frame += blocking->frames) {
        it.frames = ck_smaller(blocking->frames, shape->t - it.frame);
        it.first = it.frame > 0 ? it.frame - 1 : 0;
        it.last = ck_smaller(shape->t, it.frame + it.frames + 1);
        transform_frames(&it, CK_INPUT_PAIRED, source, shape->c, it.first, it.last, &inputs);
        transform_frames(&it, CK_GRADIENT_PAIRED, destination_gradient, shape->o, it.frame,
                         it.frame + it.frames, &gradients);
        for (int32_t output = 0; output < outputs; output++) {
          float *sums = it.sums + (arena.is_whole ? 0 : output * arena.sum_block);
          sum_products(&it, output, is_first, sums);
          if (arena.is_whole) {
            shape->form->unpack(sums, output * 32, &weights, weights_gradient);
          }
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
