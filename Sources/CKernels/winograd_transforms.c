/* Rows of tiles to and from Winograd's points.
 *
 * A row of tiles is transformed in two passes over a strip of memory that stays in the first cache:
 * down the columns of the frame (each column once, although neighbouring tiles share two of them),
 * then along the rows of every tile. */
#include "winograd.h"

#if defined(__x86_64__)
#include "winograd_points.h"

size_t ck_strip_words(ck_type type, int32_t w) {
  const int side = ck_winograd_side(type);
  /* Tiles of a pair are transformed together, so there is room for an even number of them. */
  const int32_t tiles = (ck_quotient_up(w, side) + 1) / 2 * 2;
  return (size_t)ck_winograd_reach(type) * (size_t)(tiles * side + 2) * 16;
}

CK_AVX512_INLINE __m512 load(ck_type type, const void *x, int64_t at, __mmask16 mask) {
  if (type == CK_F32) return _mm512_maskz_loadu_ps(mask, (const float *)x + at);
  const __m256i half = _mm256_maskz_loadu_epi16(mask, (const uint16_t *)x + at);
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(half), 16));
}

CK_AVX512_INLINE void store(ck_type type, void *y, int64_t at, __m512 value) {
  if (type == CK_F32) {
    _mm512_storeu_ps((float *)y + at, value);
  } else {
    const __m512i words = ck_half_words(value, value);
    _mm256_storeu_si256((__m256i *)((uint16_t *)y + at), _mm512_cvtepi32_epi16(words));
  }
}

/* Down the columns: strip[(point·columns + column)·16] of sixteen channels from `channel` on. */
CK_AVX512_INLINE void columns(ck_type type, int is_gradient, const ck_tiles *tiles, int32_t channel,
                              int32_t count, float *strip) {
  const int side = ck_winograd_side(type), reach = side + 2, span = is_gradient ? side : reach;
  const int32_t first = tiles->tile_row * side - !is_gradient, skip = !is_gradient;
  const int64_t step = count * 16;
  int64_t place[6];
  __mmask16 mask[6];
  for (int i = 0; i < span; i++) {
    const int32_t row = first + i, is_inside = row >= 0 && row < tiles->h;
    place[i] = (int64_t)(is_inside ? row : 0) * tiles->w * tiles->c + channel;
    mask[i] = is_inside ? 0xffff : 0;
  }
  for (int32_t column = 0; column < tiles->w; column++) {
    __m512 d[6], t[6];
    CK_UNROLL for (int i = 0; i < span; i++) {
      d[i] = load(type, tiles->frame, place[i] + (int64_t)column * tiles->c, mask[i]);
    }
    if (is_gradient) {
      ck_gradient_points(side, d, t);
    } else {
      ck_input_points(side, d, t);
    }
    CK_UNROLL for (int i = 0; i < reach; i++) {
      _mm512_storeu_ps(strip + i * step + (column + skip) * 16, t[i]);
    }
  }
  for (int i = 0; i < reach; i++) {
    if (skip) _mm512_storeu_ps(strip + i * step, _mm512_setzero_ps());
    for (int32_t column = tiles->w + skip; column < count; column++) {
      _mm512_storeu_ps(strip + i * step + column * 16, _mm512_setzero_ps());
    }
  }
}

/* Along one row of one tile. */
CK_AVX512_INLINE void along(int side, int is_gradient, const float *from, __m512 *t) {
  __m512 d[6];
  CK_UNROLL for (int j = 0; j < (is_gradient ? side : side + 2); j++) {
    d[j] = _mm512_loadu_ps(from + j * 16);
  }
  if (is_gradient) {
    ck_gradient_points(side, d, t);
  } else {
    ck_input_points(side, d, t);
  }
}

