/* Sums and conversions of whole buffers. */
#include "vectors.h"

CK_INLINE void add(ck_type type, const void *x, int64_t count, void *y) {
  for (int64_t at = 0; at < count; at += 16) {
    ck_v16 value, sum;
    ck_load(type, x, at, &value);
    ck_load(type, y, at, &sum);
    sum += value;
    ck_store(type, &sum, y, at);
  }
}

CK_CLONES void ck_add(ck_type type, const void *x, int64_t count, void *y) {
  CK_DISPATCH(type, add, x, count, y);
}

CK_CLONES void ck_to_bf16(const float *x, int64_t count, uint16_t *y) {
  int64_t at = 0;
  for (; at + 16 <= count; at += 16) {
    ck_v16 value;
    ck_load(CK_F32, x, at, &value);
    ck_store(CK_BF16, &value, y, at);
  }
  if (at < count) {
    ck_v16 value = {0};
    uint16_t half[16];
    memcpy(&value, x + at, (size_t)(count - at) * sizeof *x);
    ck_store(CK_BF16, &value, half, 0);
    memcpy(y + at, half, (size_t)(count - at) * sizeof *y);
  }
}

CK_CLONES void ck_to_f32(const uint16_t *x, int64_t count, float *y) {
  for (int64_t at = 0; at < count; at++) {
    const uint32_t bits = (uint32_t)x[at] << 16;
    memcpy(y + at, &bits, sizeof bits);
  }
}
