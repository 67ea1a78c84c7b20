/* The compute kernels of kindreel as Swift sees them: 3D convolutions through oneDNN (version 2 or 3)
 * or Winograd's method, and the memory-bound passes around them.
 *
 * Activations are N·T·H·W·C ("channels last") in CK_F32 or CK_BF16, C a multiple of 16; a "row" is
 * one position's C channels. Statistics, weights and weight gradients are always 32-bit floats.
 * Every kernel runs on the calling thread alone and sums in an order that is fixed by the shape, so
 * equal inputs give equal bits. No kernel allocates after creation. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#if defined(__clang__)
#pragma clang assume_nonnull begin
#endif

typedef enum { CK_F32 = 0, CK_BF16 = 1 } ck_type;

/* The text of a failure, for people. */
typedef struct {
  char text[256];
} ck_message;

/* ---- machine ---------------------------------------------------------------------------------- */

/* The version of oneDNN that is loaded, for example "2.6.3". */
void ck_onednn_version(ck_message *out);
/* The instruction set that oneDNN dispatches to on this CPU, for example "avx512_core_bf16". */
void ck_instruction_set(ck_message *out);
/* Whether the CPU computes CK_BF16 convolutions natively. */
int ck_has_bf16(void);
/* Makes OpenMP regions that the calling thread opens run on that thread alone. */
void ck_use_one_thread(void);

/* The most products (each with its addition) that one core computes in a second, measured on
 * registers alone in about 20 ms; 0 where it is not known how. */
double ck_products_per_second(ck_type type);

/* ---- convolution (convolution.c) -------------------------------------------------------------- */

typedef enum {
  CK_FORWARD = 0,
  CK_BACKWARD_DATA = 1,
  CK_BACKWARD_WEIGHTS = 2
} ck_direction;

/* How 3x3x3 convolutions are computed; all others are CK_DIRECT. */
typedef enum {
  CK_DIRECT = 0,  /* by oneDNN; a first layer's weight gradient with AVX2, where oneDNN has but a GEMM, by ours */
  /* By Winograd's method, F(2x2), F(4x2) or F(4x4), where a fixed rule in the shape says that this
   * is faster; with stride 2 all three stand for an F(2x2). CK_BF16 computes the first two in bf16
   * and F(4x4), which bf16 is too coarse for, in fp32, with stride 1 alone. */
  CK_F2 = 1,
  CK_F4X2 = 2,
  CK_F4 = 3
} ck_method;

typedef struct {
  int32_t n, c, t, h, w; /* the input */
  int32_t o;             /* output channels */
  int32_t kernel[3], stride[3], padding[3];
  ck_type type;
  ck_method methods[3];  /* by ck_direction */
  int32_t is_everywhere; /* Winograd's method also where the rule says that it is slower */
  int32_t is_narrow;     /* only AVX2 even if the CPU has AVX-512; for tests */
  int32_t block_tiles;   /* tiles of one of Winograd's blocks; 0: as a rule has it; for tests */
  int32_t is_first;      /* the input is N·C·T·H·W floats and needs no gradient */
  int32_t is_training;   /* create the two backward directions as well */
} ck_convolution_shape;

typedef struct ck_convolution ck_convolution;

/* Creates the primitives of one convolution, or returns NULL and says why. */
ck_convolution *_Nullable ck_convolution_create(const ck_convolution_shape *shape, ck_message *why);
void ck_convolution_destroy(ck_convolution *_Nullable convolution);
/* The scratch memory that every execution below needs, in bytes, 64-byte aligned. */
size_t ck_convolution_scratch_bytes(const ck_convolution *convolution);
/* The size of the packed weights of CK_FORWARD or CK_BACKWARD_DATA, in bytes; 0 where the direction
 * reads the O·I·T·H·W floats themselves, which then take the place of packed weights. */
size_t ck_convolution_packed_bytes(const ck_convolution *convolution, ck_direction direction);
/* The implementation of a direction: "winograd F(4x4,3x3)", "planes avx2", or the name that oneDNN gives
 * it, or "none". */
