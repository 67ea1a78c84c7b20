/* Winograd's minimal filtering for 3x3x3 convolutions with stride 1 and padding 1, inside CKernels.
 *
 * F(m x m, 3x3) over height and width, direct sums over the three temporal taps and the channels
 * (Lavin and Gray, "Fast algorithms for convolutional neural networks", CVPR 2016). A tile of
 * m x m outputs needs n x n inputs, n = m + 2, and n*n products a channel pair and temporal tap
 * instead of 9*m*m:
 *
 *   forward, backward data   y  = A' [ sum over taps and channels of (G g G') . (B' x B) ] A
 *   backward weights         dg = G' [ sum over tiles of (A dy A') . (B' x B) ] G
 *
 * fp32 has m = 4, 36 points, 4 times fewer multiplications; bf16 has m = 2, 16 points, 2.25 times
 * fewer. The interpolation points of m = 4 are 0, +-5/8, +-3/2 and infinity: the same work as the
 * usual 0, +-1, +-2, and half the error (1e-6 of the norm of the result).
 *
 * All transformed values are kept in words of 32 bits: one float, or a pair of bf16 that is
 * multiplied and summed by one instruction. A pair holds two neighbouring channels where channels
 * are summed, and two neighbouring tiles where tiles are summed.
 *
 * Every element of a result is summed in an order that the shape alone fixes: temporal taps, then
 * channels upwards; for weights the tiles in the order of the blocks, which follow from the
 * shape. Nothing allocates. Needs AVX-512 (bf16: AVX-512-BF16); see ck_winograd_is_possible. */
#pragma once
#include "CKernels.h"

/* Outputs a tile side, inputs a tile side, products a tile. */
static inline int ck_winograd_side(ck_type type) { return type == CK_F32 ? 4 : 2; }
static inline int ck_winograd_reach(ck_type type) { return ck_winograd_side(type) + 2; }
static inline int ck_winograd_points(ck_type type) {
  return ck_winograd_reach(type) * ck_winograd_reach(type);
}

static inline int32_t ck_smaller(int32_t one, int32_t other) { return one < other ? one : other; }
static inline int32_t ck_quotient_up(int32_t count, int32_t size) {
  return (count + size - 1) / size;
}

/* ---- transforms (winograd_transforms.c) ------------------------------------------------------- */

/* A row of tiles in one frame of H·W·C elements. */
typedef struct {
  ck_type type;
  const void *frame;
  int32_t h, w, c;
  int32_t tile_row;
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
  CK_INPUT_PAIRED,   /* B' x B, bf16 words pair tiles 2t and 2t + 1 */
  CK_GRADIENT_PAIRED /* A dy A', words as above */
} ck_transform;

/* Transforms a row of tiles for all its channels. fp32 knows no pairs: there the last two differ
 * only in the matrix. `strip` holds ck_strip_words. 120 (F4) multiply-adds a tile and channel. */
void ck_winograd_transform(ck_transform which, const ck_tiles *tiles, const ck_points *points,
                           float *strip);
/* The words of scratch memory that one row of tiles needs. */
size_t ck_strip_words(ck_type type, int32_t w);
/* The inverse: sums of 16 channels at products[p·point + t·32 + lane] become channels
 * `channel`… of a row of tiles in a frame of the result. */
void ck_winograd_inverse(const float *products, int64_t point, ck_type type, void *frame, int32_t h,
                         int32_t w, int32_t c, int32_t channel, int32_t tile_row);

/* ---- weights (winograd_weights.c) ------------------------------------------------------------- */

/* Words between two points of the weights of one block of 32 outputs. */
int64_t ck_winograd_weight_stride(ck_type type, int32_t inputs);
/* Words of all transformed weights. */
int64_t ck_winograd_weight_words(ck_type type, int32_t inputs, int32_t outputs);
/* G g G' of O·I·3·3·3 floats as [output/32][point][tap][input][output%32]; for backward data the
 * weights are first turned around: inputs and outputs swapped, taps reversed. Blocks of 32 outputs
 * from `begin` to `end` alone; `packed` starts with the first of them. */
