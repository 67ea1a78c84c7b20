// Similarities of cluster means in single precision, sifted in registers: no matrix is written.
//
// One column is one cluster's mean, D floats (or more, where a caller adds elements). Columns lie in
// panels of CPANELS_COLUMNS: element k of column c of a panel is at [k * CPANELS_COLUMNS + c]. Rows to be
// compared with them lie in blocks of CPANELS_ROWS: element k of row r of a block is at
// [k * CPANELS_ROWS + r].
//
// Every product is one chain of fused multiply-adds over k = 0 … D − 1, whatever the instruction set
// and the place in a block. So it has the same bits everywhere, in both orders of its operands.
#ifndef CPANELS_H
#define CPANELS_H

#include <stdint.h>

enum { CPANELS_COLUMNS = 32, CPANELS_ROWS = 14, CPANELS_KEPT = 16, CPANELS_PAIRED = 16 };

// The highest values offered, in descending order, of equals the lower id first; so it does not
// depend on the order of the offers. Free places hold −infinity and id −1.
typedef struct {
  float values[CPANELS_KEPT];
  int32_t ids[CPANELS_KEPT];
} cpanels_list;

void cpanels_clear(cpanels_list *list);
void cpanels_offer(cpanels_list *list, float value, int32_t id);

// What a similarity is made of, for a row r and a column c with product p:
//   cosine: p + slack, which holds −1;
//   Ward: −h · ((q_r + q_c) − 2p) + slack, h = a_r·a_c / (a_r + a_c), q = squares and a = sizes.
typedef struct {
  const float *squares;  // null for cosine
  const float *sizes;
} cpanels_weights;

typedef struct {
  int64_t width;  // D
  float slack;
  const float *rows;  // blocks of CPANELS_ROWS rows
  int64_t row_count;
  const int32_t *row_ids;
  cpanels_weights row_weights;  // with places for the last block's missing rows
  cpanels_list *const *row_lists;
  const float *panel;
  const int32_t *column_ids;  // −1 where there is no cluster
  cpanels_weights column_weights;
  cpanels_list *column_lists;  // by id; null unless the columns are to be offered the rows too
  // By id, the set that a cluster is in: those of one set are not offered to each other. Null where each
  // is a set of its own.
  const int32_t *sets;
  // Null, or a word for every row; then nothing is offered, and bit c says whether column c may enter the
  // row's list: it is a cluster, not the row itself, and not of its set.
  uint32_t *row_hits;
} cpanels_search;

// The instructions a kernel uses; every set gives the same lists. The portable kernel calls fmaf,
// which is slow on processors without fused multiply-adds.
typedef enum { CPANELS_PORTABLE, CPANELS_AVX2, CPANELS_AVX512 } cpanels_instructions;

// Whether this processor has them.
int cpanels_has(cpanels_instructions instructions);

// The fastest that this processor has.
cpanels_instructions cpanels_fastest(void);

// Offers every row the panel's clusters of other sets, and with column_lists these the rows; or sets
// row_hits.
void cpanels_run(const cpanels_search *search, cpanels_instructions instructions);

// For each of some means −(q + q_c − 2p) + slack, p being its product with one mean, and q that one's
// square: what a similarity is where all sizes are 2. Means lie one after the other, D floats each.
// Products are sums of rounded products, with the same bits on any instruction set.
void cpanels_compare_one(
    const float *means, int64_t width, const float *squares, int32_t one, const int32_t *others,
    int64_t count, float slack, float *values);

// Takes the ids `ended` and `id` out of a list, and offers it `id` with a value. Returns the highest
// value that was left out, −infinity if none was.
float cpanels_replace(cpanels_list *list, int32_t ended, int32_t id, float value);

// D numbers in double precision, in one of two forms:
//   a row, (row[k] − centre[k]) · factor;
//   a sum, s[k] · factor, where row is null: high and low hold D words each, the upper and the lower
//   32 bits of the doubles s. A float is as large as a word, so the sum of two rows fits in their places.
typedef struct {
  const float *row;
  const double *centre;
  const void *high, *low;
  double factor;
} cpanels_vector;

// Sums over k of a_k·b_k, and of (a_k − b_k)²; the same bits in both orders and on any machine.
double cpanels_product(cpanels_vector a, cpanels_vector b, int64_t width);
double cpanels_distance(cpanels_vector a, cpanels_vector b, int64_t width);

// The same of one vector and those of CPANELS_COLUMNS whose bits are set in `which`: values[c] of column c.
void cpanels_products(
    cpanels_vector a, const cpanels_vector *columns, uint32_t which, int64_t width, double *values);
void cpanels_distances(
    cpanels_vector a, const cpanels_vector *columns, uint32_t which, int64_t width, double *values);

// The same of up to CPANELS_PAIRED vectors, each with up to CPANELS_COLUMNS others: of row r and column c
// at values[r * CPANELS_COLUMNS + c], with the bits that the pair has alone.
void cpanels_pair_products(
    const cpanels_vector *rows, int64_t row_count, const cpanels_vector *columns, int64_t column_count,
    int64_t width, double *values);
void cpanels_pair_distances(
    const cpanels_vector *rows, int64_t row_count, const cpanels_vector *columns, int64_t column_count,
    int64_t width, double *values);

// Writes a + b as the words of a sum; they may take the places of rows or words of a and b.
void cpanels_add(cpanels_vector a, cpanels_vector b, int64_t width, void *high, void *low);

// Rounds `count` vectors and writes them as the columns of a panel (stride CPANELS_COLUMNS), as the rows of a
// block (stride CPANELS_ROWS), or one alone (stride 1): element k of vector i is at [k * stride + i]; of
// missing ones it is zero. Elements are off by at most 2^-24 of themselves; where nothing is taken off rows,
// so that is_centred may be 0, by 2^-23, in less time.
void cpanels_pack(
    const cpanels_vector *vectors, int64_t count, int64_t width, int64_t stride, int is_centred,
    float *out);

// The same of vectors x as seen from a point p, D elements: what is written is x − p, off by at most 2^-24 of
// itself. Sets the sums over k of (x_k − p_k)·p_k and of (x_k − p_k)² for each of `stride` places.
void cpanels_pack_apart(
    const cpanels_vector *vectors, int64_t count, int64_t width, int64_t stride,
    const double *point, float *out, double *products, double *squares);

// The elements of a vector in double precision.
void cpanels_doubles(cpanels_vector vector, int64_t width, double *out);

// Gives whole pages of memory back to the machine before it is freed; what they hold is lost.
void cpanels_give_back(void *start, int64_t bytes);

// Asks for large pages, which serve places that are visited far apart.
void cpanels_use_huge_pages(void *start, int64_t bytes);

// Makes the C library give blocks of a megabyte or more back as soon as they are freed. By itself it
// keeps ever larger ones, up to 32 MB.
void cpanels_release_at_once(void);

#endif
