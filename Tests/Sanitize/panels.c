/* The passes of CPanels over buffers that are exactly as long as they ask for, for widths around the
 * lengths of registers and stretches, in every form of a vector, on every instruction set of this CPU.
 * Tests/ClusteringTests compares the numbers; here the sanitizers watch. */
#include <stdio.h>
#include <stdlib.h>

#include "CPanels.h"

enum { VECTORS = CPANELS_COLUMNS };

static void *room(size_t bytes) {
  void *start = aligned_alloc(64, (bytes + 63) / 64 * 64);
  if (!start) abort();
  return start;
}

/* Packed values, with nothing behind the last one. */
static float *pack(const cpanels_vector *vectors, int count, int width, int stride, int centred) {
  float *out = malloc(sizeof *out * (size_t)stride * (size_t)width);
  cpanels_pack(vectors, count, width, stride, centred, out);
  return out;
}

/* The same less a centre, and sums that are exactly as long as there are places. */
static void pack_apart(const cpanels_vector *vectors, int count, int width, int stride, const double *centre) {
  float *out = malloc(sizeof *out * (size_t)stride * (size_t)width);
  double *sums[2] = {malloc(sizeof(double) * (size_t)stride), malloc(sizeof(double) * (size_t)stride)};
  cpanels_pack_apart(vectors, count, width, stride, centre, out, sums[0], sums[1]);
  if (count < stride && (sums[1][count] != 0 || out[stride - 1] != 0)) abort();
  free(out), free(sums[0]), free(sums[1]);
}

static void compare(const cpanels_vector *vectors, int count, int width, cpanels_instructions set) {
  float *packed_rows = pack(vectors, count < CPANELS_ROWS ? count : CPANELS_ROWS, width, CPANELS_ROWS, 1);
  float *packed = pack(vectors, count, width, CPANELS_COLUMNS, 0);
  const size_t columns = sizeof(float) * CPANELS_COLUMNS * (size_t)width;
  float *panel = room(columns);
  for (size_t i = 0; i < columns / sizeof *panel; i++) panel[i] = packed[i];
  cpanels_list *lists = malloc(sizeof *lists * VECTORS), *row_lists[CPANELS_ROWS];
  int32_t ids[CPANELS_COLUMNS];
  float squares[CPANELS_COLUMNS], sizes[CPANELS_COLUMNS];
  for (int i = 0; i < VECTORS; i++) {
    cpanels_clear(&lists[i]);
    ids[i] = i < count ? i : -1;
    squares[i] = 1, sizes[i] = 2;
    if (i < CPANELS_ROWS) row_lists[i] = &lists[i];
  }
  cpanels_search search = {.width = width, .slack = 1e-3f, .rows = packed_rows,
      .row_count = count < CPANELS_ROWS ? count : CPANELS_ROWS, .row_ids = ids,
      .row_weights = {squares, sizes}, .row_lists = row_lists, .panel = panel, .column_ids = ids,
      .column_weights = {squares, sizes}, .column_lists = lists};
  cpanels_run(&search, set);
  int32_t sets[CPANELS_COLUMNS];
  for (int i = 0; i < VECTORS; i++) sets[i] = i / 3;
  search.sets = sets;
  cpanels_run(&search, set);
  search.row_weights.squares = search.column_weights.squares = NULL;
  search.column_lists = NULL;
  cpanels_run(&search, set);
  search.row_hits = malloc(sizeof *search.row_hits * (size_t)search.row_count);
  cpanels_run(&search, set);
  for (int r = 0; r < search.row_count; r++)
    for (int c = 0; c < VECTORS; c++)
      if (search.row_hits[r] >> c & 1 && (ids[c] < 0 || sets[c] == sets[r])) abort();
  free(search.row_hits);
  for (int i = 1; i < count; i++) cpanels_replace(&lists[0], i, 0, 0.5f);
  free(packed_rows), free(packed), free(panel), free(lists);
}

