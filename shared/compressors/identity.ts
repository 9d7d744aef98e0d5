/** No compression: Q(x) = x, rounded to the wire. */
import * as z from "zod";
import { requireTarget, requireVector } from "./check.ts";
import { type CompressorSetting, defineCompressor, NO_DRAW, type UnbiasedCompressor } from "./compressor.ts";
import { decodeFloats, encodeFloats } from "./floats.ts";

const KIND = "identity";

/**
 * Q(x) = x. omega = 0, zeta = d, 32 d bits.
 *
 * Message: x_0 .. x_{d-1}, one wire float each.
 * @example { "kind": "identity" }
 */
export const identity = defineCompressor({
  schema: z.strictObject({ kind: z.literal(KIND) }),
  example: { kind: "identity" },
  told: {
    equation: "Q(x) = x",
    constants: "omega = 0, zeta = d",
    bits: "32 d bits",
  },
  label: () => KIND,
  promises: "unbiased",
  joint: false,
  create: (_spec, setting) => lossless(setting),
});

/** The dense vector; also what a sparsifier is that keeps every coordinate. */
export function lossless({ dimension, wire, workspace }: CompressorSetting): UnbiasedCompressor {
  return {
    promises: "unbiased",
    dimension,
    omega: 0,
    zeta: dimension,
    expectedBits: 32 * dimension,
    receiverDraws: false,
    draw: () => NO_DRAW,
    encode(x) {
      requireVector(x, dimension, KIND);
      return { bytes: encodeFloats(x, wire, KIND, workspace), bits: 32 * dimension };
    },
    accumulate(bytes, _draw, into) {
      requireTarget(into, dimension, KIND);
      const values = decodeFloats(bytes, dimension, wire, KIND, workspace);
      for (let j = 0; j < dimension; j++) into[j] = into[j]! + values[j]!;
    },
  };
}
