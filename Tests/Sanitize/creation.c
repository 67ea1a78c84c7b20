/* Convolutions that four threads make at once, in both types, against those that one thread made, for
 * Tests/sanitize.sh: oneDNN keeps no kernel here, so that every thread makes its own. */
#include <oneapi/dnnl/dnnl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "CKernels.h"

enum { THREADS = 4, TURNS = 400, SHAPES = 3, TYPES = 2 };

static const ck_convolution_shape shapes[SHAPES] = {
    {.n = 1, .c = 3, .t = 2, .h = 12, .w = 12, .o = 16, .kernel = {3, 7, 7}, .stride = {1, 2, 2}, .padding = {1, 3, 3}, .is_first = 1},
    {.n = 1, .c = 3, .t = 2, .h = 16, .w = 16, .o = 16, .kernel = {3, 7, 7}, .stride = {1, 2, 2}, .padding = {1, 3, 3}, .is_first = 1},
    {.n = 1, .c = 32, .t = 2, .h = 8, .w = 8, .o = 64, .kernel = {1, 1, 1}, .stride = {1, 1, 1}}};

static uint64_t expected[SHAPES][TYPES];
static int wrong;

static void *room(size_t bytes) {
  void *it = aligned_alloc(64, (bytes + 127) / 64 * 64);
  return memset(it, 0, bytes);
}

/* Makes a convolution, and hashes what it gives of fixed operands. */
static uint64_t hash_of(int number, ck_type type) {
  ck_convolution_shape shape = shapes[number];
  ck_message why;
  shape.type = type;
  ck_convolution *it = ck_convolution_create(&shape, &why);
  if (!it) printf("creation: %s\n", why.text), exit(1);
  const size_t sources = (size_t)shape.n * shape.c * shape.t * shape.h * shape.w;
  const size_t weights = (size_t)shape.o * shape.c * shape.kernel[0] * shape.kernel[1] * shape.kernel[2];
  const size_t results = (size_t)shape.n * shape.o * shape.t * ((shape.h - 1) / shape.stride[1] + 1) *
                         ((shape.w - 1) / shape.stride[2] + 1);
  float *plain = room(4 * weights);
  uint16_t *source = room(4 * sources);
  uint32_t *result = room(4 * results);
  void *packed = room(ck_convolution_packed_bytes(it, CK_FORWARD));
  void *scratch = room(ck_convolution_scratch_bytes(it));
  for (size_t i = 0; i < weights; i++) plain[i] = (float)(i * 2654435761u % 251) / 125 - 1;
  /* Small integers and their negatives, whose upper halves are theirs in bf16. */
  for (size_t i = 0; i < sources; i++) {
    const float value = (float)(i * 2246822519u % 15) - 7;
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    if (type == CK_F32) memcpy(source + 2 * i, &bits, sizeof bits);
    if (type == CK_BF16) source[i] = (uint16_t)(bits >> 16);
  }
  uint64_t hash = 14695981039346656037u;
  if (ck_convolution_pack(it, CK_FORWARD, plain, packed) ||
      ck_convolution_forward(it, source, packed, result, scratch)) {
    puts("creation: oneDNN failed"), exit(1);
  }
  for (size_t i = 0; i < results * (type == CK_F32 ? 4 : 2) / 4; i++) hash = (hash ^ result[i]) * 1099511628211u;
  ck_convolution_destroy(it);
  free(plain), free(source), free(result), free(packed), free(scratch);
  return hash;
}

static void *work(void *first) {
  ck_use_one_thread();
  for (int turn = 0, at = (int)(intptr_t)first; turn < TURNS; turn++, at += 5) {
    const int number = at / TYPES % SHAPES;
    const ck_type type = at % TYPES && ck_has_bf16() ? CK_BF16 : CK_F32;
    if (hash_of(number, type) != expected[number][type]) {
      __atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED);
    }
  }
  return NULL;
}

int main(void) {
  pthread_t threads[THREADS];
  dnnl_set_primitive_cache_capacity(0);
  ck_use_one_thread();
  for (int number = 0; number < SHAPES; number++) {
    expected[number][CK_F32] = hash_of(number, CK_F32);
    if (ck_has_bf16()) expected[number][CK_BF16] = hash_of(number, CK_BF16);
  }
  for (intptr_t i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, work, (void *)i);
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  if (wrong) return printf("creation: %d of %d convolutions differ\n", wrong, THREADS * TURNS), 1;
  puts("creation: clean");
}
