/* Rows of tiles to and from Winograd's points, as templates.
 *
 * A row of tiles is transformed in two passes over a strip of memory that stays in the first cache:
 * down the columns of the frame (each column once, although neighbouring tiles share some of them),
 * then along the rows of every tile. */
#pragma once
#include "winograd_points.h"

/* What takes the place of a row outside the frame. */
static const float zeros[LANES];

/* What one side of a tile takes of a frame: `span` elements, `step` after those of the tile before;
 * the first tile starts `before` the frame. */
typedef struct {
  int span, step, before;
} ck_reach;

CK_TEMPLATE ck_reach reach_of(ck_transform which, int side, int stride) {
  if (which == CK_GRADIENT_PAIRED) return (ck_reach){side, side, 0};
  if (stride == 1) return (ck_reach){side + 2, side, 1};
  return which == CK_TURNED ? (ck_reach){3, 2, 0} : (ck_reach){5, 4, 1};
}

CK_TEMPLATE void to_points(ck_transform which, int side, int stride, const lanes *d, lanes *t) {
  if (which == CK_GRADIENT_PAIRED) {
    gradient_points(side, stride, d, t);
  } else if (which == CK_TURNED) {
    turned_points(side, stride, d, t);
  } else {
    input_points(side, stride, d, t);
  }
}

/* Down the columns: strip[(point·count + column)·16] of LANES channels from `channel` on. */
CK_TEMPLATE void transform_down(ck_transform which, ck_type stored, int rows, int stride,
                                int before, const void *frame, const ck_tiles *tiles,
                                int32_t channel, int32_t count, float *strip) {
  const ck_reach reach = reach_of(which, rows, stride);
  const int points = ck_side_points(rows, stride);
  const int32_t first = tiles->tile_row * reach.step - reach.before;
  const int64_t step = count * 16;
  const char *row[CK_MOST_POINTS];
  int64_t next[CK_MOST_POINTS];
  for (int i = 0; i < reach.span; i++) {
    const int64_t at = first + i, is_inside = at >= 0 && at < tiles->h;
    const int64_t width = stored == CK_F32 ? 4 : 2;
    next[i] = is_inside ? tiles->c * width : 0;
    row[i] = is_inside
                 ? (const char *)frame + (at * tiles->w * tiles->c + channel) * width
                 : (const char *)zeros;
  }
  for (int32_t column = 0; column < tiles->w; column++) {
    lanes d[CK_MOST_POINTS], t[CK_MOST_POINTS];
    CK_UNROLL for (int i = 0; i < reach.span; i++) {
      d[i] = load_element(stored, row[i], 0);
      row[i] += next[i];
    }
    to_points(which, rows, stride, d, t);
    CK_UNROLL for (int i = 0; i < points; i++) {
      store(strip + i * step + (column + before) * 16, t[i]);
    }
  }
  for (int i = 0; i < points; i++) {
    if (before) store(strip + i * step, all(0));
    for (int32_t column = tiles->w + before; column < count; column++) {
      store(strip + i * step + column * 16, all(0));
    }
  }
}

/* Along one row of one tile. */
CK_TEMPLATE void transform_along(ck_transform which, int columns, int stride, const float *from,
                                 lanes *t) {
  lanes d[CK_MOST_POINTS];
  CK_UNROLL for (int j = 0; j < reach_of(which, columns, stride).span; j++) {
    d[j] = load(from + j * 16);
  }
  to_points(which, columns, stride, d, t);
}

CK_TEMPLATE void transform(ck_transform which, ck_type stored, ck_type computed, int rows,
                           int columns, int stride, const void *frame, const ck_tiles *tiles,
                           const ck_points *points, float *strip) {
  const ck_reach reach = reach_of(which, columns, stride);
  const int is_paired =
      computed == CK_BF16 && (which == CK_INPUT_PAIRED || which == CK_GRADIENT_PAIRED);
  const int across = ck_side_points(columns, stride);
  const int32_t count = (tiles->across + 1) / 2 * 2 * reach.step + 2;
  for (int32_t channel = 0; channel < tiles->c; channel += LANES) {
    transform_down(which, stored, rows, stride, reach.before, frame, tiles, channel, count, strip);
    float *to = points->first + channel / 32 * points->pair + channel / 16 % 2 * points->half +
                channel % 16;
    for (int32_t tile = 0; tile < tiles->across; tile += is_paired ? 2 : 1, to += points->row) {
      CK_UNROLL for (int i = 0; i < ck_side_points(rows, stride); i++) {
        const float *from = strip + ((int64_t)i * count + tile * reach.step) * 16;
        float *out = to + i * across * points->point;
        lanes t[CK_MOST_POINTS], next[CK_MOST_POINTS];
        transform_along(which, columns, stride, from, t);
        if (is_paired) transform_along(which, columns, stride, from + reach.step * 16, next);
        CK_UNROLL for (int j = 0; j < across; j++) {
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
CK_TEMPLATE void invert(int is_turned, ck_type stored, int rows, int columns, int stride,
                        const float *products, int64_t point, void *frame, const ck_tiles *tiles,
                        int32_t channel) {
  const int down = ck_side_points(rows, stride), across = ck_side_points(columns, stride);
  const int tall = is_turned ? rows * stride : rows, wide = is_turned ? columns * stride : columns;
  const int32_t height = ck_smaller(tall, tiles->h - tiles->tile_row * tall);
  for (int32_t tile = 0; tile < tiles->across; tile++, products += 32) {
    const int32_t left = tile * wide, width = ck_smaller(wide, tiles->w - left);
    lanes half[CK_MOST_POINTS][4];
    CK_UNROLL for (int i = 0; i < down; i++) {
      lanes m[CK_MOST_POINTS];
      CK_UNROLL for (int j = 0; j < across; j++) m[j] = load(products + (i * across + j) * point);
      if (is_turned) {
        turned_output(columns, stride, m, half[i]);
      } else {
        output_points(columns, stride, m, half[i]);
      }
    }
    const int64_t corner = ((int64_t)tiles->tile_row * tall * tiles->w + left) * tiles->c + channel;
    CK_UNROLL for (int j = 0; j < wide; j++) {
      lanes m[CK_MOST_POINTS], y[4];
      CK_UNROLL for (int i = 0; i < down; i++) m[i] = half[i][j];
      if (is_turned) {
        turned_output(rows, stride, m, y);
      } else {
        output_points(rows, stride, m, y);
      }
      CK_UNROLL for (int i = 0; i < tall; i++) {
        if (i < height && j < width) {
          store_element(stored, frame, corner + ((int64_t)i * tiles->w + j) * tiles->c, y[i]);
        }
      }
    }
  }
}