const char *ck_convolution_implementation(const ck_convolution *convolution, ck_direction direction);
/* Packs O·I·T·H·W floats for a direction. These four return 0, or oneDNN's status. */
int ck_convolution_pack(ck_convolution *convolution, ck_direction direction, const float *weights,
                        void *packed);
int ck_convolution_forward(ck_convolution *convolution, const void *source, const void *packed,
                           void *destination, void *scratch);
int ck_convolution_backward_data(ck_convolution *convolution, const void *destination_gradient,
                                 const void *packed, void *source_gradient, void *scratch);
int ck_convolution_backward_weights(ck_convolution *convolution, const void *source,
                                    const void *destination_gradient, float *weights_gradient,
                                    void *scratch);

/* ---- batch norm with add and ReLU (normalization.c) ------------------------------------------- */

/* Mean and biased variance of every channel, merged from blocks in double precision (Chan, Golub and
 * LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances", 1979). */
void ck_channel_statistics(ck_type type, const void *x, int64_t rows, int64_t channels, float *mean,
                           float *variance);
/* y = x·scale + shift, plus `residual` unless NULL, rectified if `rectify`. y may be x. */
void ck_scale_shift(ck_type type, const void *x, int64_t rows, int64_t channels, const float *scale,
                    const float *shift, const void *_Nullable residual, int rectify, void *y);

/* A batch norm as its backward passes see it: vectors of one float a channel. */
typedef struct {
  const float *mean, *inverse, *weight;
  /* Unless NULL: dy counts as 0 where x·scale + shift, rectified and rounded as ck_scale_shift does,
   * is 0. */
  const float *_Nullable scale, *_Nullable shift;
} ck_normalization;

/* Masks dy in place where y is 0 (unless y is NULL), then sums dy and dy·(x − mean)·inverse over the
 * rows, in blocks merged in double precision: the gradients of shift and scale. */
void ck_normalization_sums(ck_type type, const void *x, const void *_Nullable y, void *dy,
                           int64_t rows, int64_t channels, const ck_normalization *norm,
                           float *shift_gradient, float *scale_gradient);
/* dx = weight·inverse·(dy − shift_gradient/rows − (x − mean)·inverse·scale_gradient/rows). dx may be
 * dy or x. */
void ck_normalization_backward(ck_type type, const void *x, const void *dy, int64_t rows,
                               int64_t channels, const ck_normalization *norm,
                               const float *shift_gradient, const float *scale_gradient, void *dx);

/* ---- pooling, shortcuts and copies (pooling.c, elementwise.c) --------------------------------- */

typedef struct {
  int32_t n, t, h, w, c;    /* the input */
  int32_t ot, oh, ow;       /* the output positions */
} ck_grid;

/* Maximum over 3×3×3 windows, stride 2, padding 1; `winners` keeps each output's tap, 0…26. */
void ck_max_pool(ck_type type, const ck_grid *grid, const void *x, void *y, uint8_t *winners);
void ck_max_pool_backward(ck_type type, const ck_grid *grid, const void *dy, const uint8_t *winners,
                          void *dx);
/* Mean over `positions` rows of each of `n` clips; the result is N·C floats. */
void ck_average_pool(ck_type type, const void *x, int64_t n, int64_t positions, int64_t channels,
                     float *y);
void ck_average_pool_backward(ck_type type, const float *dy, int64_t n, int64_t positions,
                              int64_t channels, void *dx);
/* Shortcut A: every `stride`-th position in T, H and W, channels beyond grid->c zero. */
void ck_subsample(ck_type type, const ck_grid *grid, int32_t stride, int32_t channels, const void *x,
                  void *y);
/* Adds the gradient of ck_subsample to dx. */
void ck_subsample_backward(ck_type type, const ck_grid *grid, int32_t stride, int32_t channels,
                           const void *dy, void *dx);
/* y += x, element by element. */
void ck_add(ck_type type, const void *x, int64_t count, void *y);
/* 32-bit floats to CK_BF16, to the nearest, ties to even. */
void ck_to_bf16(const float *x, int64_t count, uint16_t *y);
/* CK_BF16 to 32-bit floats, which is exact. */
void ck_to_f32(const uint16_t *x, int64_t count, float *y);

#if defined(__clang__)
#pragma clang assume_nonnull end
#endif
