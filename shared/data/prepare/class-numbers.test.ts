import { parquetWriteBuffer } from "hyparquet-writer";
import { describe, expect, it } from "vitest";
import { ClassWords } from "../formats/class-words.ts";
import { CsvSource } from "../formats/csv-source.ts";
import { LibsvmSource } from "../formats/libsvm-source.ts";
import { ParquetSource } from "../formats/parquet-source.ts";
import type { RowSource } from "../formats/row-source.ts";
import { importRows } from "../import.ts";
import type { Manifest, Reading } from "../manifest.ts";
import { openDenseRows } from "../rows/dense-rows.ts";
import { memoryStore } from "../testing/memory-store.ts";

async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(text);
}

function csv(labels: readonly string[]): RowSource {
  const classes = new ClassWords(true);
  classes.setKind("words", "");
  const rows = labels.map((label, l) => `${l + 1},"${label}"\n`).join("");
  return new CsvSource(once(`a,y\n${rows}`), { name: "t.csv", labelColumn: "y", classes });
}

function parquet(data: readonly string[] | readonly number[]): RowSource {
  const type = typeof data[0] === "string" ? "STRING" : "DOUBLE";
  const columnData = [
    { name: "a", data: data.map((_, l) => l + 1), type: "DOUBLE" as const },
    { name: "y", data: [...data], type: type as "STRING" | "DOUBLE" },
  ];
  const file = parquetWriteBuffer({ columnData });
  return new ParquetSource(file, { name: "t.parquet", labelColumn: "y", classes: new ClassWords(true) });
}

async function stored(
  source: RowSource,
  reading?: Partial<Reading>,
): Promise<{ manifest: Manifest; y: number[]; x: number[] }> {
  const objects = memoryStore();
  const manifest = await importRows(source, {
    ...{ name: "t", sourceName: "t", labels: "classes", objects },
    reading: { format: "libsvm", ...reading } as Reading,
  });
  const { body } = await objects.get(manifest.object.key);
  const rows = openDenseRows(manifest, 0, manifest.rows, body, { start: 0, end: body.length });
  return { manifest, y: Array.from(rows.labels!), x: Array.from(rows.values) };
}

describe("classes", () => {
  it("are numbered by value where all labels are numbers, however they are written", async () => {
    const { manifest, y } = await stored(csv(["10", "2", "-1", "2.0", "1e1"]));
    expect(manifest.labels).toEqual({ kind: "classes", names: ["-1", "2", "10"], counts: [1, 2, 2] });
    expect(y).toEqual([2, 1, 0, 1, 2]);
  });

  it("are numbered by code points where one is none, and keep their spelling", async () => {
    const { manifest, y } = await stored(csv(["10", "2", "2a", "02", "\u{1F600}", "\uFF5E", "True"]));
    expect(manifest.labels).toMatchObject({ names: ["02", "10", "2", "2a", "True", "\uFF5E", "\u{1F600}"] });
    expect(y).toEqual([1, 2, 3, 0, 6, 5, 4]);
  });

  it("are the same from every format, in any order of the rows", async () => {
    const expected = { kind: "classes", names: ["1", "2", "7"], counts: [1, 2, 1] };
    const libsvm = new LibsvmSource(once("2 1:1\n7 1:2\n2 1:3\n1 1:4\n"), { name: "t" });
    const sources = [csv(["2", "7", "2", "1"]), parquet([2, 7, 2, 1]), parquet(["2", "7", "2", "1"]), libsvm];
    for (const source of sources) {
      const { manifest, y } = await stored(source);
      expect(manifest.labels).toEqual(expected);
      expect(y).toEqual([1, 2, 1, 0]);
    }
  });

  it("are what rows are sorted and dealt out by", async () => {
    const labels = ["b", "c", "a", "b", "a", "c"];
    const sorted = await stored(csv(labels), { order: { by: "label" } });
    expect(sorted.y).toEqual([0, 0, 1, 1, 2, 2]);
    expect(sorted.x).toEqual([3, 5, 1, 4, 2, 6]);
    const dealt = await stored(csv(labels), { order: { by: "dirichlet", alpha: 1e-6, clients: 3, seed: 1 } });
    expect(dealt.y.map((y, l) => labels[dealt.x[l]! - 1] === "abc"[y])).toEqual(Array(6).fill(true));
  });

  it("keep the standardised features and the constant one", async () => {
    const { x, y } = await stored(csv(["u", "v", "u"]), { scaling: "standardize", intercept: true });
    const deviation = Math.sqrt(2 / 3);
    expect(x).toEqual([-1 / deviation, 1, 0, 1, 1 / deviation, 1]);
    expect(y).toEqual([0, 1, 0]);
  });

  it("are two at least and 10,000 at most", async () => {
    await expect(stored(csv(["a", "a"]))).rejects.toThrow(/at least two classes .*got "a"/);
    const many = Array.from({ length: 10_001 }, (_, l) => `${l} 1:1\n`).join("");
    await expect(stored(new LibsvmSource(once(many), { name: "t" }))).rejects.toThrow(
      /at most 10000 classes .*--labels real/,
    );
  });
});

describe("images", () => {
  const rows = "0,16,4,1\n8,8,8,2\n16,0,0,1\n";
  const table = () => {
    const classes = new ClassWords(true);
    classes.setKind("words", "");
    return new CsvSource(once(rows), { name: "t.csv", labelColumn: "4", header: false, classes });
  };

  it("that are standardised are stored as numbers, of the values divided", async () => {
    const { manifest, x } = await stored(table(), { shape: [3, 1], divide: 16, scaling: "max-abs" });
    expect(manifest.dense).toEqual({ shape: [3, 1], scale: 1, offset: 0 });
    expect(manifest.features?.scales).toEqual([1, 1, 0.5]);
    expect(x).toEqual([0, 1, 0.5, 0.5, 0.5, 1, 1, 0, 0]);
  });

  it("are refused where their shape has another size than the rows", async () => {
    await expect(stored(table(), { format: "csv", shape: [2, 2] })).rejects.toThrow(
      /--shape 2,2: expected a shape of 3 entries.*got 4/,
    );
    const libsvm = new LibsvmSource(once("1 1:1 5:1\n2 1:1\n"), { name: "t" });
    await expect(stored(libsvm, { shape: [2, 2] })).rejects.toThrow(
      /expected indices up to 4 \(2 x 2\), got 5/,
    );
  });
});
