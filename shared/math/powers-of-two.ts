/** Exact powers of two: `**` is the platform's, and may be off in the last bit on some engine. */

/** 2^exponent by doubling and halving. @param exponent integer, -1022 <= exponent <= 1023: a normal number. */
export function powerOfTwo(exponent: number): number {
  let power = 1;
  for (let i = 0; i < exponent; i++) power *= 2;
  for (let i = 0; i > exponent; i--) power /= 2;
  return power;
}
