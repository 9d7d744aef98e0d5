/*
 * The loops of a gradient pass in C, to be measured beside ours: values all 1, uint16 indices, non-convex binary loss.
 *
 * Usage: kernels FILE SECONDS, with FILE little-endian: uint32 rows, d, nonZeros, 0; float64 labels[rows], x[d], w[d];
 * uint32 offsets[rows + 1]; uint16 indices[nonZeros].
 * Prints the best milliseconds of a pass: gradient, pair, pair with its points interleaved; then the loss and
 * |gradient|^2 at x of each, for comparison.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BLOCK = 256 };

static uint32_t rows, d, nonZeros;
static double *labels, *x, *w, *out, *other, *points, *sums;
static uint32_t *offsets;
static uint16_t *indices;

static double coefficient(double z, double y, double *loss) {
  double t = y * z, e = exp(-fabs(t)), P = 1 / (1 + e), R = e * P, wrong = t < 0 ? P : R;
  *loss = wrong * wrong;
  return -2 * y * wrong * (P * R);
}

static double gradient(void) {
  double s[BLOCK], loss = 0, one;
  memset(out, 0, d * sizeof *out);
  for (uint32_t first = 0; first < rows; first += BLOCK) {
    uint32_t count = rows - first < BLOCK ? rows - first : BLOCK;
    for (uint32_t i = 0; i < count; i++) {
      double z = 0;
      for (uint32_t k = offsets[first + i]; k < offsets[first + i + 1]; k++) z += x[indices[k]];
      s[i] = z;
    }
    for (uint32_t i = 0; i < count; i++) { s[i] = coefficient(s[i], labels[first + i], &one); loss += one; }
    for (uint32_t i = 0; i < count; i++)
      for (uint32_t k = offsets[first + i]; k < offsets[first + i + 1]; k++) out[indices[k]] += s[i];
  }
  return loss;
}

static double pair(void) {
  double s[BLOCK], r[BLOCK], loss = 0, one, two;
  memset(out, 0, d * sizeof *out);
  memset(other, 0, d * sizeof *other);
  for (uint32_t first = 0; first < rows; first += BLOCK) {
    uint32_t count = rows - first < BLOCK ? rows - first : BLOCK;
    for (uint32_t i = 0; i < count; i++) {
      double z = 0, v = 0;
      for (uint32_t k = offsets[first + i]; k < offsets[first + i + 1]; k++) { z += x[indices[k]]; v += w[indices[k]]; }
      s[i] = z;
      r[i] = v;
    }
    for (uint32_t i = 0; i < count; i++) {
      s[i] = coefficient(s[i], labels[first + i], &one);
      r[i] = coefficient(r[i], labels[first + i], &two);
      loss += one;
    }
    for (uint32_t i = 0; i < count; i++)
      for (uint32_t k = offsets[first + i]; k < offsets[first + i + 1]; k++) {
        out[indices[k]] += s[i];
        other[indices[k]] += r[i];
      }
  }
  return loss;
}

static double interleaved(void) {
  double s[2 * BLOCK], loss = 0, one, two;
  for (uint32_t j = 0; j < d; j++) { points[2 * j] = x[j]; points[2 * j + 1] = w[j]; }
  memset(sums, 0, 2 * d * sizeof *sums);
  for (uint32_t first = 0; first < rows; first += BLOCK) {
    uint32_t count = rows - first < BLOCK ? rows - first : BLOCK;
    for (uint32_t i = 0; i < count; i++) {
      double z = 0, v = 0;
      for (uint32_t k = offsets[first + i]; k < offsets[first + i + 1]; k++) {
        const double *p = points + 2 * indices[k];
        z += p[0];
        v += p[1];
      }
      s[2 * i] = z;
      s[2 * i + 1] = v;
    }
    for (uint32_t i = 0; i < count; i++) {
      s[2 * i] = coefficient(s[2 * i], labels[first + i], &one);
      s[2 * i + 1] = coefficient(s[2 * i + 1], labels[first + i], &two);
      loss += one;
    }
    for (uint32_t i = 0; i < count; i++) {
      double a = s[2 * i], b = s[2 * i + 1];
      for (uint32_t k = offsets[first + i]; k < offsets[first + i + 1]; k++) {
        double *p = sums + 2 * indices[k];
        p[0] += a;
        p[1] += b;
      }
    }
  }
  for (uint32_t j = 0; j < d; j++) { out[j] = sums[2 * j]; other[j] = sums[2 * j + 1]; }
  return loss;
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return 1e3 * t.tv_sec + 1e-6 * t.tv_nsec;
}

static void measure(const char *name, double (*pass)(void), double seconds) {
  double best = INFINITY, loss = 0, norm = 0;
  for (double until = now() + 1e3 * seconds; now() < until;) {
    double from = now();
    loss = pass();
    double taken = now() - from;
    if (taken < best) best = taken;
  }
  for (uint32_t j = 0; j < d; j++) norm += out[j] * out[j];
  printf("%s %.17g %.17g %.17g\n", name, best, loss, norm);
}

static void *take(FILE *file, size_t count, size_t size) {
  void *at = malloc(count * size + 64);
  if (at == NULL || fread(at, size, count, file) != count) {
    fprintf(stderr, "expected %zu items of %zu bytes in the file\n", count, size);
    exit(1);
  }
  return at;
}

int main(int argc, char **argv) {
  if (argc != 3) { fprintf(stderr, "usage: kernels FILE SECONDS\n"); return 2; }
  FILE *file = fopen(argv[1], "rb");
  if (file == NULL) { perror(argv[1]); return 1; }
  uint32_t *header = take(file, 4, 4);
  rows = header[0]; d = header[1]; nonZeros = header[2];
  labels = take(file, rows, 8); x = take(file, d, 8); w = take(file, d, 8);
  offsets = take(file, rows + 1, 4); indices = take(file, nonZeros, 2);
  out = malloc(8 * d); other = malloc(8 * d); points = malloc(16 * d); sums = malloc(16 * d);
  double seconds = atof(argv[2]);
  measure("gradient", gradient, seconds);
  measure("pair", pair, seconds);
  measure("interleaved", interleaved, seconds);
  return 0;
}
