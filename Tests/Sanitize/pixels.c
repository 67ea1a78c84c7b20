/* The passes of CPixels over buffers that are exactly as long as they ask for, for widths and sides
 * around the lengths of registers, on every instruction set of this CPU. Tests/VideoTests compares the
 * numbers; here the sanitizers watch. */
#include <stdio.h>
#include <stdlib.h>

#include "CPixels.h"

static cpixels_tap *taps(int length, int side) {
  cpixels_tap *taps = malloc(sizeof *taps * (size_t)side);
  for (int i = 0; i < side; i++) {
    const float middle = ((float)i + 0.5f) * (float)length / (float)side - 0.5f;
    const float place = middle < 0 ? 0 : middle;
    const int first = (int)place;
    taps[i] = (cpixels_tap){first, first + 1 < length ? first + 1 : length - 1, place - (float)first};
  }
  return taps;
}

static void run(const cpixels_passes *passes, int width, int side) {
  enum { height = 7, frames = 2, steps = 16 };
  const int64_t pixels = (int64_t)frames * side * side;
  const size_t bytes = (size_t)frames * (size_t)width * height * 3;
  uint8_t *source = malloc(bytes);
  for (size_t i = 0; i < bytes; i++) source[i] = (uint8_t)(i * 37);
  float *clip = malloc(sizeof *clip * (size_t)(3 * pixels));
  float *scratch = malloc(sizeof *scratch * (size_t)cpixels_scratch(width, side));
  cpixels_tap *rows = taps(height, side), *columns = taps(width, side);
  const cpixels_resize job = {.corner = source, .frame_bytes = (int64_t)width * height * 3,
      .row_bytes = (int64_t)width * 3, .width = width, .frames = frames, .side = side,
      .rows = rows, .columns = columns, .scratch = scratch, .target = clip, .colour = pixels};
  passes->resize(&job);
  passes->brighten(clip, 3 * pixels, 1.1f);
  passes->contrast(clip, 3 * pixels, 0.9f, 0.05f);
  passes->saturate(clip, clip + pixels, clip + 2 * pixels, pixels, 1.2f);
  passes->turn_hue(clip, clip + pixels, clip + 2 * pixels, pixels, 0.3f);
  passes->sum(clip, 3 * pixels);
  passes->scale(clip, 3 * pixels, 2, 0.1f);
  for (int kernel = 1; kernel / 2 < side && kernel < 12; kernel += 2) {
    float *weights = malloc(sizeof *weights * (size_t)kernel);
    for (int i = 0; i < kernel; i++) weights[i] = 1 / (float)kernel;
    float *room = malloc(sizeof *room * (size_t)(side * (2 * side + kernel)));
    passes->blur(clip, side, weights, kernel, room);
    free(room);
    free(weights);
  }
  float table[steps + 1];
  for (int i = 0; i <= steps; i++) table[i] = (float)i;
  passes->look_up(clip, 3 * pixels, table, steps);
  free(source), free(clip), free(scratch), free(rows), free(columns);
}

int main(void) {
  const int sides[] = {1, 2, 5, 15, 16, 17, 33, 64};
  const int widths[] = {1, 2, 3, 15, 16, 17, 31, 32, 33, 47, 64, 107, 400};
  for (int set = 0; set < 3; set++) {
    if (!cpixels_has((cpixels_instructions)set)) continue;
    for (size_t i = 0; i < sizeof sides / sizeof *sides; i++)
      for (size_t k = 0; k < sizeof widths / sizeof *widths; k++)
        run(cpixels((cpixels_instructions)set), widths[k], sides[i]);
  }
  puts("pixels: clean");
}
