/* What training views cost most: cutting, scaling and recolouring clips.
 *
 * Each pass exists for AVX-512, for AVX2 and for any machine; they are the same source, without fused
 * operations and with sums in a fixed order, so they give the same bits. Planes are floats, one a
 * pixel; frames are bytes, three a pixel. Nothing is allocated, and every pass runs on the calling
 * thread alone. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#if defined(__clang__)
#pragma clang assume_nonnull begin
#endif

typedef enum { CPIXELS_PORTABLE = 0, CPIXELS_AVX2 = 1, CPIXELS_AVX512 = 2 } cpixels_instructions;

/* Whether this CPU has them. */
int cpixels_has(cpixels_instructions instructions);

/* Between which two pixels of a row or column an output pixel lies: place[first], place[second], and
 * the second's share. */
typedef struct {
  int32_t first, second;
  float share;
} cpixels_tap;

/* How a rectangle of every frame becomes a square. */
typedef struct {
  const uint8_t *corner;  /* the rectangle's first pixel in the first frame */
  int64_t frame_bytes;    /* from a frame to the next */
  int64_t row_bytes;      /* from a row to the next */
  int32_t width;          /* pixels of the rectangle's rows */
  int32_t frames, side;
  const cpixels_tap *rows, *columns; /* `side` each; places count from the corner */
  float *scratch;         /* cpixels_scratch(width, side) floats */
  float *target;          /* the red plane of the first frame, side·side floats a frame */
  int64_t colour;         /* from a colour's plane to the next colour's, in floats */
} cpixels_resize;

int64_t cpixels_scratch(int32_t width, int32_t side);

enum { CPIXELS_WIDEST = 255 };

/* The passes, for one instruction set. */
typedef struct {
  /* Values in 0…1: rows are mixed first, then columns. */
  void (*resize)(const cpixels_resize *job);
  /* min(value · factor, 1). */
  void (*brighten)(float *values, int64_t count, float factor);
  /* value · factor + rest, in 0…1. */
  void (*contrast)(float *values, int64_t count, float factor, float rest);
  /* The same with (1 − factor) · gray for rest, gray being 0.2989 R + 0.587 G + 0.114 B. */
  void (*saturate)(float *red, float *green, float *blue, int64_t count, float factor);
  /* Turns the hue by so many sixths of the circle, −3…3; value and saturation stay. */
  void (*turn_hue)(float *red, float *green, float *blue, int64_t count, float sixths);
  /* value · scale + shift. */
  void (*scale)(float *values, int64_t count, float scale, float shift);
  /* The sum: 64 running sums over each 2,048 values, and these added in double precision. */
  double (*sum)(const float *values, int64_t count);
  /* Blurs a side·side plane with `width` weights, odd, at most CPIXELS_WIDEST, and less than twice
   * the side, in both directions; edges are mirrored without being repeated. `scratch` has side·(2·side + width) floats. */
  void (*blur)(float *plane, int32_t side, const float *weights, int32_t width, float *scratch);
  /* A function on 0…1 as a table of steps + 1 points with straight lines between them. */
  void (*look_up)(float *values, int64_t count, const float *table, int32_t steps);
  /* Every pixel of a plane becomes a mixture of four of `old`: neighbours and shares come four a
   * pixel, and the sum is (0 + 1) + (2 + 3). */
  void (*mix)(const float *old, float *plane, int64_t count, const int32_t *neighbours,
              const float *shares);
} cpixels_passes;

/* The passes of an instruction set that this CPU has. */
const cpixels_passes *cpixels(cpixels_instructions instructions);
/* Those of the fastest one. */
const cpixels_passes *cpixels_fastest(void);

#if defined(__clang__)
#pragma clang assume_nonnull end
#endif
