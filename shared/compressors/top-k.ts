/** Greedy sparsification: the K coordinates of largest magnitude, as they are. */
import * as z from "zod";
import { MessageError } from "../base/index.ts";
import { kthLargest } from "../math/index.ts";
import { BitReader, BitWriter, bitsFor, bytesFor } from "./bits.ts";
import { COMPRESSOR_PATH, requireBytes, requireInteger, requireTarget, requireVector } from "./check.ts";
import {
  type CompressorSetting,
  type ContractiveCompressor,
  defineCompressor,
  NO_DRAW,
} from "./compressor.ts";
import { bytesPerFloat, decodeFloats, encodeFloats } from "./floats.ts";
import { lossless } from "./identity.ts";

const KIND = "top-k";

/**
 * C(x)_j = x_j for j in S, else 0; S the K entries of largest |x_j|, of equal ones those of smaller index.
 * |C(x) - x|^2 <= (1 - K/d)|x|^2 (equality where all |x_j| are equal), so alpha = K/d; zeta = K. Nothing is random, and
 * nothing unbiased: for methods with error feedback alone.
 *
 * Message: x_j for j in S in increasing order, one wire float each; then the indices in the same order, ceil(log2 d) bits
 * each, without gaps; less than a byte of zeros. K (32 + ceil(log2 d)) bits: the receiver can't know S.
 *
 * K = d is lossless: the dense vector, without indices.
 * @example { "kind": "top-k", "k": 10 }
 * @see Alistarh et al., "The convergence of sparsified gradient methods", NeurIPS 2018.
 */
export const topK = defineCompressor({
  schema: z.strictObject({
    kind: z.literal(KIND),
    k: z.int().min(1).describe("Coordinates kept, 1 <= k <= d."),
  }),
  example: { kind: "top-k", k: 10 },
  told: {
    equation:
      "C(x)_j = x_j for j in S, else 0; S the K entries of largest |x_j|, of equal ones those of smaller index",
    constants: "alpha = K/d; zeta = K",
    bits: "K (32 + ceil(log2 d)) bits",
  },
  label: ({ k }) => `${KIND} ${k}`,
  promises: "contractive",
  joint: false,
  create({ k }, setting) {
    requireInteger(k, setting.dimension, `${COMPRESSOR_PATH}.k`, " (the dimension of the data set)");
    return k === setting.dimension ? everything(setting) : greedy(k, setting);
  },
});

function everything(setting: CompressorSetting): ContractiveCompressor {
  const { omega: _, ...dense } = lossless(setting);
  return { ...dense, promises: "contractive", alpha: 1 };
}

function greedy(k: number, { dimension, wire, workspace }: CompressorSetting): ContractiveCompressor {
  const indexBits = bitsFor(dimension);
  const bits = k * (32 + indexBits);
  const floatBytes = k * bytesPerFloat(wire);
  const messageBytes = floatBytes + bytesFor(k * indexBits);

  /** S, in increasing order. */
  function largest(x: Float64Array): Uint32Array {
    const magnitudes = workspace.vector(`${KIND} magnitudes`, dimension);
    for (let j = 0; j < dimension; j++) magnitudes[j] = Math.abs(x[j]!);
    const least = kthLargest(magnitudes, k);
    let ties = k;
    for (let j = 0; j < dimension; j++) if (Math.abs(x[j]!) > least) ties--;
    const indices = new Uint32Array(k);
    for (let j = 0, found = 0; found < k; j++) {
      const magnitude = Math.abs(x[j]!);
      if (magnitude < least || (magnitude === least && ties-- <= 0)) continue;
      indices[found++] = j;
    }
    return indices;
  }

  /** Checks the indices of a message before anything is made of them. */
  function readIndices(bytes: Uint8Array): Uint32Array {
    const reader = new BitReader(bytes, floatBytes);
    const indices = new Uint32Array(k);
    let previous = -1;
    for (let i = 0; i < k; i++) {
      const j = reader.readWide(indexBits);
      if (j <= previous || j >= dimension) {
        throw new MessageError(
          `${KIND} message: entry ${i} has index ${j}, expected more than ${previous} and less than ${dimension}`,
        );
      }
      indices[i] = j;
      previous = j;
    }
    if (!reader.onlyPadding()) {
      throw new MessageError(`${KIND} message: expected zero bits after the last index`);
    }
    return indices;
  }

  return {
    promises: "contractive",
    dimension,
    alpha: k / dimension,
    zeta: k,
    expectedBits: bits,
    receiverDraws: false,
    draw: () => NO_DRAW,
    encode(x) {
      requireVector(x, dimension, KIND);
      const indices = largest(x);
      const kept = workspace.vector(KIND, k);
      for (let i = 0; i < k; i++) kept[i] = x[indices[i]!]!;
      const bytes = new Uint8Array(messageBytes);
      bytes.set(encodeFloats(kept, wire, KIND, workspace, indices));
      const writer = new BitWriter(bytes, floatBytes);
      for (let i = 0; i < k; i++) writer.writeWide(indices[i]!, indexBits);
      writer.finish();
      return { bytes, bits };
    },
    accumulate(bytes, _draw, into) {
      requireTarget(into, dimension, KIND);
      requireBytes(bytes, messageBytes, KIND);
      const indices = readIndices(bytes);
      const values = decodeFloats(bytes.subarray(0, floatBytes), k, wire, KIND, workspace);
      for (let i = 0; i < k; i++) {
        const j = indices[i]!;
        into[j] = into[j]! + values[i]!;
      }
    },
  };
}