CK_AVX512_INLINE void transform(ck_type type, ck_transform which, const ck_tiles *tiles,
                                const ck_points *points, float *strip) {
  const int side = ck_winograd_side(type), reach = side + 2;
  const int is_gradient = which == CK_GRADIENT_PAIRED;
  const int is_paired = type == CK_BF16 && which != CK_INPUT;
  const int32_t row = ck_quotient_up(tiles->w, side);
  const int32_t count = (row + 1) / 2 * 2 * side + 2;
  for (int32_t q = 0; q < tiles->c / 16; q++) {
    columns(type, is_gradient, tiles, q * 16, count, strip);
    float *to = points->first + q / 2 * points->pair + q % 2 * points->half;
    for (int32_t tile = 0; tile < row; tile += is_paired ? 2 : 1, to += points->row) {
      CK_UNROLL for (int i = 0; i < reach; i++) {
        const float *from = strip + ((int64_t)i * count + tile * side) * 16;
        float *out = to + i * reach * points->point;
        __m512 t[6], next[6];
        along(side, is_gradient, from, t);
        if (is_paired) along(side, is_gradient, from + side * 16, next);
        CK_UNROLL for (int j = 0; j < reach; j++) {
          if (is_paired) {
            _mm512_storeu_si512(out + j * points->point, ck_half_words(t[j], next[j]));
          } else {
            store(type, out + j * points->point, 0, t[j]);
          }
        }
      }
    }
  }
}

CK_AVX512 void ck_winograd_transform(ck_transform which, const ck_tiles *tiles,
                                     const ck_points *points, float *strip) {
  if (tiles->type == CK_F32 && which == CK_GRADIENT_PAIRED) {
    transform(CK_F32, CK_GRADIENT_PAIRED, tiles, points, strip);
  } else if (tiles->type == CK_F32) {
    transform(CK_F32, CK_INPUT, tiles, points, strip);
  } else if (which == CK_GRADIENT_PAIRED) {
    transform(CK_BF16, CK_GRADIENT_PAIRED, tiles, points, strip);
  } else if (which == CK_INPUT_PAIRED) {
    transform(CK_BF16, CK_INPUT_PAIRED, tiles, points, strip);
  } else {
    transform(CK_BF16, CK_INPUT, tiles, points, strip);
  }
}

CK_AVX512_INLINE void inverse(ck_type type, const float *products, int64_t point, char *frame,
                              int32_t h, int32_t w, int32_t c, int32_t tile_row) {
  const int side = ck_winograd_side(type), reach = side + 2;
  const int32_t rows = ck_smaller(side, h - tile_row * side);
  for (int32_t left = 0; left < w; left += side, products += 32) {
    const int32_t width = ck_smaller(side, w - left);
    __m512 half[6][4];
    CK_UNROLL for (int i = 0; i < reach; i++) {
      __m512 m[6];
      CK_UNROLL for (int j = 0; j < reach; j++) {
        m[j] = _mm512_loadu_ps(products + (i * reach + j) * point);
      }
      ck_output_points(side, m, half[i]);
    }
    const int64_t corner = ((int64_t)tile_row * side * w + left) * c;
    CK_UNROLL for (int j = 0; j < side; j++) {
      __m512 m[6], y[4];
      CK_UNROLL for (int i = 0; i < reach; i++) m[i] = half[i][j];
      ck_output_points(side, m, y);
      CK_UNROLL for (int i = 0; i < side; i++) {
        if (i < rows && j < width) store(type, frame, corner + ((int64_t)i * w + j) * c, y[i]);
      }
    }
  }
}

CK_AVX512 void ck_winograd_inverse(const float *products, int64_t point, ck_type type, void *frame,
                                   int32_t h, int32_t w, int32_t c, int32_t channel,
                                   int32_t tile_row) {
  char *first = (char *)frame + (type == CK_F32 ? 4 : 2) * channel;
  if (type == CK_F32) {
    inverse(CK_F32, products, point, first, h, w, c, tile_row);
  } else {
    inverse(CK_BF16, products, point, first, h, w, c, tile_row);
  }
}
#endif
