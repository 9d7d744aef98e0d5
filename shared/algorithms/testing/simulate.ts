/** For tests: a method run in one loop, without protocol or cloud, with the random draws given. */
import type { Compressor, Draw } from "../../compressors/compressor.ts";
import { createCompressor } from "../../compressors/registry.ts";
import { normSquared } from "../../math/vectors.ts";
import type { Objective } from "../../problems/problem.ts";
import type { AlgorithmSpec, Parameters, ServerDraws, Vectors } from "../algorithm.ts";
import { compressorOf, createMethod } from "../registry.ts";
import { estimate, type Gradients, type WorkerMemory } from "../worker.ts";

/** All randomness of a run. `round` is the message round t. */
export interface PrescribedDraws {
  coin(round: number): boolean;
  slots?(round: number): Uint32Array;
  compressor?(round: number, slot: number): Draw;
  batch?(round: number, slot: number): Uint32Array;
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

export function gradientsOf(objective: Objective): Gradients {
  const full = (x: Float64Array) => {
    const vector = new Float64Array(x.length);
    return { loss: objective.gradient(x, vector), vector };
  };
  return {
    full,
    pair: (x, w) => ({ x: full(x), w: full(w) }),
    batch(x, rows) {
      const vector = new Float64Array(x.length);
      return { loss: objective.batchGradient(x, rows, vector), vector };
    },
  };
}

export interface Simulation {
  readonly spec: AlgorithmSpec;
  readonly parameters: Parameters;
  readonly objectives: readonly Objective[];
  readonly x0: Float64Array;
  readonly rounds: number;
  readonly draws: PrescribedDraws;
  /** Instead of the spec's own compressor. */
  readonly compressor?: Compressor;
}

/** x^0 .. x^T with f and its gradient at each; `memories` as the workers are left. */
export function simulate(simulation: Simulation): { points: Point[]; memories: (WorkerMemory | undefined)[] } {
  const { spec, parameters, objectives, x0, rounds, draws } = simulation;
  const d = x0.length;
  const method = createMethod(spec, parameters);
  const compressor = simulation.compressor ?? createCompressor(compressorOf(spec), d, "float64");
  const dense = createCompressor({ kind: "identity" }, d, "float64");
  const memories: (WorkerMemory | undefined)[] = objectives.map(() =>
    spec.kind === "diana" || spec.kind === "vr-diana" ? { shift: new Float64Array(d) } : undefined,
  );
  let state: Vectors = method.start(x0);
  const points: Point[] = [];
  const measure = (round: number) => {
    const x = state["iterate"]!;
    const { loss, gradient } = fullGradient(objectives, x);
    points.push({ round, x, loss, gradient, gradientNormSquared: normSquared(gradient), state });
  };
  measure(0);
  for (let round = 0; round < rounds; round++) {
    const server: ServerDraws = {
      coin: () => draws.coin(round),
      slots: () => draws.slots!(round),
    };
    const plan = method.plan(state, round, server);
    const mean = new Float64Array(d);
    const compressed = plan.order.kind !== "full" || plan.order.compressed;
    plan.workers.forEach((worker, slot) => {
      const draw = draws.compressor?.(round, slot) ?? { kind: "none" as const };
      const answer = estimate(
        plan.order,
        { gradients: gradientsOf(objectives[worker]!), compressor, dense, shiftStep: parameters.shiftStep },
        { compressor: () => draw, batch: () => draws.batch!(round, slot) },
        memories[worker],
      );
      if (answer.memory !== undefined) memories[worker] = answer.memory;
      (compressed ? compressor : dense).accumulate(answer.encoded.bytes, draw, mean);
    });
    for (let j = 0; j < d; j++) mean[j]! /= plan.workers.length;
    state = method.step(state, plan, mean);
    measure(round + 1);
  }
  return { points, memories };
}
