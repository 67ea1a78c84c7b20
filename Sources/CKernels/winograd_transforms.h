/* Rows of tiles to and from Winograd's points, as templates.
 *
 * A row of tiles is transformed in two passes over a strip of memory that stays in the first cache:
 * down the columns of the frame (each column once, although neighbouring tiles share two of them),
 * then along the rows of every tile. */
#pragma once
#include "winograd_points.h"

/* What takes the place of a row outside the frame. */
static const float zeros[LANES];

/* Down the columns: strip[(point·count + column)·16] of LANES channels from `channel` on. */
CK_TEMPLATE void transform_down(ck_type stored, int rows, int is_gradient, const void *frame,
                                const ck_tiles *tiles, int32_t channel, int32_t count,
                                float *strip) {
  const int reach = rows + 2, span = is_gradient ? rows : reach, skip = !is_gradient;
  const int32_t first = tiles->tile_row * rows - skip;
  const int64_t step = count * 16;
  const char *row[6];
  int64_t next[6];
  for (int i = 0; i < span; i++) {
    const int64_t at = first + i, is_inside = at >= 0 && at < tiles->h;
    const int64_t width = stored == CK_F32 ? 4 : 2;
    next[i] = is_inside ? tiles->c * width : 0;
    row[i] = is_inside
                 ? (const char *)frame + (at * tiles->w * tiles->c + channel) * width
                 : (const char *)zeros;
  }
  for (int32_t column = 0; column < tiles->w; column++) {
    lanes d[6], t[6];
    CK_UNROLL for (int i = 0; i < span; i++) {
      d[i] = load_element(stored, row[i], 0);
      row[i] += next[i];
    }
    if (is_gradient) {
      gradient_points(rows, d, t);
    } else {
      input_points(rows, d, t);
    }
    CK_UNROLL for (int i = 0; i < reach; i++) store(strip + i * step + (column + skip) * 16, t[i]);
  }
  for (int i = 0; i < reach; i++) {
    if (skip) store(strip + i * step, all(0));
    for (int32_t column = tiles->w + skip; column < count; column++) {
      store(strip + i * step + column * 16, all(0));
    }
  }
}

/* Along one row of one tile. */
CK_TEMPLATE void transform_along(int columns, int is_gradient, const float *from, lanes *t) {
  lanes d[6];
  CK_UNROLL for (int j = 0; j < (is_gradient ? columns : columns + 2); j++) {
    d[j] = load(from + j * 16);
  }
  if (is_gradient) {
    gradient_points(columns, d, t);
  } else {
    input_points(columns, d, t);
  }
}

CK_TEMPLATE void transform(ck_type stored, ck_type computed, int rows, int columns,
                           ck_transform which, const void *frame, const ck_tiles *tiles,
                           const ck_points *points, float *strip) {
  const int is_gradient = which == CK_GRADIENT_PAIRED;
  const int is_paired = computed == CK_BF16 && which != CK_INPUT;
  const int32_t across = ck_quotient_up(tiles->w, columns);
  const int32_t count = (across + 1) / 2 * 2 * columns + 2;
  for (int32_t channel = 0; channel < tiles->c; channel += LANES) {
    transform_down(stored, rows, is_gradient, frame, tiles, channel, count, strip);
    float *to = points->first + channel / 32 * points->pair + channel / 16 % 2 * points->half +
                channel % 16;
    for (int32_t tile = 0; tile < across; tile += is_paired ? 2 : 1, to += points->row) {
      CK_UNROLL for (int i = 0; i < rows + 2; i++) {
        const float *from = strip + ((int64_t)i * count + tile * columns) * 16;
        float *out = to + i * (columns + 2) * points->point;
        lanes t[6], next[6];
        transform_along(columns, is_gradient, from, t);
        if (is_paired) transform_along(columns, is_gradient, from + columns * 16, next);
        CK_UNROLL for (int j = 0; j < columns + 2; j++) {
          if (is_paired) {
            store(out + j * points->point, paired(t[j], next[j]));
          } else {
            store_element(computed, out + j * points->point, 0, t[j]);
          }
        }
      }
    }
  }
}

/* LANES channels of a row of tiles. */
CK_TEMPLATE void invert(ck_type stored, int rows, int columns, const float *products,
                        int64_t point, void *frame, const ck_tiles *tiles, int32_t channel) {
  const int32_t height = ck_smaller(rows, tiles->h - tiles->tile_row * rows);
  for (int32_t left = 0; left < tiles->w; left += columns, products += 32) {
    const int32_t width = ck_smaller(columns, tiles->w - left);
    lanes half[6][4];
    CK_UNROLL for (int i = 0; i < rows + 2; i++) {
      lanes m[6];
      CK_UNROLL for (int j = 0; j < columns + 2; j++) {
        m[j] = load(products + (i * (columns + 2) + j) * point);
      }
      output_points(columns, m, half[i]);
    }
    const int64_t corner =
        ((int64_t)tiles->tile_row * rows * tiles->w + left) * tiles->c + channel;
    CK_UNROLL for (int j = 0; j < columns; j++) {
      lanes m[6], y[4];
      CK_UNROLL for (int i = 0; i < rows + 2; i++) m[i] = half[i][j];
      output_points(rows, m, y);
      CK_UNROLL for (int i = 0; i < rows; i++) {
        if (i < height && j < width) {
          store_element(stored, frame, corner + ((int64_t)i * tiles->w + j) * tiles->c, y[i]);
        }
      }
    }
  }
}
