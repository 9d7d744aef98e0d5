/** For tests: a method run in one loop, without protocol or cloud, with the random draws given. */
import type { Compressor, Draw } from "../../compressors/compressor.ts";
import { createCompressor } from "../../compressors/registry.ts";
import { normSquared } from "../../math/vectors.ts";
import type { Objective } from "../../problems/problem.ts";
import { startingState } from "../answer.ts";
import type { Rows, Vectors } from "../method.ts";
import { type AlgorithmSpec, compressorOf, createMethod, methodOf } from "../registry.ts";
import type { Numbers } from "../theory.ts";
import { oneRound, type Situation } from "./one-round.ts";

/** All randomness of a run. `round` is the message round t. */
export interface PrescribedDraws {
  coin(round: number, probability: number): boolean;
  slots?(round: number, count: number, workers: number, replacement: boolean): Uint32Array;
  weightedSlots?(round: number, count: number, cumulative: Float64Array): Uint32Array;
  compressor?(round: number, slot: number): Draw;
  batch?(round: number, slot: number, rows: Exclude<Rows, "all">): Uint32Array;
}

export interface Point {
  readonly round: number;
  readonly x: Float64Array;
  readonly loss: number;
  readonly gradientNormSquared: number;
  readonly gradient: Float64Array;
  readonly state: Vectors;
}

/** f and its gradient at x: plain means over the (scaled) local objectives. */
export function fullGradient(objectives: readonly Objective[], x: Float64Array) {
  const gradient = new Float64Array(x.length);
  const part = new Float64Array(x.length);
  let loss = 0;
  for (const objective of objectives) {
    loss += objective.gradient(x, part);
    for (let j = 0; j < x.length; j++) gradient[j]! += part[j]!;
  }
  for (let j = 0; j < x.length; j++) gradient[j]! /= objectives.length;
  return { loss: loss / objectives.length, gradient };
}

export interface Simulation {
  readonly spec: AlgorithmSpec;
  readonly numbers: Numbers;
  readonly objectives: readonly Objective[];
  readonly x0: Float64Array;
  readonly rounds: number;
  readonly draws: PrescribedDraws;
  /** Instead of the spec's own compressor. */
  readonly compressor?: Compressor;
  /** What x^0 and each x^t - gamma g^t is rounded by, entry by entry: `Math.fround` for iterates in float32. */
  readonly rounding?: (entry: number) => number;
  /** Worker -> cumulative sums by which its rows are drawn; absent: uniformly. */
  readonly importance?: readonly Float64Array[];
}

/** x^0 .. x^T with f and its gradient at each; `workerStates` as the workers are left. */
export function simulate(simulation: Simulation): {
  points: Point[];
  workerStates: (Vectors | undefined)[];
} {
  const { spec, numbers, objectives, rounds, draws, rounding } = simulation;
  const rounded = (x: Float64Array): Float64Array => (rounding === undefined ? x : x.map(rounding));
  const x0 = rounded(simulation.x0);
  const d = x0.length;
  const { workerState } = methodOf(spec);
  const setting = {
    spec,
    method: createMethod(spec, numbers),
    objectives,
    compressor:
      simulation.compressor ??
      createCompressor(compressorOf(spec), d, "float64", { workers: objectives.length }),
    dense: createCompressor({ kind: "identity" }, d, "float64"),
    shiftStep: numbers.shiftStep,
    ...(simulation.importance && { importance: simulation.importance }),
  };
  let situation: Situation = {
    state: setting.method.start(x0),
    workerStates: objectives.map(() => (workerState === null ? undefined : startingState(workerState, d))),
  };
  const points: Point[] = [];
  const measure = (round: number) => {
    const { state } = situation;
    const x = state.iterate!;
    const { loss, gradient } = fullGradient(objectives, x);
    points.push({ round, x, loss, gradient, gradientNormSquared: normSquared(gradient), state });
  };
  measure(0);
  for (let round = 0; round < rounds; round++) {
    situation = oneRound(setting, situation, round, {
      server: {
        coin: (probability) => draws.coin(round, probability),
        slots: (count, workers, replacement) => draws.slots!(round, count, workers, replacement),
        weightedSlots: (count, cumulative) => draws.weightedSlots!(round, count, cumulative),
      },
      worker: (slot) => ({
        compressor: () => draws.compressor?.(round, slot) ?? { kind: "none" },
        batch: (rows) => draws.batch!(round, slot, rows),
      }),
    });
    const { state } = situation;
    situation = { ...situation, state: { ...state, iterate: rounded(state.iterate!) } };
    measure(round + 1);
  }
  return { points, workerStates: [...situation.workerStates] };
}
