/**
 * What work over long vectors costs the CPU, in nanoseconds: the rates that the embedded cloud charges for it, times 1.6 for
 * a Lambda vCPU (`LAMBDA_RATES` in embedded/functions/compute-charge.ts, `objectCodecNanoseconds` in
 * embedded/latency/latencies.ts). Best of several, CPU time, so that others on this machine count little.
 * Usage: node bench/vector-work.ts [--dimension 1000000]
 */
import { Command } from "commander";
import { table } from "../client/text/table.ts";
import { nonFiniteEntry } from "../lambdas/aggregator/term/divergence.ts";
import { createCompressor } from "../shared/compressors/registry.ts";
import { compressorDraw } from "../shared/methods/draws.ts";
import { marina } from "../shared/methods/marina.ts";
import { marinaServer } from "../shared/methods/marina-family.ts";
import { FrameReader, FrameWriter } from "../shared/protocol/frames/frame.ts";
import { cpuMilliseconds } from "./support.ts";

const { dimension } = new Command("vector-work")
  .option("--dimension <d>", "entries of a vector", Number, 1_000_000)
  .parse()
  .opts<{ dimension: number }>();
const REPEATS = 15;

/** CPU nanoseconds of one of `units` units of the work: the best of several. */
function nanoseconds(units: number, work: () => unknown): number {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < REPEATS; i++) {
    const from = cpuMilliseconds();
    work();
    best = Math.min(best, cpuMilliseconds() - from);
  }
  return (1e6 * best) / units;
}

const k = Math.max(1, Math.round(dimension / 100));
const x = Float64Array.from({ length: dimension }, (_, j) => Math.sin(j));
const sparse = createCompressor({ kind: "rand-k", k }, dimension, "float32");
const dense = createCompressor({ kind: "identity" }, dimension, "float32");
const place = { round: 1, slot: 0, slots: 100 };
const draw = compressorDraw(1, place, sparse);
const sparseBytes = sparse.encode(x, draw).bytes;
const denseBytes = dense.encode(x, { kind: "none" }).bytes;
const sum = new Float64Array(dimension);
const [request] = marina.requests;
const server = marinaServer({ workers: 100, stepSize: 0.1, probability: 0.01, shiftStep: 0 } as never, {
  dense: request!,
  compressed: marina.requests[1]!,
});
const state = server.start(x);
const all = Uint32Array.of(0);
const compressed = { request: marina.requests[1]!, workers: all, refresh: false };
const frame = new FrameWriter("vector", 32 + 8 * dimension).vector(x).finish();

const rows: [string, string, number][] = [
  ["draw an index of RandK (K = d/100)", "an index", nanoseconds(k, () => compressorDraw(1, place, sparse))],
  ["encode RandK", "an entry kept", nanoseconds(k, () => sparse.encode(x, draw))],
  ["add RandK's message", "an entry kept", nanoseconds(k, () => sparse.accumulate(sparseBytes, draw, sum))],
  ["encode a dense vector", "an entry", nanoseconds(dimension, () => dense.encode(x, { kind: "none" }))],
  [
    "add a dense message",
    "an entry",
    nanoseconds(dimension, () => dense.accumulate(denseBytes, { kind: "none" }, sum)),
  ],
  ["MARINA's step", "an entry", nanoseconds(dimension, () => server.step(state, compressed, sum))],
  ["look for an entry that is no number", "an entry", nanoseconds(dimension, () => nonFiniteEntry({ x }, 1))],
  [
    "write a frame with its CRC-32",
    "a byte",
    nanoseconds(8 * dimension, () => new FrameWriter("vector", 32 + 8 * dimension).vector(x).finish()),
  ],
  ["read it", "a byte", nanoseconds(8 * dimension, () => new FrameReader("vector", frame, "bench").vector())],
];
console.log(
  table(
    [
      ["work", "left"],
      ["of", "left"],
      ["ns", "right"],
    ],
    rows.map(([what, unit, ns]) => [what, unit, ns.toFixed(2)]),
  ),
);
