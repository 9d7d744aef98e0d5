/** Iterates that are kept in float32: each step's own formula in float64, rounded once; and nothing else of the state moves. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { asIterate, stateEntryBytes } from "./iterates.ts";
import type { Plan, Vectors } from "./method.ts";
import { type AlgorithmSpec, createMethod, METHOD_KINDS, methodOf } from "./registry.ts";
import { stateLayout } from "./replay.ts";
import { specOf } from "./testing/specs.ts";

const choice = { compressor: { kind: "rand-k", k: 2 } } as const;
const GAMMA = 0.37;
const numbers = { workers: 3, stepSize: GAMMA, probability: 0.3, shiftStep: 0.21 };
/** Ties, both zeros, what float32 can't hold, its subnormals, and numbers of no special kind. */
const entries = [0, -0, 1 + 2 ** -24, 1 + 3 * 2 ** -24, 1e-40, 2 ** -150, 3e38, -3.3e38, 0.1, -7.123456789];

describe.each(METHOD_KINDS)("%s", (kind) => {
  const spec = specOf(kind, choice) as AlgorithmSpec;
  const exact = createMethod(spec, numbers);
  const rounded = createMethod(spec, numbers, "float32");
  const x0 = Float64Array.from(entries);
  /** Any state whose iterates are of float32, as all that come of one are. */
  const stateOf = (scale: number): Vectors =>
    Object.fromEntries(
      Object.keys(exact.start(x0)).map((name, i) => [
        name,
        x0.map((entry) => {
          const value = scale * entry + i / 7;
          return ["iterate", "previous", "reference"].includes(name) ? Math.fround(value) : value;
        }),
      ]),
    );

  it("begins at the float32 nearest to each entry of x^0", () => {
    const state = rounded.start(x0);
    const { iterate, ...rest } = state;
    expect(iterate).toEqual(x0.map(Math.fround));
    for (const [name, vector] of Object.entries(rest)) {
      const own = exact.start(x0)[name]!;
      expect(vector, name).toEqual(["previous", "reference"].includes(name) ? own.map(Math.fround) : own);
    }
  });

  it.each(methodOf(spec).requests.map((request) => [request.name, request] as const))(
    "steps to fl(x - gamma g) after %s, and keeps all the rest of its state in float64",
    (_name, request) => {
      for (const refresh of [false, true]) {
        const plan: Plan = { request, workers: Uint32Array.of(0, 1, 2), refresh };
        const mean = x0.map((entry, j) => 0.3 * entry + Math.sin(j));
        const before = stateOf(0.9);
        const expected = exact.step(before, plan, mean);
        const state = rounded.step(before, plan, mean);
        expect(Object.keys(state)).toEqual(Object.keys(expected));
        for (const [name, vector] of Object.entries(expected))
          expect(state[name], name).toEqual(name === "iterate" ? vector.map(Math.fround) : vector);
      }
    },
  );
});

it("GD by its formula: each entry is the float32 nearest to x_j - gamma g_j", () => {
  const method = createMethod({ kind: "gd", stepSize: GAMMA } as AlgorithmSpec, numbers, "float32");
  const plan = method.plan(method.start(new Float64Array(1)), 0, {} as never);
  fc.assert(
    fc.property(fc.float({ noNaN: true }), fc.double({ noNaN: true }), (x, g) => {
      const { iterate } = method.step({ iterate: Float64Array.of(x) }, plan, Float64Array.of(g));
      expect(iterate![0]).toBe(Math.fround(x - GAMMA * g));
    }),
  );
});

it("rounding moves a number by 2^-24 of itself at most, and small ones by 2^-150", () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, min: -3e38, max: 3e38 }), (entry) => {
      const [kept] = asIterate(Float64Array.of(entry), "float32");
      expect(Math.abs(kept! - entry)).toBeLessThanOrEqual(Math.max(2 ** -24 * Math.abs(entry), 2 ** -150));
    }),
  );
  const x = Float64Array.of(0.1);
  expect(asIterate(x)).toBe(x);
});

it("points are 4 d bytes, estimators and shifts 8 d", () => {
  const bytes = (kind: AlgorithmSpec["kind"]) =>
    stateEntryBytes(stateLayout({ algorithm: specOf(kind, choice) as AlgorithmSpec, iterate: "float32" }));
  expect(bytes("gd")).toBe(4);
  expect(bytes("marina")).toBe(4 + 4 + 8);
  expect(bytes("diana")).toBe(4 + 8);
  expect(bytes("vr-diana")).toBe(4 + 4 + 8);
  expect(stateEntryBytes(stateLayout({ algorithm: specOf("marina", choice) as AlgorithmSpec }))).toBe(24);
});
