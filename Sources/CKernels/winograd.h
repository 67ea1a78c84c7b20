/* Winograd's minimal filtering for 3x3x3 convolutions with padding 1 and stride 1 or 2, inside
 * CKernels.
 *
 * F(r x c, 3x3) over height and width, direct sums over the three temporal taps and the channels
 * (Lavin and Gray, "Fast algorithms for convolutional neural networks", CVPR 2016). A tile of
 * r x c outputs needs (r + 2)(c + 2) inputs, and as many products a channel pair and temporal tap
 * instead of 9*r*c:
 *
 *   forward, backward data   y  = A' [ sum over taps and channels of (G g G') . (B' x B) ] A
 *   backward weights         dg = G' [ sum over tiles of (A dy A') . (B' x B) ] G
 *
 * F(4x4) multiplies 4 times less than a direct method, F(4x2) 3 times and F(2x2) 2.25 times. With
 * stride 2 there is an F(2x2) of 25 points, 1.44 times less (winograd_points.h). The
 * interpolation points of sides of 4 are 0, +-5/8, +-3/2 and infinity: the same work as the usual
 * 0, +-1, +-2, and half the error (1e-6 of the norm of the result in fp32).
 *
 * All transformed values are kept in words of 32 bits: one float, or a pair of bf16 that is
 * multiplied and summed by one instruction. A pair holds two neighbouring channels where channels
 * are summed, and two neighbouring tiles where tiles are summed.
 *
 * Every element of a result is summed in an order that the shape alone fixes, whatever the blocks:
 * temporal taps, then channels upwards; for weights clips, then rows of tiles, frames and the tiles
 * of a row. Every instruction set fuses and orders alike, so that all give the same bits. Nothing
 * allocates. */
#pragma once
#include "CKernels.h"

static inline int32_t ck_smaller(int32_t one, int32_t other) { return one < other ? one : other; }
static inline int32_t ck_quotient_up(int32_t count, int32_t size) {
  return (count + size - 1) / size;
}

/* ---- forms (winograd_form.h) ------------------------------------------------------------------ */

/* A row of tiles in one frame of H·W·C elements. */
typedef struct {
  int32_t h, w, c;
  int32_t tile_row, across; /* which row of tiles, and how many tiles it has */
} ck_tiles;

/* Where transformed tiles go: word `lane` of tile t, point p and channels 16·q… is at
 * first[p·point + q/2·pair + q%2·half + t·row + lane]. */
typedef struct {
  float *first;
  int64_t point, pair, half, row;
} ck_points;

/* What a row of tiles turns into. */
typedef enum {
  CK_INPUT,          /* B' x B, lanes are channels (bf16: 16 channels fill 8 words) */
  CK_TURNED,         /* the same for backward data, where its stride is 2 */
  CK_INPUT_PAIRED,   /* B' x B, bf16 words pair tiles 2t and 2t + 1 */
  CK_GRADIENT_PAIRED /* A dy A', words as above */
} ck_transform;

/* O·I·3·3·3 weights, of which all three temporal taps are used, or the middle one alone where clips
 * have one frame. */
typedef struct {
  int32_t o, i;
  int32_t taps; /* 3 or 1 */
} ck_weights;

/* Outer products to be summed: segments of `words` words, each of which holds 16 inputs at `a` and
 * 32 outputs at `b`; segments start a_step and b_step floats apart. */
typedef struct {
  const float *a, *b;
  int64_t a_step, b_step, segments, words;
} ck_outer;

/* One F(r x c, 3x3), and the code that computes it on an instruction set. */
typedef struct {
  const char *name;
  ck_type stored;    /* activations */
  ck_type computed;  /* transformed values */
  int rows, columns; /* outputs of a tile */
  int stride;        /* over height and width */
  int panel;         /* the most rows that `multiply` takes at a time */

  /* Transforms a row of tiles for all its channels. fp32 knows no pairs: there the last two differ
   * only in the matrix. `strip` holds ck_strip_words. */
  void (*transform)(ck_transform which, const void *frame, const ck_tiles *tiles,
                    const ck_points *points, float *strip);
  /* The inverse, of backward data if `is_turned`: sums of 16 channels at
   * products[p·point + t·32 + lane] become channels `channel`… of a row of tiles. */
  void (*invert)(int is_turned, const float *products, int64_t point, void *frame,
                 const ck_tiles *tiles, int32_t channel);
  /* G g G' of weights as [output/32][point][tap][input][output%32]; for backward data the weights
   * are first turned around: inputs and outputs swapped, taps reversed. Blocks of 32 outputs from
   * `begin` to `end` alone; `packed` starts with the first of them. */
  void (*pack)(int is_backward, const float *weights, const ck_weights *shape, int32_t begin,
               int32_t end, float *packed);
  /* G' u G: sums as [point][tap][input][32] of outputs first… become weights. */
  void (*unpack)(const float *sums, int32_t first, const ck_weights *shape, float *weights);
  /* out[r·32 + j] = sum over segments s, blocks b and words k < 16 of
   * a[s][b·stride + r·16 + k] · b[s][(b·16 + k)·width + j], for r < rows, j < width = 16 or 32. */
  void (*multiply)(int rows, int width, int segments, const float *const *a, const float *const *b,
                   int blocks, int64_t stride, float *out);
  /* sums[r·32 + j] (+)= sum over segments s and words k of the outer products, in that order,
   * a[s·a_step + k·16 + r] · b[s·b_step + k·32 + j], for r < 16, j < width. */
  void (*accumulate)(int width, const ck_outer *products, int is_first, float *sums);
} ck_form;

