/** How long a step MARINA bears in the scalar model: its exact limit, from the method's own moments. */
import { describe, expect, it } from "vitest";
import type { Compressor } from "../compressors/compressor.ts";
import { type CompressorSpec, createCompressor } from "../compressors/registry.ts";
import { quadraticObjective } from "../problems/quadratic.ts";
import { type AlgorithmSpec, createMethod } from "./registry.ts";
import { oneRound } from "./testing/one-round.ts";

/** Q(x) = x Z in R^1: Z = 1/q with probability q, else 0; E Z = 1, Var Z = omega = 1/q - 1. Draws: kept or not. */
function bernoulli(omega: number): Compressor {
  const spec: CompressorSpec = { kind: "rand-k", k: 1 };
  return {
    ...createCompressor(spec, 1, "float64"),
    omega,
    encode(x, draw) {
      const kept = draw.kind === "indices" && draw.indices.length > 0;
      return { bytes: new Uint8Array(Float64Array.of(kept ? x[0]! * (1 + omega) : 0).buffer), bits: 32 };
    },
    accumulate(bytes, _draw, into) {
      into[0]! += new Float64Array(bytes.buffer)[0]!;
    },
  };
}

/**
 * E[A (x) A] of the linear map A that one round of MARINA is on (x^t, e^t), for f_i = x^2/2: 4 x 4, row by row. The
 * workers are alike, so only how many of them keep their number matters: n + 1 outcomes and the dense round.
 */
function momentMatrix(n: number, omega: number, t: number): Float64Array {
  const p = 1 / (1 + omega);
  const spec: AlgorithmSpec = {
    kind: "marina",
    compressor: { kind: "rand-k", k: 1 },
    probability: p,
    stepSize: t,
  };
  const objective = quadraticObjective({ hessian: Float64Array.of(1), linear: new Float64Array(1) });
  const setting = {
    spec,
    method: createMethod(spec, { workers: n, stepSize: t, probability: p, shiftStep: 1 }),
    objectives: Array.from({ length: n }, () => objective),
    compressor: bernoulli(omega),
    dense: createCompressor({ kind: "identity" }, 1, "float64"),
    shiftStep: 1,
  };
  const matrix = new Float64Array(16);
  const add = (probability: number, isDense: boolean, kept: number) => {
    const columns = [
      [1, 0],
      [0, 1],
    ].map(([x, e]) => {
      const estimate = Float64Array.of(x! + e!);
      const state = {
        iterate: Float64Array.of(x! - t * estimate[0]!),
        previous: Float64Array.of(x!),
        estimate,
      };
      const { state: next } = oneRound(setting, { state, workerStates: [] }, 1, {
        server: {
          coin: () => isDense,
          slots: () => expect.unreachable("all workers take part"),
          weightedSlots: () => expect.unreachable("all workers take part"),
        },
        worker: (slot) => ({
          compressor: () => ({
            kind: "indices",
            indices: slot < kept ? Uint32Array.of(0) : new Uint32Array(0),
          }),
          batch: () => expect.unreachable("no mini-batches"),
        }),
      });
      const after = next.previous![0]!;
      return [after, next.estimate![0]! - after] as const;
    });
    for (let row = 0; row < 4; row++) {
      for (let column = 0; column < 4; column++) {
        const left = columns[column >> 1]![(row >> 1) as 0 | 1];
        const right = columns[column & 1]![(row & 1) as 0 | 1];
        matrix[4 * row + column]! += probability * left * right;
      }
    }
  };
  add(p, true, 0);
  // Binomial probabilities of k kept out of n, each with probability q = 1/(1 + omega).
  let binomial = (1 - p) ** n;
  for (let kept = 0; kept <= n; kept++) {
    add((1 - p) * binomial, false, kept);
    binomial *= (((n - kept) / (kept + 1)) * p) / (1 - p);
  }
  return matrix;
}

/** log of the spectral radius, by squaring: |M^(2^k)|^(1/2^k). */
function logSpectralRadius(matrix: Float64Array): number {
  let power = matrix;
  let log = 0;
  const doublings = 40;
  for (let k = 0; k <= doublings; k++) {
    const size = power.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    log += Math.log(size) / 2 ** k;
    const scaled = power.map((value) => value / size);
    power = scaled.map((_, at) =>
      [0, 1, 2, 3].reduce((sum, k4) => sum + scaled[4 * (at >> 2) + k4]! * scaled[4 * k4 + (at & 3)]!, 0),
    );
  }
  return log;
}

describe("MARINA's limit of mean-square stability in the scalar model f_i = x^2/2", () => {
  it.each([
    [5, 1, 1.6046],
    [5, 111, 0.0516],
    [50, 10, 1.4553],
    [1, 1, 1],
  ])("n = %d, omega = %d: stable up to t = %d", (n, omega, limit) => {
    // (1-p)(1 + 2 omega/n) t^2 + (3p-2) t - 2p < 0 with p = 1/(1 + omega)
    const p = 1 / (1 + omega);
    const a = (1 - p) * (1 + (2 * omega) / n);
    const b = 3 * p - 2;
    const root = (-b + Math.sqrt(b * b + 8 * a * p)) / (2 * a);
    expect(Math.abs(root - limit)).toBeLessThan(1e-4);
    for (const factor of [0.05, 0.3, 0.7, 0.95, 0.999, 1 - 1e-6]) {
      expect(logSpectralRadius(momentMatrix(n, omega, factor * root)), `t = ${factor} t*`).toBeLessThan(0);
    }
    for (const factor of [1 + 1e-6, 1.001, 1.05, 1.5, 3]) {
      expect(logSpectralRadius(momentMatrix(n, omega, factor * root)), `t = ${factor} t*`).toBeGreaterThan(0);
    }
  });
});
