import { describe, expect, it } from "vitest";
import { ClassWords } from "../formats/class-words.ts";
import { CsvSource } from "../formats/csv-source.ts";
import { LibsvmSource } from "../formats/libsvm-source.ts";
import { ParquetSource } from "../formats/parquet-source.ts";
import type { RowSource } from "../formats/row-source.ts";
import { importRows } from "../import.ts";
import { encodeManifest, type LabelKind, type Manifest, parseManifest, type Reading } from "../manifest.ts";
import { openShard } from "../rows/shard.ts";
import { memoryStore } from "../testing/memory-store.ts";
import { lists } from "../testing/parquet-lists.ts";

async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(text);
}

interface Outcome {
  readonly manifest: Manifest;
  /** Dense, with the label first. */
  readonly rows: readonly (readonly number[])[];
  readonly notices: readonly string[];
}

async function stored(
  source: RowSource,
  reading: Reading,
  labels: LabelKind = "real",
  dimension?: number,
): Promise<Outcome> {
  const objects = memoryStore();
  const notices: string[] = [];
  const manifest = await importRows(source, {
    name: "t",
    sourceName: "t",
    labels,
    objects,
    reading,
    onNotice: (notice) => notices.push(notice),
    ...(dimension === undefined ? {} : { dimension }),
  });
  expect(parseManifest(encodeManifest(manifest), "m")).toEqual(manifest);
  const { body } = await objects.get(manifest.object.key);
  const shard = openShard(manifest, 0, manifest.rows, body, { start: 0, end: body.length });
  const rows = Array.from(shard.labels, (label, l) => {
    const row = Array.from({ length: manifest.featureCount + 1 }, () => 0);
    row[0] = label;
    for (let at = shard.offsets[l]!; at < shard.offsets[l + 1]!; at++) {
      row[shard.indices[at]! + 1] = shard.values?.[at] ?? 1;
    }
    return row;
  });
  return { manifest, rows, notices };
}

type CsvReading = Omit<Reading & { format: "csv" | "parquet" }, "format" | "labelColumn">;

const csv = (text: string, reading: CsvReading, labels: LabelKind = "real", dimension?: number) => {
  const { missing } = reading;
  const classes = labels === "binary" ? { classes: new ClassWords(reading.positive !== undefined) } : {};
  const how = { labelColumn: "y", ...(missing === undefined ? {} : { missing }), ...classes };
  const source = new CsvSource(once(text), { name: "t", ...how });
  return stored(source, { format: "csv", labelColumn: "y", ...reading }, labels, dimension);
};

const libsvm = (
  text: string,
  reading: Omit<Reading & { format: "libsvm" }, "format">,
  labels: LabelKind = "real",
  dimension?: number,
) => {
  const limit = dimension === undefined ? {} : { dimension };
  const source = new LibsvmSource(once(text), { name: "t", ...limit });
  return stored(source, { format: "libsvm", ...reading }, labels, dimension);
};

describe("missing cells filled with means", () => {
  it("take the mean of the cells that are there, zeros included; every column's is kept", async () => {
    const { rows, manifest, notices } = await csv("a,y,b\n1,1,0\n,2,6\nNA,3,\n5,4,0\n", { missing: "mean" });
    expect(rows).toEqual([
      [1, 1, 0],
      [2, 3, 6],
      [3, 3, 2],
      [4, 5, 0],
    ]);
    expect(manifest.features).toEqual({ names: ["a", "b"], means: [3, 2] });
    expect(notices).toEqual(['filled 3 missing cells with means of their columns (by column: "a" 2, "b" 1)']);
  });

  it("are nulls of Parquet and of its lists too", async () => {
    const source = new ParquetSource(lists, { name: "t", labelColumn: "y", missing: "mean" });
    const { rows, manifest } = await stored(source, { format: "parquet", labelColumn: "y", missing: "mean" });
    // The mean of 2.5 and 1.
    expect(rows[2]).toEqual([7, 9, 0, 0, 1.75, 5, 6]);
    expect(manifest.features!.names).toEqual(["id", "x[0]", "x[1]", "x[2]", "f[0]", "f[1]"]);
  });

  it("are refused as labels, and where a column holds nothing else", async () => {
    await expect(csv("a,y\n1,\n", { missing: "mean" })).rejects.toThrow(
      /^t: line 2, column "y": the label is missing, .* drop-rows/,
    );
    await expect(csv("a,b,y\n1,,1\n2,,2\n", { missing: "mean" })).rejects.toThrow(
      /^t: column "b": expected numbers, every cell is missing: .*--drop/,
    );
  });
});

