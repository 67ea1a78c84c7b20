/* The passes for the instruction set that the including file names: PASSES is the table's name,
 * PIXELS_TARGET the attribute, LANES the floats of a register.
 *
 * Loops over planes have no branch, so that the compiler runs them on vectors; only the changes
 * between interleaved and planar pixels are written by hand. */
#include "CPixels.h"

#include <math.h>
#include <string.h>

#if LANES == 16
#include <immintrin.h>
#endif

#define PASS PIXELS_TARGET static void
#define PART PIXELS_TARGET static inline __attribute__((always_inline))

/* min and max as one instruction each; a is kept where both are equal or one is no number. */
PART float lower(float a, float b) { return b < a ? b : a; }
PART float higher(float a, float b) { return b > a ? b : a; }
PART float in_unit(float value) { return lower(higher(value, 0), 1); }

/* ---- resize ------------------------------------------------------------------------------------ */

#if LANES == 16

/* Planes have 32 floats more than the row, so that whole windows can be loaded. */
enum { margin = 48 };

PART __m512 bytes16(const uint8_t *from) {
  return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)from)));
}

/* A row between two of the frame's, as three planes `stride` floats apart. */
PART void mix_rows(const uint8_t *first, const uint8_t *second, float one, float two, int32_t width,
                   float *planes, int64_t stride) {
  const __m512 a = _mm512_set1_ps(one), b = _mm512_set1_ps(two);
  /* Pixel i's colour c is number 3·i + c of 48: of the first 32, or else of the last 16. */
  int32_t low[3][16], high[3][16];
  for (int c = 0; c < 3; c++)
    for (int i = 0; i < 16; i++) {
      const int at = 3 * i + c;
      low[c][i] = at < 32 ? at : 0;
      high[c][i] = at < 32 ? i : 16 + at - 32;
    }
  if (width < 16) {
    for (int32_t x = 0; x < width; x++)
      for (int c = 0; c < 3; c++)
        planes[c * stride + x] = (float)first[3 * x + c] * one + (float)second[3 * x + c] * two;
    return;
  }
  for (int32_t next = 0; next < width; next += 16) {
    /* The last sixteen overlap those before. */
    const int32_t x = next + 16 <= width ? next : width - 16;
    __m512 part[3];
    for (int k = 0; k < 3; k++)
      part[k] = _mm512_add_ps(_mm512_mul_ps(bytes16(first + 3 * x + 16 * k), a),
                              _mm512_mul_ps(bytes16(second + 3 * x + 16 * k), b));
    for (int c = 0; c < 3; c++) {
      const __m512 most =
          _mm512_permutex2var_ps(part[0], _mm512_loadu_si512(low[c]), part[1]);
      _mm512_storeu_ps(planes + c * stride + x,
                       _mm512_permutex2var_ps(most, _mm512_loadu_si512(high[c]), part[2]));
    }
  }
}

/* Sixteen output columns; `from` and `to` count from `base`. */
typedef struct {
  int32_t from[16], to[16];
  float share[16];
  int32_t base, is_near;
} columns;

PART void prepare(const cpixels_resize *job, columns *blocks) {
  for (int32_t x = 0; x < job->side; x += 16) {
    columns *block = blocks + x / 16;
    const cpixels_tap *taps = job->columns + x;
    const int32_t count = job->side - x < 16 ? job->side - x : 16;
    int32_t base = taps[0].first, end = 0;
    for (int32_t i = 0; i < count; i++) {
      base = taps[i].first < base ? taps[i].first : base;
      end = taps[i].second > end ? taps[i].second : end;
    }
    for (int32_t i = 0; i < 16; i++) {
      const cpixels_tap tap = taps[i < count ? i : 0];
      block->from[i] = tap.first - base;
      block->to[i] = tap.second - base;
      block->share[i] = tap.share;
    }
    block->base = base;
    block->is_near = end - base < 32;
  }
}

PART void resize_row(const cpixels_resize *job, const columns *blocks, const float *planes,
                     int64_t stride, float *target) {
  for (int32_t x = 0; x < job->side; x += 16) {
    const columns *block = blocks + x / 16;
    const __mmask16 there = (__mmask16)(job->side - x < 16 ? (1u << (job->side - x)) - 1 : 0xffff);
    const __m512 share = _mm512_loadu_ps(block->share);
    const __m512i from = _mm512_loadu_si512(block->from), to = _mm512_loadu_si512(block->to);
    for (int c = 0; c < 3; c++) {
      const float *plane = planes + c * stride + block->base;
      __m512 a, b;
      if (block->is_near) {
        const __m512 low = _mm512_loadu_ps(plane), high = _mm512_loadu_ps(plane + 16);
        a = _mm512_permutex2var_ps(low, from, high);
        b = _mm512_permutex2var_ps(low, to, high);
      } else {
        a = _mm512_i32gather_ps(from, plane, 4);
        b = _mm512_i32gather_ps(to, plane, 4);
      }
      const __m512 value = _mm512_add_ps(a, _mm512_mul_ps(_mm512_sub_ps(b, a), share));
      _mm512_mask_storeu_ps(target + c * job->colour + x, there, value);
    }
  }
}

