/** For tests: every method on mushrooms with five workers and rand-k 10, and what a plain loop makes of it. */
import { createHash } from "node:crypto";
import type { AlgorithmSpec } from "../../shared/algorithms/algorithm.ts";
import { serverDraws } from "../../shared/algorithms/draws.ts";
import { compressorOf } from "../../shared/algorithms/registry.ts";
import { keyedDraws } from "../../shared/algorithms/testing/keyed-draws.ts";
import { type Point, simulate } from "../../shared/algorithms/testing/simulate.ts";
import { createCompressor } from "../../shared/compressors/registry.ts";
import { loadShipped } from "../../shared/data/testing/load.ts";
import { algorithmOf, startingCohort } from "../../shared/protocol/cohort.ts";
import { parseRunSpec, type RunSpecInput } from "../../shared/protocol/spec.ts";
import { DATA } from "./service.ts";

export const WORKERS = 5;
export const K = 10;
export const ROUNDS = 60;
/** d of mushrooms. */
export const DIMENSION = 112;
const P = 0.2;

const compressor = { kind: "rand-k", k: K } as const;

/** Each method with a step and a probability of its own, so that nothing depends on calibration. */
export const methods: Readonly<Record<AlgorithmSpec["kind"], RunSpecInput["algorithm"]>> = {
  gd: { kind: "gd", stepSize: 0.5 },
  qgd: { kind: "qgd", compressor, stepSize: 0.05 },
  diana: { kind: "diana", compressor, stepSize: 0.05 },
  "vr-diana": { kind: "vr-diana", compressor, batchSize: 17, probability: P, stepSize: 0.02 },
  marina: { kind: "marina", compressor, probability: P, stepSize: 0.1 },
  "vr-marina": { kind: "vr-marina", compressor, batchSize: 17, probability: P, stepSize: 0.05 },
  "vr-marina-online": {
    kind: "vr-marina-online",
    compressor,
    batchSize: 17,
    largeBatchSize: 300,
    probability: P,
    stepSize: 0.05,
  },
  "pp-marina": { kind: "pp-marina", compressor, participants: 2, probability: P, stepSize: 0.05 },
};

export type MethodName = keyof typeof methods;
export const methodNames = Object.keys(methods) as readonly MethodName[];

export function specOf(method: MethodName, change: Partial<RunSpecInput> = {}): RunSpecInput {
  return {
    data: DATA,
    workers: WORKERS,
    remainder: "drop",
    problem: { kind: "nonconvex-binary" },
    algorithm: methods[method],
    stop: { rounds: ROUNDS },
    seed: 3,
    wire: "float64",
    ...change,
  };
}

/** Is the round dense, by the coin of its stream? */
export function isDense(method: MethodName, round: number, seed = 3): boolean {
  return method === "gd" || (method.includes("marina") && (round === 0 || serverDraws(seed, round).coin(P)));
}

export interface Oracle {
  /** x^0 .. x^T with loss and gradient, from one loop over the mathematics: no protocol, no cloud. */
  readonly points: readonly Point[];
  /** SHA-256 of x^T's little-endian doubles. */
  readonly sha256: string;
}

const known = new Map<MethodName, Promise<Oracle>>();

/** The trajectory of `specOf(method)`. */
export function oracleOf(method: MethodName): Promise<Oracle> {
  let oracle = known.get(method);
  if (oracle === undefined) {
    oracle = compute(method);
    known.set(method, oracle);
  }
  return oracle;
}

async function compute(method: MethodName): Promise<Oracle> {
  const spec = parseRunSpec(specOf(method), "test");
  const { problem, seed } = spec;
  const algorithm = algorithmOf(spec, startingCohort(spec));
  const data = await loadShipped(DATA, WORKERS, "drop");
  const q = createCompressor(compressorOf(algorithm), DIMENSION, "float64");
  if (typeof algorithm.stepSize !== "number") throw new RangeError("the oracle's step is a number");
  const probability = "probability" in algorithm ? algorithm.probability : 1;
  if (typeof probability !== "number") throw new RangeError("the oracle's probability is a number");
  const { points } = simulate({
    spec: algorithm,
    parameters: { workers: WORKERS, stepSize: algorithm.stepSize, probability, shiftStep: 1 / (1 + q.omega) },
    objectives: data.objectives(problem),
    x0: new Float64Array(DIMENSION),
    rounds: ROUNDS,
    draws: keyedDraws(
      seed,
      algorithm,
      q,
      data.shards.map(({ rows }) => rows),
    ),
  });
  const { x } = points.at(-1)!;
  const bytes = new DataView(new ArrayBuffer(8 * x.length));
  x.forEach((entry, j) => {
    bytes.setFloat64(8 * j, entry, true);
  });
  return { points, sha256: createHash("sha256").update(bytes).digest("hex") };
}
