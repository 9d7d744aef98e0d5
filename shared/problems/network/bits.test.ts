/** What no bit may depend on: the kernels, the size of blocks, the way the points are passed. */
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { Kernels } from "./kernels.ts";
import { Network } from "./network.ts";
import { networkObjective } from "./objective.ts";
import { ReferenceKernels } from "./reference-kernels.ts";
import type { Precision } from "./spec.ts";
import { caseOf, reference, referencePoint } from "./testing/reference-values.ts";
import { WasmKernels } from "./wasm/wasm-kernels.ts";

/**
 * Fingerprints of the bits of this version of the kernels (KERNEL_SET), the same on x86-64 and on arm64: when one moves, stored
 * programs mean other numbers, and the version must move with it.
 */
const FINGERPRINTS: Readonly<Record<Precision, string>> = {
  float64: "a13c744012ace9edbf98b292b82e04646222f1af0379ad3ffbfcba3f894896e4",
  float32: "e717525117f360ec8a96702097942b56e678ccd907bb60cdf09d4c75dabf23e0",
};

type Case = (typeof reference.cases)[number];
/** Every kind of layer, and more rows than two blocks have. */
const ROWS = 131;
const large = reference.cases.filter(({ rows, name }) => rows > ROWS && !name.startsWith("convention"));

function outcome(each: Case, kernels: Kernels, rows: number, blockRows?: number) {
  const { program, rows: data } = caseOf(each, rows);
  const network = new Network(program, kernels, blockRows);
  const objective = networkObjective(network, data, { rowWeight: 1 / rows, regularizerWeight: 1 });
  const x = referencePoint(each);
  const w = x.map((value, j) => value + 0.01 * Math.cos(j));
  const [g, other, hv] = [new Float64Array(each.d), new Float64Array(each.d), new Float64Array(each.d)];
  const loss = objective.gradientPair(x, w, g, other);
  objective.hessianVector(x, w, hv);
  return { loss, g, other, hv, outputs: objective.outputs(x), evaluation: objective.evaluate(x) };
}

const wasm: Readonly<Record<Precision, Kernels>> = {
  float64: new WasmKernels("float64"),
  float32: new WasmKernels("float32"),
};

describe.each(["float64", "float32"] as const)("%s", (precision) => {
  test.each(reference.cases)("WebAssembly has the bits of TypeScript: $name", (each) => {
    const rows = Math.min(each.rows, 9);
    // toEqual compares numbers by Object.is: a zero's sign counts.
    expect(outcome(each, wasm[precision], rows)).toEqual(
      outcome(each, new ReferenceKernels(precision), rows),
    );
  });

  test.each(large)("blocks of 1, 7 and 64 rows give the same bits: $name", (each) => {
    const expected = outcome(each, wasm[precision], ROWS, 64);
    for (const blockRows of [1, 7, 200]) {
      expect(outcome(each, wasm[precision], ROWS, blockRows)).toEqual(expected);
    }
  });

  test.each(large)("a pair of points has the bits of two calls, a batch those of its rows: $name", (each) => {
    const { program, rows } = caseOf(each, ROWS);
    const objective = networkObjective(new Network(program, wasm[precision]), rows, {
      rowWeight: 1 / ROWS,
      regularizerWeight: 1,
    });
    const x = referencePoint(each);
    const w = x.map((value, j) => value + 0.01 * Math.cos(j));
    const [a, b, c, e] = [x.slice(), x.slice(), x.slice(), x.slice()];
    const loss = objective.gradientPair(x, w, a, b);
    expect(objective.gradient(x, c)).toBe(loss);
    objective.gradient(w, e);
    expect([a, b]).toEqual([c, e]);
    const batch = Uint32Array.from({ length: ROWS }, (_, row) => row);
    expect(objective.batchGradient(x, batch, b)).toBe(loss);
    expect(b).toEqual(a);
  });
});

test.each(large)("the union of shards is the whole to 1e-12: $name", (each) => {
  const cuts = [0, 1, 50, 114, 120, ROWS];
  const x = referencePoint(each);
  const sum = new Float64Array(each.d);
  let loss = 0;
  const part = (first: number, count: number, out: Float64Array) => {
    const { program, rows } = caseOf(each, count, first);
    const weights = { rowWeight: 1 / ROWS, regularizerWeight: 0 };
    return networkObjective(new Network(program, wasm.float64), rows, weights).gradient(x, out);
  };
  const g = new Float64Array(each.d);
  for (const [i, first] of cuts.slice(0, -1).entries()) {
    loss += part(first, cuts[i + 1]! - first, g);
    for (const [j, value] of g.entries()) sum[j] = sum[j]! + value;
  }
  const wholeLoss = part(0, ROWS, g);
  expect(Math.abs(loss - wholeLoss)).toBeLessThanOrEqual(1e-12 * Math.max(1, wholeLoss));
  const scale = Math.max(...g.map(Math.abs));
  for (const [j, value] of g.entries()) expect(Math.abs(sum[j]! - value)).toBeLessThanOrEqual(1e-12 * scale);
});

test.each(["float64", "float32"] as const)(
  "the bits of kernel set 1 in %s are the recorded ones",
  (precision) => {
    const hash = createHash("sha256");
    for (const each of reference.cases) {
      const { program, rows } = caseOf(each, Math.min(each.rows, 9));
      const weights = { rowWeight: 1, regularizerWeight: 1 };
      const objective = networkObjective(new Network(program, wasm[precision]), rows, weights);
      // No sine: the platform's may differ in the last bit.
      const x = Float64Array.from(
        { length: each.d },
        (_, j) => 0.4 * (((j * 2_654_435_761) % 4_294_967_296) / 2_147_483_648 - 1),
      );
      const [g, hv] = [x.slice(), x.slice()];
      hash.update(String(objective.gradient(x, g)));
      objective.hessianVector(
        x,
        x.map((value) => 1 - value),
        hv,
      );
      for (const vector of [g, hv, objective.outputs(x)]) {
        hash.update(new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength));
      }
    }
    expect(hash.digest("hex")).toBe(FINGERPRINTS[precision]);
  },
);
