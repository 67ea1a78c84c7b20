/* Batch norm over rows (Ioffe and Szegedy, ICML 2015), fused with the residual add and the ReLU. */
#include "vectors.h"

/* Rows are taken in blocks that stay in the first-level cache. The block length depends on the
 * channels alone, so the order of every sum is fixed by the shape. */
CK_INLINE int64_t block_rows(int64_t channels) {
  int64_t rows = 4096 / channels;
  return rows < 8 ? 8 : rows;
}

/* Channels are taken some sixteens at a time, so that rows are read in whole cache lines. */
enum { STRIP = 8 };

/* The moments of the rows so far. */
typedef struct {
  ck_d16 mean, squares;
} moments;

/* Merges the rows from `first` on into the moments of sixteen channels. */
CK_INLINE void merge_block(ck_type type, const void *x, int64_t first, int64_t count,
                           int64_t channels, int64_t at, moments *total) {
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
  const ck_d16 delta = __builtin_convertvector(centre, ck_d16) + missed - total->mean;
  const double share = (double)count / (double)(first + count);
  total->mean += delta * share;
  total->squares += __builtin_convertvector(squares, ck_d16) - missed * missed * (double)count +
                    delta * delta * ((double)first * share);
}

CK_INLINE void statistics(ck_type type, const void *x, int64_t rows, int64_t channels, float *mean,
                          float *variance) {
  const int64_t step = block_rows(channels);
  for (int64_t strip = 0; strip < channels; strip += 16 * STRIP) {
    const int64_t sixteens = (channels - strip) / 16 < STRIP ? (channels - strip) / 16 : STRIP;
    moments total[STRIP] = {0};
    for (int64_t first = 0; first < rows; first += step) {
      const int64_t count = rows - first < step ? rows - first : step;
      for (int64_t i = 0; i < sixteens; i++) {
        merge_block(type, x, first, count, channels, strip + 16 * i, &total[i]);
      }
    }
    for (int64_t i = 0; i < 16 * sixteens; i++) {
      const double squares = total[i / 16].squares[i % 16];
      mean[strip + i] = (float)total[i / 16].mean[i % 16];
      variance[strip + i] = (float)((squares < 0 ? 0 : squares) / (double)rows);
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

/* Clears a gradient where the rectified norm of x is 0, by the operations of ck_scale_shift. A bf16
 * norm is also 0 up to half of the smallest number, 2^-133. */
CK_INLINE void mask_again(ck_type type, const ck_v16 *x, const ck_v16 *scale, const ck_v16 *shift,
                          ck_v16 *gradient) {
  const float most = type == CK_BF16 ? 0x1p-134f : 0;
  const ck_u16x32 is_masked = (ck_u16x32)(*x * *scale + *shift <= most);
  ck_clear(gradient, &is_masked);
}

typedef struct {
  ck_d16 shift[STRIP], product[STRIP];
} strip_sums;

/* Adds what the rows from `first` to `end` give to the sums of sixteen channels. */
CK_INLINE void sums_of_block(ck_type type, const void *x, const void *y, void *dy, int64_t first,
                             int64_t end, int64_t channels, int64_t at,
                             const ck_normalization norm, ck_d16 *shift_sum, ck_d16 *product_sum) {
  const ck_v16 zero = {0};
  ck_v16 centre, scale = {0}, shift = {0}, sum = {0}, product = {0};
  memcpy(&centre, norm.mean + at, sizeof centre);
  if (norm.scale) {
    memcpy(&scale, norm.scale + at, sizeof scale);
    memcpy(&shift, norm.shift + at, sizeof shift);
  }
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
    if (norm.scale) mask_again(type, &value, &scale, &shift, &gradient);
    sum += gradient;
    product += gradient * (value - centre);
  }
  *shift_sum += __builtin_convertvector(sum, ck_d16);
  *product_sum += __builtin_convertvector(product, ck_d16);
}

CK_INLINE void sums(ck_type type, const void *x, const void *y, void *dy, int64_t rows,
                    int64_t channels, const ck_normalization norm, float *shift_gradient,
                    float *scale_gradient) {
  const int64_t step = block_rows(channels);
  for (int64_t strip = 0; strip < channels; strip += 16 * STRIP) {
    const int64_t sixteens = (channels - strip) / 16 < STRIP ? (channels - strip) / 16 : STRIP;
    strip_sums total = {0};
    for (int64_t first = 0; first < rows; first += step) {
      const int64_t end = first + step < rows ? first + step : rows;
      for (int64_t i = 0; i < sixteens; i++) {
        sums_of_block(type, x, y, dy, first, end, channels, strip + 16 * i, norm, &total.shift[i],
                      &total.product[i]);
      }
    }
    for (int64_t i = 0; i < 16 * sixteens; i++) {
      shift_gradient[strip + i] = (float)total.shift[i / 16][i % 16];
      scale_gradient[strip + i] =
          (float)(total.product[i / 16][i % 16] * (double)norm.inverse[strip + i]);
    }
  }
}

CK_CLONES void ck_normalization_sums(ck_type type, const void *x, const void *y, void *dy,
                                     int64_t rows, int64_t channels, const ck_normalization *norm,
                                     float *shift_gradient, float *scale_gradient) {
  CK_DISPATCH(type, sums, x, y, dy, rows, channels, *norm, shift_gradient, scale_gradient);
}

CK_INLINE void backward(ck_type type, const void *x, const void *dy, int64_t rows, int64_t channels,
                        const ck_normalization norm, const float *shift_gradient,
                        const float *scale_gradient, void *dx) {
  const float share = 1.0f / (float)rows;
  for (int64_t row = 0; row < rows; row++) {
    for (int64_t at = 0; at < channels; at += 16) {
      ck_v16 value, gradient, centre, factor, gain, shift, scale;
      ck_load(type, x, row * channels + at, &value);
      ck_load(type, dy, row * channels + at, &gradient);
      if (norm.scale) {
        memcpy(&scale, norm.scale + at, sizeof scale);
        memcpy(&shift, norm.shift + at, sizeof shift);
        mask_again(type, &value, &scale, &shift, &gradient);
      }
      memcpy(&centre, norm.mean + at, sizeof centre);
      memcpy(&factor, norm.inverse + at, sizeof factor);
      memcpy(&gain, norm.weight + at, sizeof gain);
      memcpy(&shift, shift_gradient + at, sizeof shift);
      memcpy(&scale, scale_gradient + at, sizeof scale);
      const ck_v16 normalized = (value - centre) * factor;
      gradient = gain * factor * (gradient - shift * share - normalized * (scale * share));
      ck_store(type, &gradient, dx, row * channels + at);
    }
  }
}

CK_CLONES void ck_normalization_backward(ck_type type, const void *x, const void *dy, int64_t rows,
                                         int64_t channels, const ck_normalization *norm,
                                         const float *shift_gradient, const float *scale_gradient,
                                         void *dx) {
  CK_DISPATCH(type, backward, x, dy, rows, channels, *norm, shift_gradient, scale_gradient, dx);
}