void ck_winograd_pack(ck_type type, int is_backward, const float *weights, int32_t o, int32_t i,
                      int32_t begin, int32_t end, float *packed);
/* G' u G: sums as [point][tap][input][32] of outputs first… become O·I·3·3·3 floats. */
void ck_winograd_unpack(ck_type type, const float *sums, int32_t first, int32_t o, int32_t i,
                        float *weights);

/* ---- products (winograd_products.c) ----------------------------------------------------------- */

enum { CK_MOST_ROWS = 14 };

/* out[r·32 + j] = sum over segments s, blocks b and words k < 16 of
 * a[s][b·stride + r·16 + k] · b[s][(b·16 + k)·width + j], for r < rows, j < width = 16 or 32. */
void ck_winograd_multiply(ck_type type, int rows, int width, int segments, const float *const *a,
                          const float *const *b, int blocks, int64_t stride, float *out);
/* sums[r·32 + j] (+)= sum over k < count of a[k·16 + r] · b[k·32 + j], for r < 16, j < width. */
void ck_winograd_outer(ck_type type, int width, int64_t count, const float *a, const float *b,
                       int is_first, float *sums);

/* ---- a convolution (winograd.c, winograd_gradient.c) ------------------------------------------ */

typedef struct {
  ck_type type;
  int32_t n, t, h, w; /* of source and destination */
  int32_t c, o;       /* channels of source and destination */
} ck_winograd_shape;

/* How much is transformed before it is multiplied. */
typedef struct {
  int32_t clips, tile_rows, frames; /* of a block */
  int32_t outputs;                  /* blocks of 32 output channels between two inverses */
  int32_t packs_late; /* weights come as O·I·3·3·3 and are transformed a block at a time */
} ck_blocking;

/* Words of scratch memory for a direction. */
int64_t ck_winograd_scratch_words(const ck_winograd_shape *shape, ck_direction direction,
                                  const ck_blocking *blocking);
/* The same for backward weights alone (winograd_gradient.c). */
int64_t ck_winograd_gradient_words(const ck_winograd_shape *shape, const ck_blocking *blocking);
/* destination = source convolved with packed weights; for backward data the shape is turned around
 * by the caller (c and o swapped) and the weights are packed so. Where `blocking` packs late,
 * `packed` are the plain weights. */
void ck_winograd_convolve(const ck_winograd_shape *shape, ck_direction direction,
                          const ck_blocking *blocking, const void *source, const float *packed,
                          void *destination, float *scratch);
/* weights_gradient, O·I·3·3·3 floats, of one microbatch. */
void ck_winograd_gradient(const ck_winograd_shape *shape, const ck_blocking *blocking,
                          const void *source, const void *destination_gradient,
                          float *weights_gradient, float *scratch);

/* ---- the choice (winograd_plan.c) ------------------------------------------------------------- */

/* Whether kernel, stride, padding, channels and this CPU allow Winograd's method. */
int ck_winograd_is_possible(const ck_convolution_shape *shape);

/* One direction of a convolution by Winograd's method. */
typedef struct {
  const char *name; /* NULL: the direction is not for Winograd's method */
  ck_direction direction;
  ck_winograd_shape shape; /* for backward data with c and o swapped */
  ck_blocking blocking;
  size_t scratch_bytes, packed_bytes;
} ck_winograd_plan;

/* Fills a plan and returns 1, or returns 0 where the direction had better be computed directly. A
 * function of the shape (but not of its clips), its type and method, and the instruction set. */
int ck_winograd_plan_make(ck_winograd_plan *plan, const ck_convolution_shape *shape,
                          ck_direction direction);
/* Packs O·I·3·3·3 floats for forward or backward data; does nothing where packed_bytes is 0, and the
 * floats themselves are to be given to ck_winograd_plan_run. */
void ck_winograd_plan_pack(const ck_winograd_plan *plan, const float *weights, void *packed);
/* Reads two operands, the source or its like first, and writes the third. */
void ck_winograd_plan_run(const ck_winograd_plan *plan, const void *first, const void *second,
                          void *result, void *scratch);
