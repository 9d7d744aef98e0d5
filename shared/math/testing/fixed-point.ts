/** For tests: numbers with far more digits than a double, as oracles of functions of our own. */

/** Fixed-point numbers with this many fractional bits: more than any double needs. */
export const FRACTION = 1400n;
export const ONE = 1n << FRACTION;

/** A double as significand * 2^exponent. */
function parts(x: number): { significand: bigint; exponent: number } {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, Math.abs(x));
  const bits = view.getBigUint64(0);
  const field = Number(bits >> 52n);
  const fraction = bits & ((1n << 52n) - 1n);
  return field === 0
    ? { significand: fraction, exponent: -1074 }
    : { significand: fraction | (1n << 52n), exponent: field - 1075 };
}

/** |x|, exact for |x| >= 2^-1300. */
export function fixed(x: number): bigint {
  const { significand, exponent } = parts(x);
  return significand << (FRACTION + BigInt(exponent));
}

/** |found - exact| in units of the last place of `found`, a positive number. */
export function ulpsApart(found: number, exact: bigint): number {
  const difference = fixed(found) - exact;
  const ulp = 1n << (FRACTION + BigInt(parts(found).exponent));
  return Math.abs(Number((difference * 1_000_000n) / ulp)) / 1e6;
}
