/** What the runs of these tests are asked to do. */
import type { AlgorithmSpec } from "../../../shared/methods/registry.ts";
import { parseRunSpec, type RunSpec } from "../../../shared/protocol/spec/spec.ts";

export const WORKERS = 5;

/** A run takes a few seconds; on a loaded machine or a serial mapping many times that. */
export const RUN_SECONDS = 150;

const compressor = { kind: "rand-k", k: 10 } as const;
export const MARINA = { kind: "marina", compressor } as const;
export const PP_MARINA = { kind: "pp-marina", compressor, participants: 2 } as const;
export const DIANA = { kind: "diana", compressor } as const;

export type Method = Readonly<Record<string, unknown>> & { readonly kind: AlgorithmSpec["kind"] };

/** Of the data set mushrooms. */
export function spec(name: string, algorithm: Method, rounds: number): RunSpec {
  return parseRunSpec(
    {
      name,
      data: "mushrooms",
      workers: WORKERS,
      remainder: "drop",
      problem: { kind: "nonconvex-binary" },
      algorithm,
      stop: { rounds },
      evaluateEvery: 25,
    },
    name,
  );
}
