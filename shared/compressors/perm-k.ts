/** Permutation compressors: the coordinates shared out among the workers, drawn for all of them at once. */
import * as z from "zod";
import { MarinaError } from "../base/index.ts";
import { permutation } from "../math/index.ts";
import { COMPRESSOR_PATH, requireIndices, requireTarget, requireVector } from "./check.ts";
import {
  type CompressorSetting,
  type DrawStreams,
  defineCompressor,
  type Place,
  type UnbiasedCompressor,
} from "./compressor.ts";
import { decodeFloats, encodeFloats } from "./floats.ts";
import { lossless } from "./identity.ts";

const KIND = "perm-k";

/**
 * n compressors that are drawn jointly, one for each worker.
 *
 *   d >= n: a uniformly random permutation of the coordinates is cut into n blocks of floor(d/n) or ceil(d/n), and where
 *     these differ the blocks are dealt by a second permutation; Q_i(x)_j = n x_j for j in the block of worker i, else 0
 *   n > d, d divides n: n/d copies of each coordinate in uniformly random order; Q_i(x) = d x_j e_j for the j of worker i
 *
 * E|mean_i Q_i(a_i) - abar|^2 = A mean_i |a_i|^2 - B |abar|^2 with A = B = 1, or (d-1)/(n-1) where n > d: equal a_i are
 * averaged exactly. Each alone has omega = min(n, d) - 1 (equality for every x); zeta = max(d/n, 1), 32 zeta bits in the
 * mean over the workers.
 *
 * Message: x_j of the worker's own block in increasing order, one wire float each. The indices are not sent: the receiver
 * draws the permutation again. It multiplies by min(n, d), once.
 *
 * With one worker, or in R^1, nothing is lost: the dense vector, with nothing to draw.
 * @example { "kind": "perm-k" }
 * @see Szlendak, Tyurin, Richtarik, "Permutation compressors for provably faster distributed nonconvex optimization",
 * arXiv 2110.03300.
 */
export const permK = defineCompressor({
  schema: z.strictObject({ kind: z.literal(KIND) }),
  example: { kind: "perm-k" },
  told: {
    equation: "Q_i(x)_j = n x_j for j in the block of worker i, else 0",
    constants: "omega = min(n, d) - 1 (equality for every x); zeta = max(d/n, 1)",
    bits: "32 zeta bits in the mean over the workers",
  },
  label: () => KIND,
  promises: "unbiased",
  joint: true,
  create(_spec, setting) {
    const { dimension: d, workers: n } = setting;
    if (n === undefined) throw new RangeError(`${KIND} can't be made without the number of workers`);
    if (n > d && n % d !== 0) {
      throw new MarinaError(
        "spec",
        `${COMPRESSOR_PATH}: ${KIND} shares ${d} coordinates out among the workers: expected at most ${d} workers, or a multiple of ${d}, got ${n}`,
      );
    }
    return n === 1 || d === 1 ? lossless(setting) : dealt(n, setting);
  },
});

/** Who has which coordinates in one round. */
interface Deal {
  readonly seed: number;
  readonly round: number;
  block(slot: number): Uint32Array;
}

function dealt(n: number, { dimension: d, wire, workspace }: CompressorSetting): UnbiasedCompressor {
  const factor = Math.min(n, d);
  const correlation = n > d ? (d - 1) / (n - 1) : 1;
  const least = Math.max(1, Math.floor(d / n));
  const most = Math.max(1, Math.ceil(d / n));
  // Whoever receives a round's messages asks for the draw of every slot.
  let last: Deal | undefined;

  function deal({ seed, shared }: DrawStreams, round: number): Deal {
    const stream = shared();
    if (n > d) {
      const copies = n / d;
      const order = permutation(stream, n);
      return { seed, round, block: (slot) => Uint32Array.of(Math.floor(order[slot]! / copies)) };
    }
    const order = permutation(stream, d);
    const larger = d % n;
    const places = larger === 0 ? undefined : permutation(stream, n);
    return {
      ...{ seed, round },
      block(slot) {
        const place = places?.[slot] ?? slot;
        const from = place * least + Math.min(place, larger);
        return order.slice(from, from + (place < larger ? most : least)).sort();
      },
    };
  }

  function blockOf(streams: DrawStreams, { round, slot, slots }: Place): Uint32Array {
    if (slots !== n) {
      throw new MarinaError("usage", `${KIND}: expected a draw for ${n} slots, got one for ${slots}`);
    }
    if (last?.seed !== streams.seed || last.round !== round) last = deal(streams, round);
    return last.block(slot);
  }

  const indicesOf = (draw: Parameters<UnbiasedCompressor["encode"]>[1]): Uint32Array => {
    const count = draw.kind === "indices" && draw.indices.length === most ? most : least;
    return requireIndices(draw, count, d, KIND);
  };

  return {
    promises: "unbiased",
    dimension: d,
    omega: factor - 1,
    joint: { A: correlation, B: correlation },
    zeta: Math.max(d / n, 1),
    expectedBits: 32 * Math.max(d / n, 1),
    receiverDraws: true,
    draw: (streams, place) => ({ kind: "indices", indices: blockOf(streams, place) }),
    encode(x, draw) {
      requireVector(x, d, KIND);
      const indices = indicesOf(draw);
      const kept = workspace.vector(KIND, most).subarray(0, indices.length);
      for (let i = 0; i < indices.length; i++) kept[i] = x[indices[i]!]!;
      return { bytes: encodeFloats(kept, wire, KIND, workspace, indices), bits: 32 * indices.length };
    },
    accumulate(bytes, draw, into) {
      requireTarget(into, d, KIND);
      const indices = indicesOf(draw);
      const values = decodeFloats(bytes, indices.length, wire, KIND, workspace);
      for (let i = 0; i < indices.length; i++) {
        const j = indices[i]!;
        into[j] = into[j]! + factor * values[i]!;
      }
    },
  };
}
