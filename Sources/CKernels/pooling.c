/* Max and average pooling, and the parameter-free shortcut of 3D-ResNets. */
#include "vectors.h"

/* The row number of a position of the input. */
CK_INLINE int64_t input_row(const ck_grid *grid, int64_t n, int64_t t, int64_t h, int64_t w) {
  return ((n * grid->t + t) * grid->h + h) * grid->w + w;
}

/* The row number of a position of the output. */
CK_INLINE int64_t output_row(const ck_grid *grid, int64_t n, int64_t t, int64_t h, int64_t w) {
  return ((n * grid->ot + t) * grid->oh + h) * grid->ow + w;
}

CK_INLINE void max_at(ck_type type, const ck_grid *grid, const void *x, void *y, uint8_t *winners,
                      int64_t n, int64_t t, int64_t h, int64_t w) {
  const int64_t to = output_row(grid, n, t, h, w) * grid->c;
  for (int64_t at = 0; at < grid->c; at += 16) {
    ck_v16 best;
    uint8_t tap_of[16] = {0};
    int is_empty = 1;
    for (int tap = 0; tap < 27; tap++) {
      const int64_t it = 2 * t - 1 + tap / 9, ih = 2 * h - 1 + tap / 3 % 3, iw = 2 * w - 1 + tap % 3;
      if (it < 0 || it >= grid->t || ih < 0 || ih >= grid->h || iw < 0 || iw >= grid->w) continue;
      ck_v16 value;
      ck_load(type, x, input_row(grid, n, it, ih, iw) * grid->c + at, &value);
      for (int lane = 0; lane < 16; lane++) {
        /* The first of equal values wins; NaN always does. */
        if (is_empty || value[lane] > best[lane] || value[lane] != value[lane]) {
          best[lane] = value[lane];
          tap_of[lane] = (uint8_t)tap;
        }
      }
      is_empty = 0;
    }
    ck_store(type, &best, y, to + at);
    memcpy(winners + to + at, tap_of, sizeof tap_of);
  }
}

CK_INLINE void max_pool(ck_type type, const ck_grid *grid, const void *x, void *y,
                        uint8_t *winners) {
  for (int64_t n = 0; n < grid->n; n++)
    for (int64_t t = 0; t < grid->ot; t++)
      for (int64_t h = 0; h < grid->oh; h++)
        for (int64_t w = 0; w < grid->ow; w++) max_at(type, grid, x, y, winners, n, t, h, w);
}

CK_CLONES void ck_max_pool(ck_type type, const ck_grid *grid, const void *x, void *y,
                           uint8_t *winners) {
  CK_DISPATCH(type, max_pool, grid, x, y, winners);
}

/* Gathers what the at most eight windows over one input position send back. */
CK_INLINE void max_backward_at(ck_type type, const ck_grid *grid, const void *dy,
                               const uint8_t *winners, void *dx, int64_t n, int64_t t, int64_t h,
                               int64_t w) {
  for (int64_t at = 0; at < grid->c; at += 16) {
    ck_v16 sum = {0};
    for (int64_t ot = t / 2; ot <= (t + 1) / 2 && ot < grid->ot; ot++)
      for (int64_t oh = h / 2; oh <= (h + 1) / 2 && oh < grid->oh; oh++)
        for (int64_t ow = w / 2; ow <= (w + 1) / 2 && ow < grid->ow; ow++) {
          const int64_t from = output_row(grid, n, ot, oh, ow) * grid->c + at;
          const int64_t tap =
              (t - 2 * ot + 1) * 9 + (h - 2 * oh + 1) * 3 + (w - 2 * ow + 1);
          ck_v16 gradient;
          ck_load(type, dy, from, &gradient);
          for (int lane = 0; lane < 16; lane++) {
            if (winners[from + lane] == tap) sum[lane] += gradient[lane];
          }
        }
    ck_store(type, &sum, dx, input_row(grid, n, t, h, w) * grid->c + at);
  }
}

