/* Batch norm over rows (Ioffe and Szegedy, ICML 2015), fused with the residual add and the ReLU. */
#include "vectors.h"

/* Rows are taken in blocks that stay in the first-level cache. The block length depends on the
 * channels alone, so the order of every sum is fixed by the shape. */
CK_INLINE int64_t block_rows(int64_t channels) {
  int64_t rows = 4096 / channels;
  return rows < 8 ? 8 : rows;
}

/* Channels whose sums are kept at once: a block of rows is read once for all of them. */
enum { TOGETHER = 512 };

/* Adds `count` rows of sixteen channels to the moments of the `first` rows before them. */
CK_INLINE void merge_block(ck_type type, const void *x, int64_t first, int64_t count,
                           int64_t channels, int64_t at, ck_d16 *mean, ck_d16 *squares) {
  ck_v16 sum = {0}, rest = {0}, block_squares = {0}, value;
  for (int64_t row = first; row < first + count; row++) {
    ck_load(type, x, row * channels + at, &value);
    sum += value;
  }
  /* The mean of the block is rounded; what it misses is `rest`, which corrects both moments. */
  const ck_v16 centre = sum / (float)count;
  for (int64_t row = first; row < first + count; row++) {
    ck_load(type, x, row * channels + at, &value);
    value -= centre;
    rest += value;
    block_squares += value * value;
  }
  const ck_d16 missed = __builtin_convertvector(rest, ck_d16) / (double)count;
  const ck_d16 delta = __builtin_convertvector(centre, ck_d16) + missed - *mean;
  const double share = (double)count / (double)(first + count);
  *mean += delta * share;
  *squares += __builtin_convertvector(block_squares, ck_d16) - missed * missed * (double)count +
              delta * delta * ((double)first * share);
}

CK_INLINE void statistics(ck_type type, const void *x, int64_t rows, int64_t channels, float *mean,
                          float *variance) {
  const int64_t step = block_rows(channels);
  for (int64_t begin = 0; begin < channels; begin += TOGETHER) {
    const int64_t end = begin + TOGETHER < channels ? begin + TOGETHER : channels;
    ck_d16 means[TOGETHER / 16] = {0}, squares[TOGETHER / 16] = {0};
    for (int64_t first = 0; first < rows; first += step) {
      const int64_t count = rows - first < step ? rows - first : step;
      for (int64_t at = begin; at < end; at += 16) {
        const int64_t group = (at - begin) / 16;
        merge_block(type, x, first, count, channels, at, &means[group], &squares[group]);
      }
    }
    for (int64_t at = begin; at < end; at++) {
      const int64_t group = (at - begin) / 16, lane = (at - begin) % 16;
      const double sum = squares[group][lane] < 0 ? 0 : squares[group][lane];
      mean[at] = (float)means[group][lane];
      variance[at] = (float)(sum / (double)rows);
    }
  }
}

CK_CLONES void ck_channel_statistics(ck_type type, const void *x, int64_t rows, int64_t channels,
                                     float *mean, float *variance) {
  CK_DISPATCH(type, statistics, x, rows, channels, mean, variance);
}

CK_INLINE void scale_shift(ck_type type, const void *x, int64_t rows, int64_t channels,
                           const float *scale, const float *shift, const void *residual,
                           int rectify, void *y) {
  const ck_v16 zero = {0};
  for (int64_t row = 0; row < rows; row++) {
    for (int64_t at = 0; at < channels; at += 16) {
      ck_v16 value, factor, offset;
      ck_load(type, x, row * channels + at, &value);
      memcpy(&factor, scale + at, sizeof factor);
      memcpy(&offset, shift + at, sizeof offset);
      value = value * factor + offset;
      if (residual) {
        ck_v16 other;
        ck_load(type, residual, row * channels + at, &other);
        value += other;
      }
      /* Written so that NaN passes: a comparison with NaN is false. */
      const ck_u16x32 is_negative = (ck_u16x32)(value < zero);
      if (rectify) ck_clear(&value, &is_negative);
      ck_store(type, &value, y, row * channels + at);
    }
  }
}

CK_CLONES void ck_scale_shift(ck_type type, const void *x, int64_t rows, int64_t channels,
                              const float *scale, const float *shift, const void *residual,
                              int rectify, void *y) {
  CK_DISPATCH(type, scale_shift, x, rows, channels, scale, shift, residual, rectify, y);
}

