/* Makes a ck_form of the templates: constants in, one function a step out. */
#pragma once
#include "winograd_products.h"
#include "winograd_transforms.h"
#include "winograd_weights.h"

#define CK_FORM(id, stored, computed, rows, columns, stride)                                      \
  static CK_CODE void id##_transform(ck_transform which, const void *frame,                       \
                                     const ck_tiles *tiles, const ck_points *points,              \
                                     float *strip) {                                              \
    if (which == CK_GRADIENT_PAIRED) {                                                            \
      transform(CK_GRADIENT_PAIRED, stored, computed, rows, columns, stride, frame, tiles,        \
                points, strip);                                                                   \
    } else if (which == CK_TURNED && stride != 1) {                                               \
      transform(CK_TURNED, stored, computed, rows, columns, stride, frame, tiles, points, strip); \
    } else if (which == CK_INPUT_PAIRED && computed == CK_BF16) {                                 \
      transform(CK_INPUT_PAIRED, stored, computed, rows, columns, stride, frame, tiles, points,   \
                strip);                                                                           \
    } else {                                                                                      \
      transform(CK_INPUT, stored, computed, rows, columns, stride, frame, tiles, points, strip);  \
    }                                                                                             \
  }                                                                                               \
  static CK_CODE void id##_invert(int is_turned, const float *products, int64_t point,            \
                                  void *frame, const ck_tiles *tiles, int32_t channel) {          \
    for (int lane = 0; lane < 16; lane += LANES) {                                                \
      if (is_turned && stride != 1) {                                                             \
        invert(1, stored, rows, columns, stride, products + lane, point, frame, tiles,            \
               channel + lane);                                                                   \
      } else {                                                                                    \
        invert(0, stored, rows, columns, stride, products + lane, point, frame, tiles,            \
               channel + lane);                                                                   \
      }                                                                                           \
    }                                                                                             \
  }                                                                                               \
  static CK_CODE void id##_pack(int is_backward, const float *weights, const ck_weights *shape,   \
                                int32_t begin, int32_t end, float *packed) {                      \
    pack(computed, rows, columns, stride, is_backward, weights, shape, begin, end, packed);       \
  }                                                                                               \
  static CK_CODE void id##_unpack(const float *sums, int32_t first, const ck_weights *shape,      \
                                  float *weights) {                                               \
    unpack(rows, columns, stride, sums, first, shape, weights);                                   \
  }

#define CK_FORM_ENTRY(id, text, stored, computed, rows, columns, stride, products)                \
  {text, stored, computed, rows, columns, stride, CK_PANEL, id##_transform, id##_invert,          \
   id##_pack, id##_unpack, products##_multiply, products##_accumulate}
