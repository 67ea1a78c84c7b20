/* The one-dimensional transforms of F(4,3) and F(2,3), and of F(2,3) with stride 2, LANES at a time.
 *
 * With stride 2, outputs meet even inputs by two of the three taps and odd inputs by the third:
 *
 *   y[j] = (d[2j] g[0] + d[2j+2] g[2]) + d[2j+1] g[1],   j = 0, 1
 *
 * The first part is an F(2,2) with three points; the second is left alone, as two more points: five
 * products instead of six a side. Both directions backward divide in the same way.
 *
 * Every function works on arrays that the compiler keeps in registers: `side` and `stride` are
 * constants at each call. */
#pragma once
#include "lanes.h"

/* The points of F(4,3): 0, +-A, +-B, infinity; all powers are exact in 32 bits. */
#define A1 0.625f
#define A2 (A1 * A1)
#define A3 (A2 * A1)
#define B1 1.5f
#define B2 (B1 * B1)
#define B3 (B2 * B1)
/* The weights' factors 1/(A²B²), 1/(2A²(A² - B²)), 1/(2B²(B² - A²)). */
#define G0 (1 / (A2 * B2))
#define GA (1 / (2 * A2 * (A2 - B2)))
#define GB (1 / (2 * B2 * (B2 - A2)))

/* ---- F(4,3) and F(2,3) ----------------------------------------------------------------------- */

/* B' d: side + 2 inputs to as many points. */
CK_TEMPLATE void plain_input(int side, const lanes *d, lanes *t) {
  if (side == 2) {
    t[0] = d[0] - d[2];
    t[1] = d[1] + d[2];
    t[2] = d[2] - d[1];
    t[3] = d[1] - d[3];
    return;
  }
  const lanes even_a = minus(d[4], B2, d[2]), odd_a = minus(d[3], B2, d[1]);
  const lanes even_b = minus(d[4], A2, d[2]), odd_b = minus(d[3], A2, d[1]);
  t[0] = plus(minus(d[4], A2 + B2, d[2]), A2 * B2, d[0]);
  t[1] = plus(even_a, A1, odd_a);
  t[2] = minus(even_a, A1, odd_a);
  t[3] = plus(even_b, B1, odd_b);
  t[4] = minus(even_b, B1, odd_b);
  t[5] = plus(minus(d[5], A2 + B2, d[3]), A2 * B2, d[1]);
}

/* A dy: side gradients to side + 2 points. */
CK_TEMPLATE void plain_gradient(int side, const lanes *d, lanes *t) {
  if (side == 2) {
    t[0] = d[0];
    t[1] = d[0] + d[1];
    t[2] = d[0] - d[1];
    t[3] = -d[1];
    return;
  }
  const lanes even_a = plus(d[0], A2, d[2]), odd_a = plus(all(A1) * d[1], A3, d[3]);
  const lanes even_b = plus(d[0], B2, d[2]), odd_b = plus(all(B1) * d[1], B3, d[3]);
  t[0] = d[0];
  t[1] = even_a + odd_a;
  t[2] = even_a - odd_a;
  t[3] = even_b + odd_b;
  t[4] = even_b - odd_b;
  t[5] = d[3];
}

/* A' m: side + 2 sums to side outputs. */
CK_TEMPLATE void plain_output(int side, const lanes *m, lanes *y) {
  const lanes sum_a = m[1] + m[2], difference_a = m[1] - m[2];
  if (side == 2) {
    y[0] = m[0] + sum_a;
    y[1] = difference_a - m[3];
    return;
  }
  const lanes sum_b = m[3] + m[4], difference_b = m[3] - m[4];
  y[0] = m[0] + sum_a + sum_b;
  y[1] = plus(all(B1) * difference_b, A1, difference_a);
  y[2] = plus(all(B2) * sum_b, A2, sum_a);
  y[3] = plus(plus(m[5], B3, difference_b), A3, difference_a);
}

/* G g: three taps to side + 2 points. */
CK_TEMPLATE void plain_weight(int side, const lanes *g, lanes *u) {
  if (side == 2) {
    const lanes even = (g[0] + g[2]) * all(0.5f), odd = g[1] * all(0.5f);
    u[0] = g[0];
    u[1] = even + odd;
    u[2] = even - odd;
    u[3] = g[2];
    return;
  }
  const lanes even_a = plus(g[0] * all(GA), GA * A2, g[2]), odd_a = g[1] * all(GA * A1);
  const lanes even_b = plus(g[0] * all(GB), GB * B2, g[2]), odd_b = g[1] * all(GB * B1);
  u[0] = g[0] * all(G0);
  u[1] = even_a + odd_a;
  u[2] = even_a - odd_a;
  u[3] = even_b + odd_b;
  u[4] = even_b - odd_b;
  u[5] = g[2];
}

