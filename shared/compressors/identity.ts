/** No compression: Q(x) = x, rounded to the wire. */
import { requireTarget, requireVector } from "./check.ts";
import type { Compressor, Draw, Wire } from "./compressor.ts";
import { decodeFloats, encodeFloats } from "./floats.ts";

const KIND = "identity";
const NO_DRAW: Draw = { kind: "none" };

/** omega = 0, zeta = d, 32 d bits. Message: x_0 .. x_{d-1}, one wire float each. */
export function identity(dimension: number, wire: Wire): Compressor {
  return {
    spec: { kind: KIND },
    dimension,
    omega: 0,
    zeta: dimension,
    expectedBits: 32 * dimension,
    receiverDraws: false,
    draw: () => NO_DRAW,
    encode(x) {
      requireVector(x, dimension, KIND);
      return { bytes: encodeFloats(x, wire, KIND), bits: 32 * dimension };
    },
    accumulate(bytes, _draw, into) {
      requireTarget(into, dimension, KIND);
      const values = decodeFloats(bytes, dimension, wire, KIND);
      for (let j = 0; j < dimension; j++) into[j] = into[j]! + values[j]!;
    },
  };
}