/* Masks and sums rows first…end - 1 of sixteen channels. */
CK_INLINE void sum_block(ck_type type, const void *x, const void *y, void *dy, int64_t first,
                         int64_t end, int64_t channels, int64_t at, const float *mean,
                         ck_d16 *total, ck_d16 *product) {
  const ck_v16 zero = {0};
  ck_v16 centre, block = {0}, block_product = {0};
  memcpy(&centre, mean + at, sizeof centre);
  for (int64_t row = first; row < end; row++) {
    ck_v16 gradient, value;
    ck_load(type, dy, row * channels + at, &gradient);
    if (y) {
      ck_load(type, y, row * channels + at, &value);
      const ck_u16x32 is_masked = (ck_u16x32)(value == zero);
      ck_clear(&gradient, &is_masked);
      ck_store(type, &gradient, dy, row * channels + at);
    }
    ck_load(type, x, row * channels + at, &value);
    block += gradient;
    block_product += gradient * (value - centre);
  }
  *total += __builtin_convertvector(block, ck_d16);
  *product += __builtin_convertvector(block_product, ck_d16);
}

CK_INLINE void sums(ck_type type, const void *x, const void *y, void *dy, int64_t rows,
                    int64_t channels, const float *mean, const float *inverse,
                    float *shift_gradient, float *scale_gradient) {
  const int64_t step = block_rows(channels);
  for (int64_t begin = 0; begin < channels; begin += TOGETHER) {
    const int64_t last = begin + TOGETHER < channels ? begin + TOGETHER : channels;
    ck_d16 totals[TOGETHER / 16] = {0}, products[TOGETHER / 16] = {0};
    for (int64_t first = 0; first < rows; first += step) {
      const int64_t end = first + step < rows ? first + step : rows;
      for (int64_t at = begin; at < last; at += 16) {
        const int64_t group = (at - begin) / 16;
        sum_block(type, x, y, dy, first, end, channels, at, mean, &totals[group],
                  &products[group]);
      }
    }
    for (int64_t at = begin; at < last; at++) {
      const int64_t group = (at - begin) / 16, lane = (at - begin) % 16;
      shift_gradient[at] = (float)totals[group][lane];
      scale_gradient[at] = (float)(products[group][lane] * (double)inverse[at]);
    }
  }
}

CK_CLONES void ck_normalization_sums(ck_type type, const void *x, const void *y, void *dy,
                                     int64_t rows, int64_t channels, const float *mean,
                                     const float *inverse, float *shift_gradient,
                                     float *scale_gradient) {
  CK_DISPATCH(type, sums, x, y, dy, rows, channels, mean, inverse, shift_gradient, scale_gradient);
}

CK_INLINE void backward(ck_type type, const void *x, const void *dy, int64_t rows, int64_t channels,
                        const float *mean, const float *inverse, const float *weight,
                        const float *shift_gradient, const float *scale_gradient, void *dx) {
  const float share = 1.0f / (float)rows;
  for (int64_t row = 0; row < rows; row++) {
    for (int64_t at = 0; at < channels; at += 16) {
      ck_v16 value, gradient, centre, factor, gain, shift, scale;
      ck_load(type, x, row * channels + at, &value);
      ck_load(type, dy, row * channels + at, &gradient);
      memcpy(&centre, mean + at, sizeof centre);
      memcpy(&factor, inverse + at, sizeof factor);
      memcpy(&gain, weight + at, sizeof gain);
      memcpy(&shift, shift_gradient + at, sizeof shift);
      memcpy(&scale, scale_gradient + at, sizeof scale);
      const ck_v16 normalized = (value - centre) * factor;
      gradient = gain * factor * (gradient - shift * share - normalized * (scale * share));
      ck_store(type, &gradient, dx, row * channels + at);
    }
  }
}

CK_CLONES void ck_normalization_backward(ck_type type, const void *x, const void *dy, int64_t rows,
                                         int64_t channels, const float *mean, const float *inverse,
                                         const float *weight, const float *shift_gradient,
                                         const float *scale_gradient, void *dx) {
  CK_DISPATCH(type, backward, x, dy, rows, channels, mean, inverse, weight, shift_gradient,
              scale_gradient, dx);
}
