/** Random sparsification: K coordinates, chosen uniformly, scaled up to keep the mean. */
import { sampleSubset } from "../math/index.ts";
import { requireIndices, requireTarget, requireVector } from "./check.ts";
import type { Compressor, Wire } from "./compressor.ts";
import { decodeFloats, encodeFloats } from "./floats.ts";
import { identity } from "./identity.ts";

const KIND = "rand-k";

/**
 * Q(x)_j = (d/K) x_j for j in S, else 0; S uniform among the K-subsets of {0 .. d-1}.
 * omega = d/K - 1 (equality for every x), zeta = K, 32 K bits.
 *
 * Message: x_j for j in S in increasing order, one wire float each. The indices are not sent: the receiver draws S
 * again. The receiver multiplies by d/K, once: the wire then holds numbers no larger than x itself, and
 * Q(2x) = 2 Q(x) stays exact.
 *
 * K = d is lossless: the dense vector, unscaled, with nothing to draw.
 */
export function randK(dimension: number, k: number, wire: Wire): Compressor {
  const spec = { kind: KIND, k } as const;
  if (k === dimension) return { ...identity(dimension, wire), spec };
  const factor = dimension / k;
  // One for all messages: an array of its own costs as much as all the rest of a short one.
  let kept: Float64Array | undefined;
  return {
    spec,
    dimension,
    omega: factor - 1,
    zeta: k,
    expectedBits: 32 * k,
    receiverDraws: true,
    draw: (stream) => ({ kind: "indices", indices: sampleSubset(stream, dimension, k) }),
    encode(x, draw) {
      requireVector(x, dimension, KIND);
      const indices = requireIndices(draw, k, dimension, KIND);
      kept ??= new Float64Array(k);
      for (let i = 0; i < k; i++) kept[i] = x[indices[i]!]!;
      return { bytes: encodeFloats(kept, wire, KIND, indices), bits: 32 * k };
    },
    accumulate(bytes, draw, into) {
      requireTarget(into, dimension, KIND);
      const indices = requireIndices(draw, k, dimension, KIND);
      const values = decodeFloats(bytes, k, wire, KIND);
      for (let i = 0; i < k; i++) {
        const j = indices[i]!;
        into[j] = into[j]! + factor * values[i]!;
      }
    },
  };
}