describe("features scaled", () => {
  const columns = [
    [1, 2, 3, 4, 0],
    [1e9, 1e9 + 1, 1e9, 1e9 + 1, 1e9],
    [0.1, 0.1, 0.1, 0.1, 0.1],
    [0, 0, -8, 0, 2],
    [0, 0, 0, 0, 0],
  ];
  const text = `a,b,c,d,e,y\n${columns[0]!.map((_, l) => [...columns.map((column) => column[l]), l].join()).join("\n")}\n`;

  it("to mean 0 and deviation 1, a column of one value to 0, with what does it again", async () => {
    const { rows, manifest } = await csv(text, { scaling: "standardize" });
    const { offsets, scales } = manifest.features!;
    for (const [j, column] of columns.entries()) {
      const mean = column.reduce((sum, x) => sum + x, 0) / column.length;
      const deviation = Math.sqrt(column.reduce((sum, x) => sum + (x - mean) ** 2, 0) / column.length);
      for (const [l, x] of column.entries()) {
        const expected = new Set(column).size === 1 ? 0 : (x - mean) / deviation;
        expect(rows[l]![j + 1]).toBeCloseTo(expected, 6);
        expect(rows[l]![j + 1]).toBe((x - offsets![j]!) / scales![j]!);
      }
    }
    // Not what is left of the last bits of a sum.
    expect(rows.map((row) => row[3])).toEqual([0, 0, 0, 0, 0]);
  });

  it("counts filled cells as their mean", async () => {
    const { rows } = await csv("a,y\n1,1\n,2\n3,3\n", { missing: "mean", scaling: "standardize" });
    const deviation = Math.sqrt(2 / 3);
    expect(rows.map((row) => row[1])).toEqual([-1 / deviation, 0, 1 / deviation]);
  });

  it("by their largest size, which keeps zeros zero", async () => {
    const { rows, manifest } = await libsvm("1 1:4 3:-2\n2 3:1\n3\n4 1:1\n", { scaling: "max-abs" });
    expect(rows).toEqual([
      [1, 1, 0, -1],
      [2, 0, 0, 0.5],
      [3, 0, 0, 0],
      [4, 0.25, 0, 0],
    ]);
    expect(manifest.nonZeros).toBe(4);
    expect(manifest.features).toEqual({ scales: [4, 1, 2] });
  });

  it("says when nearly all that is stored was 0", async () => {
    const { notices } = await libsvm("1 10:1\n2 9:1\n", { scaling: "standardize" });
    expect(notices).toEqual([
      expect.stringMatching(/^standardised: 20 cells .* 2 were not 0; --scale keeps zeros/),
    ]);
  });

  it("is refused where squares overflow, and for more features than a manifest can keep", async () => {
    await expect(csv("a,y\n1e200,1\n-1e200,2\n", { scaling: "standardize" })).rejects.toThrow(
      /column "a": the numbers are too large/,
    );
    // Divided by its size it is none.
    expect((await csv("a,y\n1e200,1\n-1e200,2\n", { scaling: "max-abs" })).rows).toEqual([
      [1, 1],
      [2, -1],
    ]);
    await expect(libsvm("1 1:1\n2 70000:1\n", { scaling: "max-abs" })).rejects.toThrow(
      /^t: line 2: expected at most 65536 features .* got index 70000/,
    );
    await expect(libsvm("1 1:1\n", { scaling: "max-abs" }, "real", 70_000)).rejects.toThrow(/got 70000$/);
  });
});

