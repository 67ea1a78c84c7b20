/* Winograd's method for a convolution and its gradient with respect to the data.
 *
 * Work goes in blocks of clips and rows of tiles. A block walks through time: every frame is
 * transformed once, into a ring of slots, and used by all frames of the result that it meets. For
 * each block of output channels all points are multiplied, then transformed back at once, so that
 * products never leave the second cache. */
#include "winograd.h"

#include <string.h>

/* The memory of one block. */
typedef struct {
  int32_t rows_of_tiles, tiles_w; /* of a whole frame */
  int32_t tiles;                  /* of one frame of a full block */
  int32_t slots;
  int32_t words;                  /* blocks of 16 words that hold the source's channels */
  int64_t block, point, slot;     /* words between blocks, points and slots */
  int64_t product_point, product_block;
  int64_t source_words, product_words;
  int64_t weight_block; /* words of the weights of 32 outputs */
} arena;

static arena arena_of(const ck_winograd_shape *shape, const ck_blocking *blocking) {
  const int points = ck_points_of(shape->form);
  const ck_extent *source = ck_source(shape);
  const int32_t pace = ck_is_turned(shape) ? 1 : shape->form->stride;
  arena it;
  it.rows_of_tiles = ck_tiles_down(shape);
  it.tiles_w = ck_tiles_across(shape);
  it.tiles = blocking->clips * blocking->tile_rows * it.tiles_w;
  it.slots = ck_smaller(source->t, pace * blocking->frames + 2);
  it.words = ck_quotient_up(source->c, shape->form->computed == CK_F32 ? 16 : 32);
  it.block = (int64_t)it.tiles * 16;
  /* An odd number of cache lines, so that points do not fall into the same sets. */
  it.point = it.block * it.words + (it.tiles * it.words % 2 ? 32 : 48);
  it.slot = it.point * points;
  it.product_point = (int64_t)blocking->frames * it.tiles * 32 + 16;
  it.product_block = it.product_point * points;
  it.source_words = it.slot * it.slots;
  it.product_words = it.product_block * blocking->outputs;
  it.weight_block = ck_packed_stride(shape) * points;
  return it;
}

int64_t ck_winograd_scratch_words(const ck_winograd_shape *shape, const ck_blocking *blocking) {
  if (shape->direction == CK_BACKWARD_WEIGHTS) return ck_winograd_gradient_words(shape, blocking);
  const arena it = arena_of(shape, blocking);
  return it.source_words + it.product_words + (blocking->packs_late ? it.weight_block : 0) +
         ck_strip_words(shape->form, it.tiles_w);
}

/* One call's operands, and the block that is being worked on. */
typedef struct {
  const ck_winograd_shape *shape;
  const arena *arena;
  const float *packed;
  float *source, *products, *strip;
  float *late; /* weights of one block of outputs; NULL where they come packed */
  int32_t clip, clips, tile_row, tile_rows; /* the block */
  int32_t tiles;                            /* of one of its frames */
  int32_t frame, frames;                    /* of the result, now */
} work;

static size_t width_of(const ck_form *form) { return form->stored == CK_F32 ? 4 : 2; }

/* The frame of the source that a frame of the result meets by a temporal tap, or -1. */
static int32_t source_frame(const ck_winograd_shape *shape, int32_t frame, int tap) {
  const int32_t stride = shape->form->stride;
  int32_t at = frame + tap - 1;
  if (!ck_is_turned(shape)) {
    at = frame * stride + tap - 1;
  } else if (at % stride != 0) {
    return -1;
  } else {
    at /= stride;
  }
  return at < 0 || at >= ck_source(shape)->t ? -1 : at;
}

/* The last frame of the source that frames of the result up to this one meet. */
static int32_t last_frame(const ck_winograd_shape *shape, int32_t frame) {
  const int32_t stride = shape->form->stride;
  const int32_t last = ck_is_turned(shape) ? (frame + 1) / stride : frame * stride + 1;
  return ck_smaller(last, ck_source(shape)->t - 1);
}

/* Transforms one frame of the block into its slot. */
static void transform_frame(const work *it, const void *source, int32_t frame) {
  const ck_winograd_shape *shape = it->shape;
  const int is_wide = shape->form->computed == CK_F32;
  const ck_extent *extent = ck_source(shape);
  const ck_transform which = ck_is_turned(shape) ? CK_TURNED : CK_INPUT;
  const int64_t plane = (int64_t)extent->h * extent->w * extent->c;
  float *slot = it->source + frame % it->arena->slots * it->arena->slot;
  for (int32_t n = 0; n < it->clips; n++) {
    const size_t at = (size_t)(((int64_t)(it->clip + n) * extent->t + frame) * plane);
    for (int32_t r = 0; r < it->tile_rows; r++) {
      const ck_tiles tiles = {extent->h, extent->w, extent->c, it->tile_row + r,
                              it->arena->tiles_w};
      const int64_t first = (int64_t)(n * it->tile_rows + r) * it->arena->tiles_w * 16;
      const ck_points points = {slot + first, it->arena->point,
                                is_wide ? 2 * it->arena->block : it->arena->block,
                                is_wide ? it->arena->block : 8, 16};
      shape->form->transform(which, (const char *)source + at * width_of(shape->form), &tiles,
                             &points, it->strip);
    }
  }
}

