import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loadShipped } from "../../../data/testing/load.ts";
import type { Shard } from "../../problem.ts";
import type { LossKind } from "../losses.ts";
import type { RowPass } from "../row-pass.ts";
import { TypeScriptPass } from "../typescript-pass.ts";
import { WasmKernel, WasmPass } from "./wasm-pass.ts";

const kinds: readonly LossKind[] = ["nonconvex-binary", "logistic", "least-squares"];
const storages = ["ones", "float32", "float64"].flatMap((values) =>
  ["uint16", "uint32"].map((indices) => ({ values, indices })),
);
type Storage = (typeof storages)[number];
const kernel = new WasmKernel();

/** Everything a pass gives at two points. Other bits are other strings, but for NaN, whose bits say nothing. */
function outcome(pass: RowPass, x: Float64Array, w: Float64Array): string[] {
  const [alone, first, second] = [
    new Float64Array(x.length),
    new Float64Array(x.length),
    new Float64Array(x.length),
  ];
  // Sums of an earlier call must not shine through.
  first.fill(7);
  const losses = [pass.gradient(x, alone), pass.gradientPair(x, w, first, second)];
  return [losses, alone, first, second].map((values) => Array.from(values, bits).join());
}

function bits(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

function agrees(
  kind: LossKind,
  shard: Shard,
  x: Float64Array,
  w: Float64Array,
  on: WasmKernel = kernel,
): void {
  expect(outcome(new WasmPass(kind, shard, on), x, w)).toEqual(
    outcome(new TypeScriptPass(kind, shard), x, w),
  );
}

function shardOf(rows: readonly (readonly number[])[], labels: readonly number[], storage: Storage): Shard {
  const entries = rows.map((row) => row.flatMap((a, j) => (a === 0 ? [] : [{ j, a }])));
  const flat = entries.flat();
  let offset = 9; // a shard in the middle of a data set
  const offsets = [offset, ...entries.map((row) => (offset += row.length))];
  const indices = flat.map(({ j }) => j);
  const values = flat.map(({ a }) => a);
  return {
    rows: rows.length,
    features: rows[0]!.length,
    offsets: Uint32Array.from(offsets),
    indices: storage.indices === "uint16" ? Uint16Array.from(indices) : Uint32Array.from(indices),
    values:
      storage.values === "ones"
        ? null
        : storage.values === "float32"
          ? Float32Array.from(values)
          : Float64Array.from(values),
    labels: Float64Array.from(labels),
  };
}

describe.each(["mushrooms", "a9a", "w8a"] as const)("on %s", (name) => {
  it.each(kinds)("%s has the bits of the TypeScript pass, with and without values", async (kind) => {
    const { shards, features } = await loadShipped(name, 3, "spread");
    const x = Float64Array.from({ length: features }, (_, j) => Math.sin(3 * j) / 2);
    const w = Float64Array.from({ length: features }, (_, j) => Math.cos(j * j) / 3);
    for (const shard of shards) {
      const fractions = Float64Array.from(shard.indices, (_, at) => Math.sin(at));
      agrees(kind, shard, x, w);
      agrees(kind, { ...shard, values: Float32Array.from(fractions) }, x, w);
      agrees(kind, { ...shard, values: fractions, indices: Uint32Array.from(shard.indices) }, x, w);
    }
  });
});

describe.each(kinds)("%s", (kind) => {
  /** Margins from 0 to far beyond where exp(-|t|) is subnormal and then zero. */
  const number = fc.oneof(
    fc.double({ min: -3, max: 3, noNaN: true }),
    fc.double({ min: -400, max: 400, noNaN: true }),
    fc.constantFrom(0, -0, 1, 1e-300, -1e-320, 745.2, -744.9, 708.4),
  );

  it("has the bits of the TypeScript pass on any rows, in every storage", () => {
    const cases = fc.integer({ min: 1, max: 9 }).chain((features) =>
      fc.record({
        storage: fc.constantFrom(...storages),
        full: fc.boolean(),
        x: fc.array(number, { minLength: features, maxLength: features }),
        w: fc.array(number, { minLength: features, maxLength: features }),
        rows: fc.array(
          fc.record({
            label: fc.constantFrom(1, -1, 0.25, -3),
            entries: fc.array(number, { minLength: features, maxLength: features }),
          }),
          { minLength: 1, maxLength: 13 },
        ),
      }),
    );
    fc.assert(
      fc.property(cases, ({ storage, full, x, w, rows }) => {
        // Full rows are the dense products' case.
        const matrix = rows.map(({ entries }) => entries.map((a) => (full && a === 0 ? 0.5 : a)));
        const shard = shardOf(
          matrix,
          rows.map(({ label }) => label),
          storage,
        );
        agrees(kind, shard, Float64Array.from(x), Float64Array.from(w));
      }),
      { numRuns: 300 },
    );
  });

  it("has them where blocks of rows end, sparse and dense", () => {
    for (const rows of [255, 256, 257, 511, 514]) {
      const matrix = Array.from({ length: rows }, (_, l) =>
        Array.from({ length: 5 }, (_, j) => Math.sin(1 + 5 * l + j)),
      );
      const thin = matrix.map((row, l) => row.map((a, j) => ((l * (j + 2)) % 3 === 0 ? 0 : a)));
      const labels = matrix.map((_, l) => (l % 3 === 0 ? 1 : -1));
      const x = Float64Array.of(1, -0.5, 0.3, 2, -1);
      for (const storage of storages) {
        agrees(kind, shardOf(matrix, labels, storage), x, x.map(Math.sqrt));
        agrees(kind, shardOf(thin, labels, storage), x, x.map(Math.fround));
      }
    }
  });

  it("gives non-finite results where the TypeScript pass does", () => {
    const matrix = Array.from({ length: 7 }, (_, l) => Array.from({ length: 3 }, (_, j) => 1 + l + j));
    const labels = [1, -1, 1, 1, -1, -1, 1];
    for (const value of [Number.NaN, Infinity, -Infinity, 1e308]) {
      agrees(
        kind,
        shardOf(matrix, labels, storages[5]!),
        Float64Array.of(1, value, -1),
        Float64Array.of(value, 1, 1),
      );
    }
  });

  it("has them when shards push one another out of a memory that holds only one, and the features become more", () => {
    const small = new WasmKernel(64 * 1024);
    const shards = [40, 41, 300].map((features) =>
      shardOf(
        Array.from({ length: 64 }, (_, l) => Array.from({ length: features }, (_, j) => Math.sin(l + j * j))),
        Array.from({ length: 64 }, (_, l) => (l % 2 === 0 ? 1 : -1)),
        { values: features === 300 ? "ones" : "float64", indices: "uint16" },
      ),
    );
    expect(shards.map((shard) => small.fits(shard))).toEqual([true, true, true]);
    const passes = shards.map((shard) => new WasmPass(kind, shard, small));
    const generations = new Set<number>();
    for (const i of [0, 1, 0, 2, 1, 2, 0]) {
      const shard = shards[i]!;
      const x = Float64Array.from({ length: shard.features }, (_, j) => Math.cos(j) / 9);
      expect(outcome(passes[i]!, x, x)).toEqual(outcome(new TypeScriptPass(kind, shard), x, x));
      generations.add(small.arena.generation);
    }
    expect(generations.size).toBeGreaterThan(3);
    expect(small.arena.buffer.byteLength).toBeLessThanOrEqual(64 * 1024);
  });
});

it("does not fit a shard larger than the memory", () => {
  const shard = shardOf(
    Array.from({ length: 1000 }, () => [1, 1, 1, 1]),
    new Array(1000).fill(1),
    storages[0]!,
  );
  expect(new WasmKernel(16 * 1024).fits(shard)).toBe(false);
  expect(new WasmKernel(64 * 1024).fits(shard)).toBe(true);
});