/* G' u: side + 2 sums to three taps. */
CK_TEMPLATE void plain_tap(int side, const lanes *u, lanes *g) {
  const lanes sum_a = u[1] + u[2], difference_a = u[1] - u[2];
  if (side == 2) {
    g[0] = plus(u[0], 0.5f, sum_a);
    g[1] = all(0.5f) * difference_a;
    g[2] = plus(u[3], 0.5f, sum_a);
    return;
  }
  const lanes sum_b = u[3] + u[4], difference_b = u[3] - u[4];
  g[0] = plus(plus(all(GB) * sum_b, GA, sum_a), G0, u[0]);
  g[1] = plus(all(GB * B1) * difference_b, GA * A1, difference_a);
  g[2] = plus(plus(u[5], GB * B2, sum_b), GA * A2, sum_a);
}

/* ---- F(2,2) ----------------------------------------------------------------------------------- */

/* B' d: three inputs, `apart` from each other, to as many points. */
CK_TEMPLATE void pair_input(const lanes *d, int apart, lanes *t) {
  t[0] = d[0] - d[apart];
  t[1] = d[apart];
  t[2] = d[2 * apart] - d[apart];
}

/* A dy: two gradients to three points. */
CK_TEMPLATE void pair_gradient(const lanes *d, lanes *t) {
  t[0] = d[0];
  t[1] = d[0] + d[1];
  t[2] = d[1];
}

/* A' m: three sums to two outputs. */
CK_TEMPLATE void pair_output(const lanes *m, lanes *y) {
  y[0] = m[0] + m[1];
  y[1] = m[1] + m[2];
}

/* ---- both strides; with stride 2, a side is 2 and has five points ------------------------------- */

/* The source of forward, or of backward weights, to points. */
CK_TEMPLATE void input_points(int side, int stride, const lanes *d, lanes *t) {
  if (stride == 1) return plain_input(side, d, t);
  pair_input(d, 2, t);
  t[3] = d[1];
  t[4] = d[3];
}

/* The source of backward data to points: two outputs' gradients and the one that follows. */
CK_TEMPLATE void turned_points(int side, int stride, const lanes *d, lanes *t) {
  if (stride == 1) return plain_input(side, d, t);
  pair_input(d, 1, t);
  t[3] = d[0];
  t[4] = d[1];
}

/* The output's gradient of backward weights to points. */
CK_TEMPLATE void gradient_points(int side, int stride, const lanes *d, lanes *t) {
  if (stride == 1) return plain_gradient(side, d, t);
  pair_gradient(d, t);
  t[3] = d[0];
  t[4] = d[1];
}

/* Sums at the points to outputs. */
CK_TEMPLATE void output_points(int side, int stride, const lanes *m, lanes *y) {
  if (stride == 1) return plain_output(side, m, y);
  pair_output(m, y);
  y[0] += m[3];
  y[1] += m[4];
}

/* Sums at the points to the gradients of inputs, four with stride 2. */
CK_TEMPLATE void turned_output(int side, int stride, const lanes *m, lanes *y) {
  if (stride == 1) return plain_output(side, m, y);
  lanes odd[2];
  pair_output(m, odd);
  y[0] = m[3];
  y[1] = odd[0];
  y[2] = m[4];
  y[3] = odd[1];
}

/* Three taps to points. */
CK_TEMPLATE void weight_points(int side, int stride, const lanes *g, lanes *u) {
  if (stride == 1) return plain_weight(side, g, u);
  u[0] = g[0];
  u[1] = g[0] + g[2];
  u[2] = g[2];
  u[3] = g[1];
  u[4] = g[1];
}

/* Sums at the points to three taps. */
CK_TEMPLATE void tap_points(int side, int stride, const lanes *u, lanes *g) {
  if (stride == 1) return plain_tap(side, u, g);
  g[0] = u[0] + u[1];
  g[1] = u[3] + u[4];
  g[2] = u[1] + u[2];
}