static void run(int width) {
  float *rows = malloc(sizeof *rows * VECTORS * (size_t)width);
  for (int i = 0; i < VECTORS * width; i++) rows[i] = (float)(i * 37 % 101) - 50;
  double *centre = malloc(sizeof *centre * (size_t)width);
  for (int k = 0; k < width; k++) centre[k] = 0.1 * k;
  cpanels_vector vectors[VECTORS];
  for (int i = 0; i < VECTORS; i++)
    vectors[i] = (cpanels_vector){.row = rows + i * width, .centre = centre, .factor = 0.01 * (i + 1)};
  /* Two rows become the words of their sum. */
  for (int i = 0; i + 2 < VECTORS; i += 5) {
    float *high = rows + i * width, *low = high + width;
    cpanels_add(vectors[i], vectors[i + 1], width, high, low);
    vectors[i] = (cpanels_vector){.high = high, .low = low, .factor = 0.5};
    vectors[i + 1] = vectors[i + 2];
  }
  double sum = 0;
  for (int i = 0; i + 1 < VECTORS; i++)
    sum += cpanels_product(vectors[i], vectors[i + 1], width) +
           cpanels_distance(vectors[i], vectors[i + 1], width);
  if (sum != sum) abort();
  double *totals = malloc(sizeof *totals * VECTORS);
  for (int last = 0; last < VECTORS; last++) {
    cpanels_products(vectors[0], vectors, 1u << last | 1, width, totals);
    if (totals[last] != cpanels_product(vectors[0], vectors[last], width)) abort();
    cpanels_distances(vectors[last], vectors, 1u << last | 1, width, totals);
    if (totals[0] != cpanels_distance(vectors[last], vectors[0], width)) abort();
  }
  free(totals);
  for (int count = 0; count <= CPANELS_PAIRED; count++) {
    /* Even and odd numbers of columns. */
    const int others = 2 * count - (count & 1);
    double products[CPANELS_PAIRED * CPANELS_COLUMNS], distances[CPANELS_PAIRED * CPANELS_COLUMNS];
    cpanels_pair_products(vectors, count, vectors, others, width, products);
    cpanels_pair_distances(vectors, count, vectors, others, width, distances);
    for (int r = 0; r < count; r++)
      for (int c = 0; c < others; c++) {
        const int place = r * CPANELS_COLUMNS + c;
        if (products[place] != cpanels_product(vectors[c], vectors[r], width)) abort();
        if (distances[place] != cpanels_distance(vectors[c], vectors[r], width)) abort();
      }
  }
  double *middle = malloc(sizeof *middle * (size_t)width);
  for (int i = 0; i < 2; i++) cpanels_doubles(vectors[i], width, middle);
  for (int count = 0; count <= VECTORS; count++) {
    pack_apart(vectors, count, width, CPANELS_COLUMNS, middle);
    if (count <= CPANELS_ROWS) pack_apart(vectors, count, width, CPANELS_ROWS, middle);
    free(pack(vectors, count, width, CPANELS_COLUMNS, 0));
    if (count <= CPANELS_ROWS) free(pack(vectors, count, width, CPANELS_ROWS, 1));
    if (count <= 1) free(pack(vectors, count, width, 1, 1));
  }
  float *means = malloc(sizeof *means * VECTORS * (size_t)width), squares[VECTORS] = {0};
  for (int i = 0; i < VECTORS; i++) cpanels_pack(&vectors[i], 1, width, 1, 1, means + i * width);
  int32_t others[] = {VECTORS - 1, 0, 7};
  float values[3];
  cpanels_compare_one(means, width, squares, VECTORS - 1, others, 3, 0, values);
  for (int set = CPANELS_PORTABLE; set <= CPANELS_AVX512; set++)
    if (cpanels_has((cpanels_instructions)set))
      for (int count = 1; count <= VECTORS; count += 5)
        compare(vectors, count, width, (cpanels_instructions)set);
  free(rows), free(centre), free(means), free(middle);
}

int main(void) {
  const int widths[] = {1, 7, 8, 15, 16, 17, 127, 128, 129, 300};
  for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) run(widths[i]);
  puts("panels: clean");
}
