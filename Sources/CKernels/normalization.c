/* Batch norm over rows (Ioffe and Szegedy, ICML 2015), fused with the residual add and the ReLU. */
#include "vectors.h"

/* Rows are taken in blocks that stay in the first-level cache. The block length depends on the
 * channels alone, so the order of every sum is fixed by the shape. */
CK_INLINE int64_t block_rows(int64_t channels) {
  int64_t rows = 4096 / channels;
  return rows < 8 ? 8 : rows;
}

CK_INLINE void statistics_of_16(ck_type type, const void *x, int64_t rows, int64_t channels,
                                int64_t at, float *mean, float *variance) {
  const int64_t step = block_rows(channels);
  ck_d16 total_mean = {0}, total_squares = {0};
  for (int64_t first = 0; first < rows; first += step) {
    const int64_t count = rows - first < step ? rows - first : step;
    ck_v16 sum = {0}, rest = {0}, squares = {0}, value;
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
      squares += value * value;
    }
    const ck_d16 missed = __builtin_convertvector(rest, ck_d16) / (double)count;
    const ck_d16 delta = __builtin_convertvector(centre, ck_d16) + missed - total_mean;
    const double share = (double)count / (double)(first + count);
    total_mean += delta * share;
    total_squares += __builtin_convertvector(squares, ck_d16) - missed * missed * (double)count +
                     delta * delta * ((double)first * share);
  }
  for (int lane = 0; lane < 16; lane++) {
    mean[at + lane] = (float)total_mean[lane];
    const double squares = total_squares[lane] < 0 ? 0 : total_squares[lane];
    variance[at + lane] = (float)(squares / (double)rows);
  }
}

CK_INLINE void statistics(ck_type type, const void *x, int64_t rows, int64_t channels, float *mean,
                          float *variance) {
  for (int64_t at = 0; at < channels; at += 16) {
    statistics_of_16(type, x, rows, channels, at, mean, variance);
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

CK_INLINE void sums_of_16(ck_type type, const void *x, const void *y, void *dy, int64_t rows,
                          int64_t channels, int64_t at, const float *mean, const float *inverse,
                          float *shift_gradient, float *scale_gradient) {
  const int64_t step = block_rows(channels);
  const ck_v16 zero = {0};
  ck_v16 centre, factor;
  memcpy(&centre, mean + at, sizeof centre);
  memcpy(&factor, inverse + at, sizeof factor);
  ck_d16 total = {0}, product = {0};
  for (int64_t first = 0; first < rows; first += step) {
    const int64_t end = first + step < rows ? first + step : rows;
    ck_v16 block = {0}, block_product = {0};
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
    total += __builtin_convertvector(block, ck_d16);
    product += __builtin_convertvector(block_product, ck_d16);
  }
  for (int lane = 0; lane < 16; lane++) {
    shift_gradient[at + lane] = (float)total[lane];
    scale_gradient[at + lane] = (float)(product[lane] * (double)factor[lane]);
  }
}

CK_INLINE void sums(ck_type type, const void *x, const void *y, void *dy, int64_t rows,
                    int64_t channels, const float *mean, const float *inverse,
                    float *shift_gradient, float *scale_gradient) {
  for (int64_t at = 0; at < channels; at += 16) {
    sums_of_16(type, x, y, dy, rows, channels, at, mean, inverse, shift_gradient, scale_gradient);
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
