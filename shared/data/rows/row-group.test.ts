import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MarinaError } from "../../base/errors.ts";
import type { RowBatch } from "./row-batch.ts";
import { encodeRowGroup, openRowGroup, type RowGroupInput, rowGroupBytes } from "./row-group.ts";
import { RowGroupBuilder } from "./row-group-builder.ts";

function group(
  rows: readonly (readonly [label: number, entries: Readonly<Record<number, number>>])[],
): RowGroupInput {
  const entries = rows.map(([, row]) => Object.entries(row));
  let offset = 0;
  return {
    labels: Float64Array.from(rows, ([label]) => label),
    offsets: Uint32Array.from([0, ...entries.map((row) => (offset += row.length))]),
    indices: Uint32Array.from(entries.flat(), ([index]) => Number(index)),
    values: Float64Array.from(entries.flat(), ([, value]) => value),
  };
}

const sample = group([
  [1, { 0: 1, 2: 1 }],
  [-1, {}],
  [2.5, { 1: 1, 2: 1, 4: 1 }],
]);

function errorOf(run: () => unknown): MarinaError {
  try {
    run();
  } catch (error) {
    if (error instanceof MarinaError) return error;
    throw error;
  }
  throw new Error("expected an error, got none");
}

describe("a row group", () => {
  it("has the bytes that its format says", () => {
    const { bytes, ...shape } = encodeRowGroup(sample);
    expect(shape).toEqual({ rows: 3, nonZeros: 5, indexType: "uint16", valueType: "ones" });
    // 32 header, 3 labels, 4 offsets, 5 indices in 2 bytes and 6 bytes of zeros.
    expect(bytes.length).toBe(32 + 24 + 16 + 16);
    expect(rowGroupBytes(shape)).toBe(bytes.length);
    expect(new TextDecoder().decode(bytes.subarray(0, 8))).toBe("MARINARG");
    const view = new DataView(bytes.buffer);
    expect([8, 12, 16, 20, 24, 28].map((at) => view.getUint32(at, true))).toEqual([1, 3, 5, 2, 0, 0]);
    expect([32, 40, 48].map((at) => view.getFloat64(at, true))).toEqual([1, -1, 2.5]);
    expect([56, 60, 64, 68].map((at) => view.getUint32(at, true))).toEqual([0, 2, 2, 5]);
    expect([72, 74, 76, 78, 80].map((at) => view.getUint16(at, true))).toEqual([0, 2, 1, 2, 4]);
    expect(bytes.subarray(82)).toEqual(new Uint8Array(6));
  });

  it("takes the narrowest types that hold its numbers exactly", () => {
    const typesOf = (index: number, value: number) => {
      const { indexType, valueType } = encodeRowGroup(group([[0, { [index]: value }]]));
      return `${indexType} ${valueType}`;
    };
    expect(typesOf(65535, 1)).toBe("uint16 ones");
    expect(typesOf(65536, 1)).toBe("uint32 ones");
    expect(typesOf(0, 0.5)).toBe("uint16 float32");
    expect(typesOf(0, -0)).toBe("uint16 float32");
    expect(typesOf(0, 0.1)).toBe("uint16 float64");
    expect(typesOf(0, 1e300)).toBe("uint16 float64");
    expect(typesOf(4294967292, 1 / 3)).toBe("uint32 float64");
  });

  // Thirty of the largest are within what a group may hold: (30 * 1e152)^2 is a float64.
  const value = fc.double({ noNaN: true, min: -1e76, max: 1e76 });
  const rows = fc.array(
    fc.tuple(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.dictionary(
        fc.oneof(fc.nat(20), fc.nat(100_000)).map(String),
        fc.oneof(fc.constant(1), fc.constant(0.5), value),
        { maxKeys: 5 },
      ),
    ),
    { minLength: 1, maxLength: 6 },
  );

  it("gives back every row exactly, as views when the bytes are aligned, from any alignment", () => {
    fc.assert(
      fc.property(rows, fc.nat(8), (input, shift) => {
        const source = group(input as unknown as Parameters<typeof group>[0]);
        const { bytes, ...shape } = encodeRowGroup(source);
        const moved = new Uint8Array(bytes.length + shift).subarray(shift);
        moved.set(bytes);
        const opened = openRowGroup(moved, shape, { features: 100_001 });
        expect(opened.labels).toEqual(source.labels);
        expect(opened.offsets).toEqual(source.offsets);
        expect(Array.from(opened.indices)).toEqual(Array.from(source.indices));
        expect(Array.from(opened.values ?? source.values!)).toEqual(Array.from(source.values!));
        expect(source.values!.every((value) => value === 1)).toBe(opened.values === null);
        expect(opened.labels.buffer === moved.buffer).toBe(shift % 8 === 0);
      }),
    );
  });

  it("with numbers too large to compute with, as older imports stored them, is refused by row, index and value", () => {
    const openedOf = (value: number, options: { count?: number; squaresLabels?: boolean } = {}) => {
      const { bytes, ...shape } = encodeRowGroup(
        group([
          [1e200, { 0: 1, 2: 3 }],
          [-1, { 1: 2, 7: value }],
        ]),
      );
      return openRowGroup(bytes, shape, {
        features: 8,
        source: "datasets/x/rows-1",
        firstRow: 40,
        ...options,
      });
    };
    for (const value of [1.79769313486e308, -1e200]) {
      expect(errorOf(() => openedOf(value)).message).toBe(
        `datasets/x/rows-1: row 41, index 8: ${value} is too large, its square is beyond a float64: leave it out if it marks a missing value, or scale the data`,
      );
    }
    expect(errorOf(() => openedOf(1e100)).message).toContain("the square of its square is beyond a float64");
    expect(errorOf(() => openedOf(1e100)).code).toBe("data");
    // 1e76^4 = 1e304 is a float64; and rows that are not asked for don't matter.
    expect(openedOf(1e76).rows).toBe(2);
    expect(openedOf(1e200, { count: 1 }).rows).toBe(2);
    expect(errorOf(() => openedOf(1, { squaresLabels: true })).message).toContain("row 40, label: 1e+200 is");
  });

  /** The sample with one change, opened. */
  function opened(
    change: (view: DataView) => void,
    options: { first?: number; count?: number; features?: number } = {},
  ) {
    const { bytes, ...shape } = encodeRowGroup(sample);
    change(new DataView(bytes.buffer));
    return openRowGroup(bytes, shape, { features: 5, source: "datasets/x/rows-1", ...options });
  }

  it.each([
    ["its mark", (view: DataView) => view.setUint8(0, 0), /MARINARG/],
    ["another version", (view: DataView) => view.setUint32(8, 2, true), /expected format version 1, got 2/],
    [
      "another number of rows",
      (view: DataView) => view.setUint32(12, 2, true),
      /expected rows 3 in its header, got 2/,
    ],
    [
      "another value type",
      (view: DataView) => view.setUint32(24, 8, true),
      /bytes a value 0 in its header, got 8/,
    ],
    [
      "a NaN label",
      (view: DataView) => view.setFloat64(40, Number.NaN, true),
      /finite label of row 1, got NaN/,
    ],
    [
      "a first offset above 0",
      (view: DataView) => view.setUint32(56, 1, true),
      /offsets from 0 to 5, got from 1/,
    ],
    ["falling offsets", (view: DataView) => view.setUint32(64, 1, true), /offset 2 in 2 .. 5, got 1/],
    ["an offset out of bounds", (view: DataView) => view.setUint32(60, 6, true), /offset 1 in 0 .. 5, got 6/],
    ["a last offset out of bounds", (view: DataView) => view.setUint32(68, 6, true), /to 5, got from 0 to 6/],
    [
      "an index not below d",
      (view: DataView) => view.setUint16(80, 5, true),
      /indices of row 2 below 5, got 5/,
    ],
    ["equal indices", (view: DataView) => view.setUint16(78, 1, true), /row 2 to increase, got 1 after 1/],
  ] as const)("with %s is refused and says so", (_what, change, message) => {
    const error = errorOf(() => opened(change));
    expect(error.message).toMatch(message);
    expect(error.message).toContain("datasets/x/rows-1");
    expect(["corrupt", "version"]).toContain(error.code);
  });

  it("with a value that is not finite is refused and says which", () => {
    for (const value of [0.5, 0.1]) {
      const { bytes, ...shape } = encodeRowGroup(group([[0, { 0: 1, 1: value }]]));
      const width = shape.valueType === "float32" ? 4 : 8;
      const view = new DataView(bytes.buffer);
      // 32 header, 8 labels, 8 offsets, 4 + 4 indices.
      if (width === 4) view.setFloat32(56 + 4, Infinity, true);
      else view.setFloat64(56 + 8, Number.NaN, true);
      expect(errorOf(() => openRowGroup(bytes, shape, { features: 2 })).message).toMatch(
        /finite value at entry 1/,
      );
    }
  });

  it("of another length is refused", () => {
    const { bytes, ...shape } = encodeRowGroup(sample);
    expect(errorOf(() => openRowGroup(bytes.subarray(8), shape, { features: 5 })).message).toMatch(
      /88 bytes, got 80/,
    );
  });

  it("checks only the rows asked for", () => {
    const bad = (view: DataView) => view.setUint16(80, 5, true);
    expect(opened(bad, { first: 0, count: 2 }).rows).toBe(3);
    expect(() => opened(bad, { first: 2, count: 1 })).toThrow(MarinaError);
  });

  it("of arbitrary bytes is refused with a MarinaError, or obeys the format", () => {
    const { bytes, ...shape } = encodeRowGroup(
      group([
        [1, { 0: 0.5, 3: 2 }],
        [0, {}],
        [1, { 1: 3, 2: 4, 3: 5 }],
      ]),
    );
    const change = fc.tuple(fc.nat(bytes.length - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(change, { maxLength: 3 }), (changes) => {
        const copy = bytes.slice();
        for (const [at, byte] of changes) copy[at] = byte;
        try {
          const { offsets, indices, values, labels } = openRowGroup(copy, shape, { features: 4 });
          expect([...labels, ...values!].every(Number.isFinite)).toBe(true);
          for (let row = 0; row < 3; row++) {
            expect(offsets[row + 1]).toBeLessThanOrEqual(5);
            const own = Array.from(indices.subarray(offsets[row], offsets[row + 1]));
            expect(own).toEqual([...new Set(own)].sort((a, b) => a - b).filter((index) => index < 4));
          }
        } catch (error) {
          if (!(error instanceof MarinaError)) throw error;
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe("the builder of row groups", () => {
  function batch(
    rows: readonly (readonly [label: number, entries: Readonly<Record<number, number>>])[],
  ): RowBatch {
    const { values, ...arrays } = group(rows);
    const ones = values!.every((value) => value === 1);
    return {
      ...arrays,
      values: ones ? null : values,
      lines: Uint32Array.from(rows, (_, l) => l),
      firstLine: 1,
    };
  }

  it("closes a group by size and begins the next one empty", () => {
    const builder = new RowGroupBuilder(100);
    const rows = batch([0, 1, 2, 3].map((label) => [label, { 1: 1, 3: 0.5 }] as const));
    // 36 bytes a row in the widest types.
    expect(builder.addRows(rows, 0)).toBe(3);
    expect(builder.full).toBe(true);
    const { bytes, ...shape } = builder.take();
    expect(Array.from(openRowGroup(bytes, shape, { features: 4 }).indices)).toEqual([1, 3, 1, 3, 1, 3]);
    expect(builder.rows).toBe(0);
    expect(builder.addRows(batch([[7, { 1: 1 }]]), 0)).toBe(1);
    const next = builder.take();
    expect(next).toMatchObject({ rows: 1, nonZeros: 1, valueType: "ones" });
  });

  it("holds more rows and entries than it first has room for", () => {
    const builder = new RowGroupBuilder();
    const wide = Object.fromEntries(Array.from({ length: 40_000 }, (_, j) => [j, j]));
    builder.addRows(batch([[-1, wide]]), 0);
    builder.addRows(
      batch(
        Array.from({ length: 3000 }, (_, l) => [
          l,
          Object.fromEntries(Array.from({ length: l % 3 }, (_, j) => [j, j])),
        ]),
      ),
      0,
    );
    const { bytes, ...shape } = builder.take();
    const opened = openRowGroup(bytes, shape, { features: 40_000 });
    expect(opened.nonZeros).toBe(43_000);
    expect(Array.from(opened.labels.subarray(2998))).toEqual([2997, 2998, 2999]);
    expect(Array.from(opened.values!.subarray(39_999, 40_003))).toEqual([39_999, 0, 0, 1]);
  });

  it("takes batches of ones and batches with other values in any order", () => {
    const ones = [[1, { 0: 1, 2: 1 }]] as const;
    const others = [[2, { 1: 0.5, 2: 1 }]] as const;
    const builder = new RowGroupBuilder();
    const stored = (...batches: readonly (typeof ones | typeof others)[]) => {
      for (const rows of batches) builder.addRows(batch(rows), 0);
      const { bytes, ...shape } = builder.take();
      return { type: shape.valueType, values: openRowGroup(bytes, shape, { features: 3 }).values };
    };
    expect(stored(ones, others, ones)).toEqual({
      type: "float32",
      values: Float32Array.of(1, 1, 0.5, 1, 1, 1),
    });
    expect(stored(ones, ones)).toEqual({ type: "ones", values: null });
  });
});