#else

enum { margin = 8 };
typedef float columns;
PART void prepare(const cpixels_resize *job, columns *blocks) { (void)job, (void)blocks; }

typedef float four __attribute__((vector_size(16), aligned(4)));

/* A row between two of the frame's, interleaved as they are; `stride` is not used. */
PART void mix_rows(const uint8_t *restrict first, const uint8_t *restrict second, float one,
                   float two, int32_t width, float *restrict row, int64_t stride) {
  (void)stride;
  for (int32_t i = 0; i < 3 * width; i++) row[i] = (float)first[i] * one + (float)second[i] * two;
}

PART four pixel(const float *row, const cpixels_tap *tap) {
  four first, second;
  memcpy(&first, row + 3 * tap->first, sizeof first);
  memcpy(&second, row + 3 * tap->second, sizeof second);
  return first + (second - first) * tap->share;
}

PART void resize_row(const cpixels_resize *job, const columns *blocks, const float *row,
                     int64_t stride, float *target) {
  (void)blocks, (void)stride;
  int32_t x = 0;
  for (; x + 4 <= job->side; x += 4) {
    const four a = pixel(row, job->columns + x), b = pixel(row, job->columns + x + 1);
    const four c = pixel(row, job->columns + x + 2), d = pixel(row, job->columns + x + 3);
    const four ab = __builtin_shufflevector(a, b, 0, 4, 1, 5);
    const four cd = __builtin_shufflevector(c, d, 0, 4, 1, 5);
    const four red = __builtin_shufflevector(ab, cd, 0, 1, 4, 5);
    const four green = __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
    const four ab2 = __builtin_shufflevector(a, b, 2, 6, 2, 6);
    const four cd2 = __builtin_shufflevector(c, d, 2, 6, 2, 6);
    const four blue = __builtin_shufflevector(ab2, cd2, 0, 1, 4, 5);
    memcpy(target + x, &red, sizeof red);
    memcpy(target + job->colour + x, &green, sizeof green);
    memcpy(target + 2 * job->colour + x, &blue, sizeof blue);
  }
  for (; x < job->side; x++) {
    const four value = pixel(row, job->columns + x);
    for (int c = 0; c < 3; c++) target[c * job->colour + x] = value[c];
  }
}

#endif

PASS resize(const cpixels_resize *job) {
  const int64_t stride = job->width + margin;
  columns *blocks = (columns *)(job->scratch + 3 * stride);
  prepare(job, blocks);
  for (int32_t frame = 0; frame < job->frames; frame++) {
    const uint8_t *corner = job->corner + frame * job->frame_bytes;
    float *target = job->target + (int64_t)frame * job->side * job->side;
    for (int32_t y = 0; y < job->side; y++) {
      const cpixels_tap tap = job->rows[y];
      mix_rows(corner + tap.first * job->row_bytes, corner + tap.second * job->row_bytes,
               (1 - tap.share) / 255, tap.share / 255, job->width, job->scratch, stride);
      resize_row(job, blocks, job->scratch, stride, target + y * job->side);
    }
  }
}

/* ---- colours ----------------------------------------------------------------------------------- */

PASS brighten(float *values, int64_t count, float factor) {
  for (int64_t i = 0; i < count; i++) values[i] = lower(values[i] * factor, 1);
}

PASS contrast(float *values, int64_t count, float factor, float rest) {
  for (int64_t i = 0; i < count; i++) values[i] = in_unit(values[i] * factor + rest);
}

PASS saturate(float *restrict red, float *restrict green, float *restrict blue, int64_t count,
              float factor) {
  for (int64_t i = 0; i < count; i++) {
    const float r = red[i], g = green[i], b = blue[i];
    const float rest = (1 - factor) * (0.2989f * r + 0.587f * g + 0.114f * b);
    red[i] = in_unit(r * factor + rest);
    green[i] = in_unit(g * factor + rest);
    blue[i] = in_unit(b * factor + rest);
  }
}

/* HSV without its branches: with the hue h in sixths of the circle, a channel is
 * low + (high − low) · clamp(its tent over h). */
