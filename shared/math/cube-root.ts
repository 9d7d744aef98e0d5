/** The cube root, of our own: `**` and `Math.cbrt` may differ in the last bit from one engine or processor to the next. */
import { MarinaError } from "../base/index.ts";

/** The method squares its relative error, one half at most where it starts: below 2^-53 after six steps. */
const STEPS = 6;

/**
 * The cube root of a positive number: x = 8^k r with 1 <= r < 8 (exact), Newton's method for y^3 = r, then 2^k y. The error
 * is below 1 unit in the last place.
 * @param x positive and finite.
 * @throws MarinaError `usage` for any other.
 */
export function cubeRoot(x: number): number {
  if (!(x > 0 && x < Infinity)) throw new MarinaError("usage", `cubeRoot: expected x > 0, got ${x}`);
  let r = x;
  let scale = 1;
  for (; r >= 8; r /= 8) scale *= 2;
  for (; r < 1; r *= 8) scale /= 2;
  let y = 1.5;
  for (let step = 0; step < STEPS; step++) y -= (y * y * y - r) / (3 * y * y);
  return y * scale;
}
