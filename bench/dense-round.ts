/**
 * What does a dense round of n d = 1e8 numbers cost the aggregator besides fetching them, where it adds them itself? n = 100 contributions of
 * d = 1,000,000 as they lie in the object store: checked, decoded and summed in slot order; against the bare loop that adds
 * the same numbers.
 * Usage: node bench/dense-round.ts
 */
import { createCompressor } from "../shared/compressors/registry.ts";
import { frameRunMessage, parseRunMessage } from "../shared/protocol/messages/run-message.ts";
import type { Figure } from "./figure.ts";
import { printFigures } from "./print.ts";

const WORKERS = 100;
const DIMENSION = 1_000_000;
const NO_DRAW = { kind: "none" } as const;

export function denseRoundFigures(): Figure[] {
  const dense = createCompressor({ kind: "identity" }, DIMENSION, "float32");
  const vector = Float64Array.from({ length: DIMENSION }, (_, j) => Math.fround(Math.sin(j)));
  const frames = Array.from({ length: WORKERS }, (_, slot) =>
    frameRunMessage({
      kind: "contribution",
      runDigest: "0".repeat(64),
      round: 1,
      phase: 0,
      slot,
      worker: slot,
      payload: dense.encode(vector, NO_DRAW).bytes,
      bits: 32 * DIMENSION,
      loss: 0,
      evaluation: null,
      reused: false,
      computeMilliseconds: 1,
      cold: false,
    }),
  );
  const stored = Float32Array.from(vector);
  const best = { ours: Infinity, bare: Infinity };
  for (let turn = 0; turn < 5; turn++) {
    best.bare = Math.min(
      best.bare,
      milliseconds(() => {
        const sum = new Float64Array(DIMENSION);
        for (let slot = 0; slot < WORKERS; slot++) {
          for (let j = 0; j < DIMENSION; j++) sum[j] = sum[j]! + stored[j]!;
        }
      }),
    );
    best.ours = Math.min(
      best.ours,
      milliseconds(() => {
        const sum = new Float64Array(DIMENSION);
        for (const frame of frames) {
          const message = parseRunMessage(frame);
          if (message.kind !== "contribution") throw new Error("expected a contribution");
          dense.accumulate(message.payload, NO_DRAW, sum);
        }
      }),
    );
  }
  const megabytes = frames.reduce((bytes, frame) => bytes + frame.length, 0) / 1e6;
  return [
    {
      name: "checking, decoding and summing n d = 1e8 numbers / adding them",
      ratio: best.ours / best.bare,
      detail: `${best.ours.toFixed(0)} ms, ${best.bare.toFixed(0)}; ${megabytes.toFixed(0)} MB`,
      aim: "-",
    },
  ];
}

/** CPU time: others on this machine do not count. */
function milliseconds(work: () => void): number {
  const from = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(from);
  return (user + system) / 1000;
}

if (import.meta.main) printFigures(denseRoundFigures());
