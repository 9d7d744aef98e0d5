/** Whole trajectories, with prescribed draws, against those of an independent program. */
import { expect, test } from "vitest";
import { normSquared } from "../../math/index.ts";
import { Network } from "./network.ts";
import { type NetworkObjective, networkObjective } from "./objective.ts";
import {
  caseOf,
  dotSin,
  type ReferenceRound,
  reference,
  referencePoint,
} from "./testing/reference-values.ts";
import { WasmKernels } from "./wasm/wasm-kernels.ts";

const { methods } = reference;
const { d, m, rows: N } = methods;
const WORKERS = 5;
const MASKED = 24;
const BATCH = 16;
const SLOTS = 2;
const regularizer = { kind: "l2", lambda: methods.network.lambda } as const;
const network = new Network(caseOf(methods, 1).program, new WasmKernels("float64"));

function objectiveOver(count: number, first: number): NetworkObjective {
  const weights = { rowWeight: 1 / count, regularizerWeight: 1 };
  return networkObjective(network, caseOf(methods, count, first).rows, weights, regularizer);
}

const whole = objectiveOver(N, 0);
const workers = Array.from({ length: WORKERS }, (_, i) => objectiveOver(m, i * m));

function gradientOf(objective: NetworkObjective, x: Float64Array): Float64Array {
  const g = new Float64Array(d);
  objective.gradient(x, g);
  return g;
}

/** Q(grad h(next) - grad h(x)) with the mask of the round and index. */
function message(after: Float64Array, before: Float64Array, k: number, index: number): Float64Array {
  const out = new Float64Array(d);
  for (let l = 0; l < MASKED; l++) {
    const j = (97 * k + 1201 * index + 101 * l) % d;
    out[j] = (d / MASKED) * (after[j]! - before[j]!);
  }
  return out;
}

type Messages = (next: Float64Array, x: Float64Array, k: number) => Float64Array[];

const messagesOf: Readonly<Record<string, Messages>> = {
  MARINA: (next, x, k) =>
    workers.map((worker, i) => {
      const [after, before] = [new Float64Array(d), new Float64Array(d)];
      worker.gradientPair(next, x, after, before);
      return message(after, before, k, i);
    }),
  "VR-MARINA": (next, x, k) =>
    workers.map((worker, i) => {
      const batch = Uint32Array.from({ length: BATCH }, (_, l) => (29 * k + 31 * i + 7 * l) % m);
      const [after, before] = [new Float64Array(d), new Float64Array(d)];
      worker.batchGradient(next, batch, after);
      worker.batchGradient(x, batch, before);
      return message(after, before, k, i);
    }),
  "PP-MARINA": (next, x, k) =>
    Array.from({ length: SLOTS }, (_, t) => {
      const worker = workers[(k * k + 2 * t * (k % 3)) % WORKERS]!;
      return message(gradientOf(worker, next), gradientOf(worker, x), k, t);
    }),
};

/** g^(k+1) */
function estimate(
  method: string,
  g: Float64Array,
  next: Float64Array,
  x: Float64Array,
  k: number,
): Float64Array {
  if (method === "GD" || k % 5 === 4) return gradientOf(whole, next);
  const messages = messagesOf[method]!(next, x, k);
  return g.map((value, j) => value + messages.reduce((sum, q) => sum + q[j]!, 0) / messages.length);
}

function compare(x: Float64Array, expected: ReferenceRound): void {
  const g = new Float64Array(d);
  const close = (value: number, wanted: number) =>
    expect(Math.abs(value - wanted)).toBeLessThanOrEqual(1e-10 * Math.max(1, Math.abs(wanted)));
  close(whole.gradient(x, g), expected.loss);
  close(normSquared(g), expected.gradientNormSquared);
  close(normSquared(x), expected.xNormSquared);
  close(dotSin(x), expected.xDotSin);
  for (const [j, value] of expected.xEntries) close(x[j]!, value);
  expect(whole.evaluate(x).correct).toBe(expected.correctRows);
}

test.each(methods.runs)("$method follows the reference", ({ method, gamma, rounds }) => {
  let x = referencePoint(methods);
  let g = gradientOf(whole, x);
  for (const expected of rounds) {
    compare(x, expected);
    const next = x.map((value, j) => value - gamma * g[j]!);
    g = estimate(method, g, next, x, expected.k);
    x = next;
  }
});
