/** Random sparsification: K coordinates, chosen uniformly, scaled up to keep the mean. */
import * as z from "zod";
import { sampleSubset } from "../math/index.ts";
import { COMPRESSOR_PATH, requireIndices, requireInteger, requireTarget, requireVector } from "./check.ts";
import { type CompressorSetting, defineCompressor, type UnbiasedCompressor } from "./compressor.ts";
import { decodeFloats, encodeFloats } from "./floats.ts";
import { lossless } from "./identity.ts";

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
 * @example { "kind": "rand-k", "k": 10 }
 */
export const randK = defineCompressor({
  schema: z.strictObject({
    kind: z.literal(KIND),
    k: z.int().min(1).describe("Coordinates kept, 1 <= k <= d."),
  }),
  example: { kind: "rand-k", k: 10 },
  told: {
    equation: "Q(x)_j = (d/K) x_j for j in S, else 0; S uniform among the K-subsets of {0 .. d-1}",
    constants: "omega = d/K - 1 (equality for every x), zeta = K",
    bits: "32 K bits",
  },
  label: ({ k }) => `${KIND} ${k}`,
  promises: "unbiased",
  joint: false,
  create({ k }, setting) {
    requireInteger(k, setting.dimension, `${COMPRESSOR_PATH}.k`, " (the dimension of the data set)");
    return k === setting.dimension ? lossless(setting) : sparsifier(k, setting);
  },
});

function sparsifier(k: number, { dimension, wire, workspace }: CompressorSetting): UnbiasedCompressor {
  const factor = dimension / k;
  return {
    promises: "unbiased",
    dimension,
    omega: factor - 1,
    zeta: k,
    expectedBits: 32 * k,
    receiverDraws: true,
    draw: (streams) => ({ kind: "indices", indices: sampleSubset(streams.own(), dimension, k) }),
    encode(x, draw) {
      requireVector(x, dimension, KIND);
      const indices = requireIndices(draw, k, dimension, KIND);
      const kept = workspace.vector(KIND, k);
      for (let i = 0; i < k; i++) kept[i] = x[indices[i]!]!;
      return { bytes: encodeFloats(kept, wire, KIND, workspace, indices), bits: 32 * k };
    },
    accumulate(bytes, draw, into) {
      requireTarget(into, dimension, KIND);
      const indices = requireIndices(draw, k, dimension, KIND);
      const values = decodeFloats(bytes, k, wire, KIND, workspace);
      for (let i = 0; i < k; i++) {
        const j = indices[i]!;
        into[j] = into[j]! + factor * values[i]!;
      }
    },
  };
}
