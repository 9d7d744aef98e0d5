/** For tests: specs of every compressor. A kind that is missing here does not compile. */

import type { Stream } from "../../math/streams.ts";
import type { DrawStreams } from "../compressor.ts";
import { COMPRESSOR_KINDS, type CompressorKind, type CompressorSpec } from "../registry.ts";

/** n, wherever a test need not say otherwise. */
export const WORKERS = 2;

type SpecsOf = { readonly [K in CompressorKind]: (d: number) => Extract<CompressorSpec, { kind: K }>[] };

/** K of a sparsifier. */
const kept = (d: number): number[] => [...new Set([1, 2, d - 1, d])].filter((k) => k >= 1 && k <= d);

/** Every spec of a kind that makes sense in R^d: the ends of its parameters, and what lies between. */
const specsOf: SpecsOf = {
  identity: () => [{ kind: "identity" }],
  "rand-k": (d) => kept(d).map((k) => ({ kind: "rand-k", k })),
  "l2-quantization": () => [{ kind: "l2-quantization" }],
  qsgd: () => [1, 2, 4, 5, 32767].map((levels) => ({ kind: "qsgd", levels })),
  natural: () => [{ kind: "natural" }],
  "perm-k": () => [{ kind: "perm-k" }],
  composed: (d) =>
    kept(d).flatMap((k) =>
      ([{ kind: "natural" }, { kind: "qsgd", levels: 2 }, { kind: "l2-quantization" }] as const).map(
        (then) => ({
          kind: "composed",
          first: { kind: "rand-k", k },
          then,
        }),
      ),
    ),
  "top-k": (d) => kept(d).map((k) => ({ kind: "top-k", k })),
};

/** Every spec of every compressor that makes sense in R^d. */
export function specsIn(d: number): CompressorSpec[] {
  return COMPRESSOR_KINDS.flatMap((kind): CompressorSpec[] => specsOf[kind](d));
}

/** Streams of one slot and of its round, of any stream. */
export function streamsOf(own: () => Stream, shared: () => Stream = own): DrawStreams {
  return { seed: 0, own, shared };
}
