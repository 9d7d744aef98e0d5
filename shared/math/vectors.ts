/**
 * Operations on dense vectors of R^d (Float64Array). Sums run from left to right, one addition after another, so that
 * every engine gives the same bits; the lengths are the caller's to keep equal.
 */

/** <x, y> = sum_j x_j y_j. */
export function dot(x: Float64Array, y: Float64Array): number {
  let total = 0;
  for (let j = 0; j < x.length; j++) total += x[j]! * y[j]!;
  return total;
}

/** |x|^2 = sum_j x_j^2. Overflows to Infinity when an entry exceeds about 1e154: see `norm.ts` for a safe norm. */
export function normSquared(x: Float64Array): number {
  let total = 0;
  for (let j = 0; j < x.length; j++) total += x[j]! * x[j]!;
  return total;
}

/** sum_j x_j. */
export function sum(x: Float64Array): number {
  let total = 0;
  for (let j = 0; j < x.length; j++) total += x[j]!;
  return total;
}

/** y <- y + a x. */
export function axpy(a: number, x: Float64Array, y: Float64Array): void {
  for (let j = 0; j < y.length; j++) y[j] = y[j]! + a * x[j]!;
}

/** x <- a x. */
export function scale(a: number, x: Float64Array): void {
  for (let j = 0; j < x.length; j++) x[j] = a * x[j]!;
}

/** out <- a - b. `out` may be `a` or `b`. */
export function sub(a: Float64Array, b: Float64Array, out: Float64Array): void {
  for (let j = 0; j < out.length; j++) out[j] = a[j]! - b[j]!;
}

/** The first j whose x_j is NaN or infinite; -1 when every entry is finite. */
export function firstNonFinite(x: Float64Array | Float32Array): number {
  // v - v is 0 for every finite number and NaN for every other, and so are sums of them; four, as none waits for another.
  let first = 0;
  let second = 0;
  let third = 0;
  let fourth = 0;
  const whole = x.length - (x.length % 4);
  for (let j = 0; j < whole; j += 4) {
    first += x[j]! - x[j]!;
    second += x[j + 1]! - x[j + 1]!;
    third += x[j + 2]! - x[j + 2]!;
    fourth += x[j + 3]! - x[j + 3]!;
  }
  for (let j = whole; j < x.length; j++) first += x[j]! - x[j]!;
  return first + second + third + fourth === 0 ? -1 : x.findIndex((entry) => !Number.isFinite(entry));
}
