import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { describe, expect, it } from "vitest";
import { type RowBatch, RowBatchBuilder } from "../rows/row-batch.ts";
import { RowSpool } from "./row-spool.ts";

/** Row r has r % 5 entries r + j, all 1 or of value r + j / 4. */
function batchOf(first: number, rows: number): RowBatch {
  const builder = new RowBatchBuilder();
  let at = 0;
  for (let row = first; row < first + rows; row++) {
    for (let j = 0; j < row % 5; j++) {
      builder.indices[at] = row + j;
      if (first % 2 === 0) {
        builder.spellOut(at);
        builder.values[at] = row + j / 4;
      }
      at++;
    }
    builder.closeRow(-row, at, 2 * row + 1);
  }
  return builder.take();
}

const STARTS = [0, 101, 200, 301];
const ROWS = 340;

function filled(memoryBytes?: number): RowSpool {
  const spool = new RowSpool(memoryBytes);
  for (const [i, first] of STARTS.entries()) spool.add(batchOf(first, (STARTS[i + 1] ?? ROWS) - first));
  return spool;
}

function rowsOf(spool: RowSpool, order?: Uint32Array): unknown[] {
  return [...spool.batches(order)].flatMap(({ labels, offsets, indices, values, lines, firstLine }) =>
    Array.from(labels, (label, l) => {
      const [from, to] = [offsets[l]!, offsets[l + 1]!];
      const own = values === null ? Array(to - from).fill(1) : [...values.subarray(from, to)];
      return { label, indices: [...indices.subarray(from, to)], values: own, line: firstLine + lines[l]! };
    }),
  );
}

const row = (r: number) => {
  const ones = STARTS.findLast((first) => first <= r)! % 2 === 1;
  return {
    label: -r,
    indices: Array.from({ length: r % 5 }, (_, j) => r + j),
    values: Array.from({ length: r % 5 }, (_, j) => (ones ? 1 : r + j / 4)),
    line: 2 * r + 1,
  };
};

describe("rows that are put aside", () => {
  it.each([
    ["in memory", 2 ** 20],
    ["in a file", 0],
    ["in memory and then in a file", 3000],
  ] as const)("come back as they were, in any order: %s", (_where, bytes) => {
    const spool = filled(bytes);
    const numbers = Array.from({ length: ROWS }, (_, r) => r);
    expect(rowsOf(spool)).toEqual(numbers.map(row));
    const backwards = Uint32Array.from(numbers).reverse();
    expect(rowsOf(spool, backwards)).toEqual([...backwards].map(row));
    const jumping = Uint32Array.from(numbers, (r) => (r * 7) % ROWS);
    expect(rowsOf(spool, jumping)).toEqual([...jumping].map(row));
    spool.close();
  });

  it("leave nothing behind, even while they are read", () => {
    const before = new Set(readdirSync(tmpdir()));
    const spool = filled(0);
    const left = readdirSync(tmpdir()).filter(
      (name) => name.startsWith("marina-import-") && !before.has(name),
    );
    if (process.platform !== "win32") expect(left).toEqual([]);
    spool.close();
  });

  it("need a folder for temporary files, which the error names", () => {
    const old = process.env["TMPDIR"];
    process.env["TMPDIR"] = "/nowhere/at-all";
    try {
      expect(() => filled(0)).toThrow(
        expect.objectContaining({ code: "ENOENT", message: expect.stringContaining("/nowhere/at-all") }),
      );
    } finally {
      if (old === undefined) delete process.env["TMPDIR"];
      else process.env["TMPDIR"] = old;
    }
  });
});