CK_INLINE void max_pool_backward(ck_type type, const ck_grid *grid, const void *dy,
                                 const uint8_t *winners, void *dx) {
  for (int64_t n = 0; n < grid->n; n++)
    for (int64_t t = 0; t < grid->t; t++)
      for (int64_t h = 0; h < grid->h; h++)
        for (int64_t w = 0; w < grid->w; w++)
          max_backward_at(type, grid, dy, winners, dx, n, t, h, w);
}

CK_CLONES void ck_max_pool_backward(ck_type type, const ck_grid *grid, const void *dy,
                                    const uint8_t *winners, void *dx) {
  CK_DISPATCH(type, max_pool_backward, grid, dy, winners, dx);
}

CK_INLINE void average_pool(ck_type type, const void *x, int64_t n, int64_t positions,
                            int64_t channels, float *y) {
  for (int64_t clip = 0; clip < n; clip++)
    for (int64_t at = 0; at < channels; at += 16) {
      ck_d16 sum = {0};
      for (int64_t row = clip * positions; row < (clip + 1) * positions; row++) {
        ck_v16 value;
        ck_load(type, x, row * channels + at, &value);
        sum += __builtin_convertvector(value, ck_d16);
      }
      const ck_v16 mean = __builtin_convertvector(sum / (double)positions, ck_v16);
      memcpy(y + clip * channels + at, &mean, sizeof mean);
    }
}

CK_CLONES void ck_average_pool(ck_type type, const void *x, int64_t n, int64_t positions,
                               int64_t channels, float *y) {
  CK_DISPATCH(type, average_pool, x, n, positions, channels, y);
}

CK_INLINE void average_pool_backward(ck_type type, const float *dy, int64_t n, int64_t positions,
                                     int64_t channels, void *dx) {
  for (int64_t clip = 0; clip < n; clip++)
    for (int64_t row = clip * positions; row < (clip + 1) * positions; row++)
      for (int64_t at = 0; at < channels; at += 16) {
        ck_v16 gradient;
        memcpy(&gradient, dy + clip * channels + at, sizeof gradient);
        gradient /= (float)positions;
        ck_store(type, &gradient, dx, row * channels + at);
      }
}

CK_CLONES void ck_average_pool_backward(ck_type type, const float *dy, int64_t n, int64_t positions,
                                        int64_t channels, void *dx) {
  CK_DISPATCH(type, average_pool_backward, dy, n, positions, channels, dx);
}

void ck_subsample(ck_type type, const ck_grid *grid, int32_t stride, int32_t channels,
                  const void *x, void *y) {
  const size_t kept = (size_t)grid->c * ck_width(type), row = (size_t)channels * ck_width(type);
  char *to = y;
  for (int64_t n = 0; n < grid->n; n++)
    for (int64_t t = 0; t < grid->ot; t++)
      for (int64_t h = 0; h < grid->oh; h++)
        for (int64_t w = 0; w < grid->ow; w++, to += row) {
          const int64_t from = input_row(grid, n, t * stride, h * stride, w * stride);
          memcpy(to, (const char *)x + (size_t)from * kept, kept);
          memset(to + kept, 0, row - kept);
        }
}

CK_INLINE void subsample_backward(ck_type type, const ck_grid *grid, int32_t stride,
                                  int32_t channels, const void *dy, void *dx) {
  for (int64_t n = 0; n < grid->n; n++)
    for (int64_t t = 0; t < grid->ot; t++)
      for (int64_t h = 0; h < grid->oh; h++)
        for (int64_t w = 0; w < grid->ow; w++) {
          const int64_t from = output_row(grid, n, t, h, w) * channels;
          const int64_t to = input_row(grid, n, t * stride, h * stride, w * stride) * grid->c;
          for (int64_t at = 0; at < grid->c; at += 16) {
            ck_v16 gradient, sum;
            ck_load(type, dy, from + at, &gradient);
            ck_load(type, dx, to + at, &sum);
            sum += gradient;
            ck_store(type, &sum, dx, to + at);
          }
        }
}

CK_CLONES void ck_subsample_backward(ck_type type, const ck_grid *grid, int32_t stride,
                                     int32_t channels, const void *dy, void *dx) {
  CK_DISPATCH(type, subsample_backward, grid, stride, channels, dy, dx);
}
