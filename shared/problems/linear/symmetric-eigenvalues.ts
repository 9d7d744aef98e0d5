/** All eigenvalues of a small symmetric matrix. */

import { norm } from "../../math/index.ts";

/** A sweep squares the relative size of what is off the diagonal once it is small: ten do; this is a bound. */
const SWEEP_LIMIT = 60;
/** Off-diagonal entries below this times the largest entry change no eigenvalue's float64. */
const NEGLIGIBLE = 1e-18;

/**
 * Eigenvalues in ascending order, by the cyclic Jacobi method: rotate away one off-diagonal entry after the other.
 * O(d^3) a sweep, for d up to a few hundred.
 * @param matrix symmetric, row by row, length d^2; not changed.
 * @see Golub, Van Loan, Matrix Computations, 4th ed., section 8.5.
 */
export function symmetricEigenvalues(matrix: Float64Array, d: number): Float64Array {
  const a = Float64Array.from(matrix);
  const negligible = NEGLIGIBLE * matrix.reduce((most, entry) => Math.max(most, Math.abs(entry)), 0);
  for (let sweep = 0; sweep < SWEEP_LIMIT; sweep++) {
    let changed = false;
    for (let p = 0; p < d; p++) {
      for (let q = p + 1; q < d; q++) {
        const off = a[p * d + q]!;
        if (Math.abs(off) <= negligible) continue;
        changed = true;
        rotate(a, d, p, q);
      }
    }
    if (!changed) break;
  }
  return Float64Array.from({ length: d }, (_, j) => a[j * d + j]!).sort();
}

/** a <- J^T a J with the rotation J of the plane (p, q) that makes a_pq zero. */
function rotate(a: Float64Array, d: number, p: number, q: number): void {
  const off = a[p * d + q]!;
  const theta = (a[q * d + q]! - a[p * d + p]!) / (2 * off);
  const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + norm(Float64Array.of(theta, 1)));
  const c = 1 / Math.sqrt(t * t + 1);
  const s = t * c;
  for (let k = 0; k < d; k++) {
    const kp = a[k * d + p]!;
    const kq = a[k * d + q]!;
    a[k * d + p] = c * kp - s * kq;
    a[k * d + q] = s * kp + c * kq;
  }
  for (let k = 0; k < d; k++) {
    const pk = a[p * d + k]!;
    const qk = a[q * d + k]!;
    a[p * d + k] = c * pk - s * qk;
    a[q * d + k] = s * pk + c * qk;
  }
  // Exactly zero but for rounding.
  a[p * d + q] = 0;
  a[q * d + p] = 0;
}