PASS turn_hue(float *restrict red, float *restrict green, float *restrict blue, int64_t count,
              float sixths) {
  for (int64_t i = 0; i < count; i++) {
    const float r = red[i], g = green[i], b = blue[i];
    const float high = higher(r, higher(g, b)), low = lower(r, lower(g, b));
    const float range = high - low;
    const float inverse = 1 / (range == 0 ? 1 : range);
    const float from_green = 2 + (b - r) * inverse, from_blue = 4 + (r - g) * inverse;
    const float other = high == g ? from_green : from_blue;
    float hue = (high == r ? (g - b) * inverse : other) + sixths;
    hue += hue < 0 ? 6.0f : 0.0f;
    hue -= hue >= 6 ? 6.0f : 0.0f;
    red[i] = low + range * in_unit(fabsf(hue - 3) - 1);
    green[i] = low + range * in_unit(2 - fabsf(hue - 2));
    blue[i] = low + range * in_unit(2 - fabsf(hue - 4));
  }
}

PASS scale(float *values, int64_t count, float factor, float shift) {
  for (int64_t i = 0; i < count; i++) values[i] = values[i] * factor + shift;
}

PIXELS_TARGET static double sum(const float *values, int64_t count) {
  double total = 0;
  for (int64_t start = 0; start < count; start += 2048) {
    const int64_t end = start + 2048 < count ? start + 2048 : count;
    float sums[64] = {0};
    int64_t i = start;
    for (; i + 64 <= end; i += 64)
      for (int k = 0; k < 64; k++) sums[k] += values[i + k];
    for (int k = 0; i < end; i++, k++) sums[k] += values[i];
    for (int k = 0; k < 64; k++) total += (double)sums[k];
  }
  return total;
}

/* ---- neighbourhoods ---------------------------------------------------------------------------- */

PART int32_t mirrored(int32_t place, int32_t length) {
  return place < 0 ? -place : place >= length ? 2 * length - 2 - place : place;
}

typedef float lanes __attribute__((vector_size(4 * LANES), aligned(4)));

PART lanes load(const float *from) {
  lanes value;
  memcpy(&value, from, sizeof value);
  return value;
}

/* Σ weights[k] · rows[k][x] for x in a row, added from the first to the last. */
PART void add_rows(const float *const *rows, const float *weights, int32_t width, float *to,
                   int32_t count) {
  int32_t x = 0;
  for (; x + LANES <= count; x += LANES) {
    lanes sum = load(rows[0] + x) * weights[0];
    for (int32_t k = 1; k < width; k++) sum += load(rows[k] + x) * weights[k];
    memcpy(to + x, &sum, sizeof sum);
  }
  for (; x < count; x++) {
    float sum = rows[0][x] * weights[0];
    for (int32_t k = 1; k < width; k++) sum += rows[k][x] * weights[k];
    to[x] = sum;
  }
}

PASS blur(float *plane, int32_t side, const float *weights, int32_t width, float *scratch) {
  const int32_t half = width / 2, long_row = side + width;
  const float *rows[CPIXELS_WIDEST];
  float *smooth = scratch + (int64_t)side * long_row;
  /* All rows are made longer before the first is read: a load that spans two fresh stores waits. */
  for (int32_t y = 0; y < side; y++) {
    const float *row = plane + y * side;
    float *padded = scratch + y * long_row;
    for (int32_t x = 0; x < half; x++) {
      padded[x] = row[mirrored(x - half, side)];
      padded[side + half + x] = row[mirrored(side + x, side)];
    }
    memcpy(padded + half, row, (size_t)side * sizeof *row);
  }
  for (int32_t y = 0; y < side; y++) {
    for (int32_t k = 0; k < width; k++) rows[k] = scratch + y * long_row + k;
    add_rows(rows, weights, width, smooth + y * side, side);
  }
  for (int32_t y = 0; y < side; y++) {
    for (int32_t k = 0; k < width; k++) rows[k] = smooth + mirrored(y + k - half, side) * side;
    add_rows(rows, weights, width, plane + y * side, side);
  }
}

/* ---- tables ------------------------------------------------------------------------------------ */

PASS look_up(float *restrict values, int64_t count, const float *restrict table, int32_t steps) {
  for (int64_t i = 0; i < count; i++) {
    const float place = in_unit(values[i]) * (float)steps;
    const int32_t whole = (int32_t)place, low = whole < steps - 1 ? whole : steps - 1;
    values[i] = table[low] + (table[low + 1] - table[low]) * (place - (float)low);
  }
}

PASS mix(const float *restrict old, float *restrict plane, int64_t count,
         const int32_t *restrict neighbours, const float *restrict shares) {
#pragma clang loop vectorize(disable)
  for (int64_t i = 0; i < count; i++) {
    const int32_t *near = neighbours + 4 * i;
    const float *share = shares + 4 * i;
    plane[i] = old[near[0]] * share[0] + old[near[1]] * share[1] +
               (old[near[2]] * share[2] + old[near[3]] * share[3]);
  }
}

const cpixels_passes PASSES = {
    .resize = resize,
    .brighten = brighten,
    .contrast = contrast,
    .saturate = saturate,
    .turn_hue = turn_hue,
    .scale = scale,
    .sum = sum,
    .blur = blur,
    .look_up = look_up,
    .mix = mix,
};