enum { CK_FORMS_BF16 = 3, CK_FORMS_AVX512 = 5, CK_FORMS_AVX2 = 4 };
/* The forms by instruction set: winograd_bf16.c, winograd_avx512.c, winograd_avx2.c. */
extern const ck_form ck_forms_bf16[CK_FORMS_BF16], ck_forms_avx512[CK_FORMS_AVX512],
    ck_forms_avx2[CK_FORMS_AVX2];

/* The points of one side of a tile. */
static inline int ck_side_points(int side, int stride) { return stride == 1 ? side + 2 : 5; }
enum { CK_MOST_POINTS = 6 };
static inline int ck_points_of(const ck_form *form) {
  return ck_side_points(form->rows, form->stride) * ck_side_points(form->columns, form->stride);
}
/* Words of scratch memory that a transform of a row of tiles needs; tiles of a pair are transformed
 * together, so there is room for an even number of them. */
static inline int64_t ck_strip_words(const ck_form *form, int32_t across) {
  const int32_t columns = (across + 1) / 2 * 2 * form->columns * form->stride + 2;
  return (int64_t)ck_side_points(form->rows, form->stride) * columns * 16;
}
/* Words between two points of the packed weights of one block of 32 outputs; not a power of two. */
static inline int64_t ck_weight_stride(ck_type computed, int32_t inputs, int32_t taps) {
  const int64_t words = computed == CK_F32 ? inputs : ck_quotient_up(inputs, 32) * 16;
  return words * taps * 32 + 48;
}

/* ---- a convolution (winograd.c, winograd_gradient.c) ------------------------------------------ */

/* T·H·W positions of C channels. */
typedef struct {
  int32_t t, h, w, c;
} ck_extent;

/* A direction of a convolution. Backward data reads `output` and writes `input`. */
typedef struct {
  const ck_form *form;
  ck_direction direction;
  int32_t n;
  ck_extent input, output;
} ck_winograd_shape;

static inline int ck_is_turned(const ck_winograd_shape *shape) {
  return shape->direction == CK_BACKWARD_DATA;
}
static inline const ck_extent *ck_source(const ck_winograd_shape *shape) {
  return ck_is_turned(shape) ? &shape->output : &shape->input;
}
static inline const ck_extent *ck_result(const ck_winograd_shape *shape) {
  return ck_is_turned(shape) ? &shape->input : &shape->output;
}
/* Rows of tiles in a frame, and tiles in a row. */
static inline int32_t ck_tiles_down(const ck_winograd_shape *shape) {
  return ck_quotient_up(shape->output.h, shape->form->rows);
}
static inline int32_t ck_tiles_across(const ck_winograd_shape *shape) {
  return ck_quotient_up(shape->output.w, shape->form->columns);
}
/* The weights, with the temporal taps that ever meet a frame. */
static inline ck_weights ck_weights_of(const ck_winograd_shape *shape) {
  return (ck_weights){shape->output.c, shape->input.c, shape->input.t == 1 ? 1 : 3};
}
/* Words between two points of this direction's packed weights, and of all of them. */
static inline int64_t ck_packed_stride(const ck_winograd_shape *shape) {
  return ck_weight_stride(shape->form->computed, ck_source(shape)->c, ck_weights_of(shape).taps);
}
static inline int64_t ck_packed_words(const ck_winograd_shape *shape) {
  return ck_packed_stride(shape) * ck_points_of(shape->form) *
         ck_quotient_up(ck_result(shape)->c, 32);
}

/* How much is transformed before it is multiplied. */
typedef struct {
  int32_t clips, tile_rows, frames; /* of a block */
  int32_t outputs;                  /* blocks of 32 output channels between two inverses */
  int32_t packs_late; /* weights come as O·I·3·3·3 and are transformed a block at a time */
} ck_blocking;

/* Words of scratch memory for a direction. */
int64_t ck_winograd_scratch_words(const ck_winograd_shape *shape, const ck_blocking *blocking);
/* The same for backward weights alone (winograd_gradient.c). */
int64_t ck_winograd_gradient_words(const ck_winograd_shape *shape, const ck_blocking *blocking);
/* Forward or backward data, with weights packed for it; where `blocking` packs late, `packed` are
 * the plain weights. */
void ck_winograd_convolve(const ck_winograd_shape *shape, const ck_blocking *blocking,
                          const void *source, const float *packed, void *result, float *scratch);
/* weights_gradient, O·I·3·3·3 floats, of one microbatch. */
void ck_winograd_gradient(const ck_winograd_shape *shape, const ck_blocking *blocking,
                          const void *source, const void *destination_gradient,
                          float *weights_gradient, float *scratch);

/* ---- the choice (winograd_plan.c) ------------------------------------------------------------- */

/* One direction of a convolution by Winograd's method. */
typedef struct {
  const char *name; /* NULL: the direction is not for Winograd's method */
  ck_winograd_shape shape;
  ck_blocking blocking;
  size_t scratch_bytes, packed_bytes;
} ck_winograd_plan;

/* Fills a plan and returns 1, or returns 0 where the direction had better be computed directly. A
 * function of the shape (but not of its clips), its type and methods, and the instruction set. */
int ck_winograd_plan_make(ck_winograd_plan *plan, const ck_convolution_shape *shape,
                          ck_direction direction);
/* Packs O·I·3·3·3 floats for forward or backward data; does nothing where packed_bytes is 0, and the
 * floats themselves are to be given to ck_winograd_plan_run. */
void ck_winograd_plan_pack(const ck_winograd_plan *plan, const float *weights, void *packed);
/* Reads two operands, the source or its like first, and writes the third. */
void ck_winograd_plan_run(const ck_winograd_plan *plan, const void *first, const void *second,
                          void *result, void *scratch);