/* The transformed weights of a block of output channels. */
static const float *weights_of(const work *it, int32_t output) {
  const ck_winograd_shape *shape = it->shape;
  if (!it->late) return it->packed + output * it->arena->weight_block;
  const ck_weights weights = ck_weights_of(shape);
  shape->form->pack(ck_is_turned(shape), it->packed, &weights, output, output + 1, it->late);
  return it->late;
}

/* Multiplies all points of the block's frames with one block of output channels. */
static void multiply(const work *it, int32_t output, int width, float *products) {
  const ck_winograd_shape *shape = it->shape;
  const ck_form *form = shape->form;
  const int points = ck_points_of(form), first_tap = ck_weights_of(shape).taps == 1;
  const int64_t stride = ck_packed_stride(shape);
  const int64_t tap = (int64_t)it->arena->words * 16 * width;
  const int32_t panels = ck_quotient_up(it->tiles, form->panel);
  const float *weights = weights_of(it, output);
  for (int p = 0; p < points; p++, weights += stride) {
    for (int32_t f = 0; f < it->frames; f++) {
      const float *a[3], *b[3];
      int segments = 0;
      for (int k = 0; k < 3; k++) {
        const int32_t frame = source_frame(shape, it->frame + f, k);
        if (frame < 0) continue;
        a[segments] =
            it->source + frame % it->arena->slots * it->arena->slot + p * it->arena->point;
        b[segments++] = weights + (k - first_tap) * tap;
      }
      float *out = products + p * it->arena->product_point + (int64_t)f * it->tiles * 32;
      for (int32_t panel = 0, row = 0; panel < panels; panel++) {
        const int32_t end = (int32_t)((int64_t)it->tiles * (panel + 1) / panels);
        const float *from[3] = {0};
        for (int s = 0; s < segments; s++) from[s] = a[s] + row * 16;
        form->multiply(end - row, width, segments, from, b, it->arena->words, it->arena->block,
                       out + row * 32);
        row = end;
      }
    }
  }
}

/* Transforms the products of the block's frames back, 16 channels of a row of tiles at a time. */
static void invert(const work *it, int32_t output, int width, const float *products,
                   void *result) {
  const ck_winograd_shape *shape = it->shape;
  const ck_extent *extent = ck_result(shape);
  const int64_t plane = (int64_t)extent->h * extent->w * extent->c;
  for (int32_t f = 0; f < it->frames; f++) {
    for (int32_t n = 0; n < it->clips; n++) {
      const size_t at =
          (size_t)(((int64_t)(it->clip + n) * extent->t + it->frame + f) * plane);
      char *frame = (char *)result + at * width_of(shape->form);
      for (int32_t r = 0; r < it->tile_rows; r++) {
        const ck_tiles tiles = {extent->h, extent->w, extent->c, it->tile_row + r,
                                it->arena->tiles_w};
        const int64_t row = (int64_t)f * it->tiles + (n * it->tile_rows + r) * it->arena->tiles_w;
        for (int half = 0; half < width; half += 16) {
          shape->form->invert(ck_is_turned(shape), products + row * 32 + half,
                              it->arena->product_point, frame, &tiles, output * 32 + half);
        }
      }
    }
  }
}

/* Where channels fill half a word's block, the other half is multiplied by zero weights: it must be
 * finite. */
static void clear_padding(const ck_winograd_shape *shape, const arena *it, float *source) {
  if (shape->form->computed == CK_F32 || ck_source(shape)->c % 32 == 0) return;
  memset(source, 0, (size_t)it->source_words * sizeof *source);
}

void ck_winograd_convolve(const ck_winograd_shape *shape, const ck_blocking *blocking,
                          const void *source, const float *packed, void *result, float *scratch) {
  const arena arena = arena_of(shape, blocking);
  const int32_t channels = ck_result(shape)->c, outputs = ck_quotient_up(channels, 32);
  const int32_t frames = ck_result(shape)->t;
  work it = {.shape = shape, .arena = &arena, .packed = packed};
  it.source = scratch;
  it.products = scratch + arena.source_words;
  it.strip = it.products + arena.product_words;
  if (blocking->packs_late) it.late = it.strip + ck_strip_words(shape->form, arena.tiles_w);
  clear_padding(shape, &arena, it.source);
  for (it.clip = 0; it.clip < shape->n; it.clip += blocking->clips) {
    it.clips = ck_smaller(blocking->clips, shape->n - it.clip);
    for (it.tile_row = 0; it.tile_row < arena.rows_of_tiles; it.tile_row += blocking->tile_rows) {
      it.tile_rows = ck_smaller(blocking->tile_rows, arena.rows_of_tiles - it.tile_row);
      it.tiles = it.clips * it.tile_rows * arena.tiles_w;
      int32_t ready = 0;
      for (it.frame = 0; it.frame < frames; it.frame += blocking->frames) {
        it.frames = ck_smaller(blocking->frames, frames - it.frame);
        const int32_t wanted = last_frame(shape, it.frame + it.frames - 1) + 1;
        for (; ready < wanted; ready++) {
          transform_frame(&it, source, ready);
        }
        for (int32_t first = 0; first < outputs; first += blocking->outputs) {
          const int32_t end = ck_smaller(outputs, first + blocking->outputs);
          for (int32_t output = first; output < end; output++) {
            multiply(&it, output, ck_smaller(32, channels - output * 32),
                     it.products + (output - first) * arena.product_block);
          }
          for (int32_t output = first; output < end; output++) {
            invert(&it, output, ck_smaller(32, channels - output * 32),
                   it.products + (output - first) * arena.product_block, result);
          }
        }
      }
    }
  }
}