describe("a constant feature", () => {
  it("is the last one, 1 in every row, whatever is done to the others and in whatever order", async () => {
    const plain = await libsvm("1 1:3\n2\n3 2:5\n", { intercept: true });
    expect(plain.rows).toEqual([
      [1, 3, 0, 1],
      [2, 0, 0, 1],
      [3, 0, 5, 1],
    ]);
    const order = { by: "shuffle", seed: 4 } as const;
    const text = `a,b,y\n${Array.from({ length: 50 }, (_, l) => `${l},${l * l},${l}`).join("\n")}\n`;
    const inOrder = await csv(text, { intercept: true, scaling: "standardize" });
    const mixed = await csv(text, { intercept: true, scaling: "standardize", order });
    expect(mixed.rows).not.toEqual(inOrder.rows);
    expect([...mixed.rows].sort((a, b) => a[0]! - b[0]!)).toEqual(inOrder.rows);
    expect(mixed.manifest.features).toEqual(inOrder.manifest.features);
    expect(mixed.manifest.features!.names).toEqual(["a", "b", "(intercept)"]);
  });

  it("comes after a dimension that is given", async () => {
    const { rows, manifest } = await libsvm("1 1:3\n2\n", { intercept: true }, "real", 3);
    expect(manifest.featureCount).toBe(4);
    expect(rows).toEqual([
      [1, 3, 0, 0, 1],
      [2, 0, 0, 0, 1],
    ]);
    expect((await csv("a,y\n2,1\n", { intercept: true }, "real", 2)).rows).toEqual([[1, 2, 0, 1]]);
    await expect(csv("a,b,y\n1,2,3\n", { intercept: true }, "real", 1)).rejects.toThrow(
      /dimension: expected at least 2/,
    );
    const order = { by: "label" } as const;
    expect((await csv("a,y\n2,1\n", { order }, "real", 3)).manifest.featureCount).toBe(3);
  });
});

describe("one class against the others", () => {
  const text = "a,y\n1,setosa\n2,virginica\n3,versicolor\n4,virginica\n";

  it("is +1 where its label is the one that was asked for, of words and of numbers", async () => {
    const words = await csv(text, { positive: "virginica" }, "binary");
    expect(words.rows.map(([label]) => label)).toEqual([-1, 1, -1, 1]);
    expect(words.manifest.labels).toEqual({
      kind: "binary",
      negative: -1,
      positive: 1,
      negatives: 2,
      positives: 2,
      words: { negative: "not virginica", positive: "virginica" },
    });
    const numbers = await libsvm("3 1:1\n1 1:2\n2 1:3\n1 1:4\n", { positive: "1" }, "binary");
    expect(numbers.rows.map(([label]) => label)).toEqual([-1, 1, -1, 1]);
    expect(numbers.manifest.labels).toMatchObject({ words: { positive: "1", negative: "not 1" } });
  });

  it("of two is either of them", async () => {
    const benign = await csv("a,y\n1,M\n2,B\n3,B\n", { positive: "B" }, "binary");
    expect(benign.rows.map(([label]) => label)).toEqual([-1, 1, 1]);
    expect(benign.manifest.labels).toMatchObject({ words: { positive: "B", negative: "M" } });
  });

  it("is refused where no row has it, with the labels that there are; without it several are, with the option", async () => {
    await expect(csv(text, { positive: "Setosa" }, "binary")).rejects.toThrow(
      /^t: expected rows with the label "Setosa" \(--positive\), got "setosa", "virginica", "versicolor"$/,
    );
    await expect(libsvm("1 1:1\n2 1:1\n", { positive: "x" }, "binary")).rejects.toThrow(/got "1", "2"$/);
    await expect(csv(text, {}, "binary")).rejects.toThrow(
      /line 4.* got "versicolor"; .*\(--positive LABEL\)/,
    );
  });
});

describe("a manifest's constants", () => {
  it("are refused where they are not one a feature", async () => {
    const { manifest } = await csv("a,y\n1,1\n3,2\n", { scaling: "max-abs", intercept: true });
    const wrong = { ...manifest, features: { ...manifest.features, scales: [1, 2] } };
    expect(() => parseManifest(encodeManifest(wrong), "m")).toThrow(
      /features.scales: expected 1 numbers, one a feature, got 2/,
    );
  });
});
