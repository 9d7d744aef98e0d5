import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { parquetWriteBuffer } from "hyparquet-writer";
import { describe, expect, it } from "vitest";
import { MarinaError } from "../../base/errors.ts";
import { importLibsvm, importRows } from "../import.ts";
import type { Manifest } from "../manifest.ts";
import { memoryStore } from "../testing/memory-store.ts";
import { CsvSource } from "./csv-source.ts";
import { ParquetSource } from "./parquet-source.ts";
import type { RowSource } from "./row-source.ts";

async function* chunksOf(bytes: Uint8Array, size = 7): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size);
}

const bytesOf = (text: string) => new TextEncoder().encode(text);
const csv = (contents: string | Uint8Array, labelColumn = "y") =>
  new CsvSource(chunksOf(typeof contents === "string" ? bytesOf(contents) : contents), {
    name: "t.csv",
    labelColumn,
  });
const parquet = (file: ArrayBuffer, labelColumn = "y") =>
  new ParquetSource(file, { name: "t.parquet", labelColumn });

async function stored(
  source: RowSource,
  dimension?: number,
): Promise<{ manifest: Manifest; body: Uint8Array }> {
  const objects = memoryStore();
  const limit = dimension === undefined ? {} : { dimension };
  const manifest = await importRows(source, {
    name: "t",
    sourceName: "t",
    labels: "real",
    objects,
    ...limit,
  });
  return { manifest, body: (await objects.get(manifest.object.key)).body };
}

async function failureOf(source: RowSource, dimension?: number): Promise<string> {
  try {
    await stored(source, dimension);
  } catch (error) {
    if (!(error instanceof MarinaError)) throw error;
    return `${error.code}: ${error.message}`;
  }
  return "none";
}

/** The same rows by the LIBSVM parser. */
async function fromLibsvm(text: string, dimension: number): Promise<Uint8Array> {
  const objects = memoryStore();
  const options = { name: "t", sourceName: "t", labels: "real", objects, dimension } as const;
  const { object } = await importLibsvm(chunksOf(bytesOf(text)), options);
  return (await objects.get(object.key)).body;
}

const table = 'a,b,y,c\r\n1,0,-1,2.5\r\n\r\n"-0",.5,3e2,+1\r\n0,0,7,0\r\n';
const sameRows = "-1 1:1 3:2.5\n300 2:0.5 3:1\n7\n";

describe("CSV", () => {
  it("is stored as the same rows in LIBSVM text are: features in file order, without zeros", async () => {
    const { manifest, body } = await stored(csv(table));
    expect(Buffer.from(body)).toEqual(Buffer.from(await fromLibsvm(sameRows, 3)));
    expect(manifest).toMatchObject({
      rows: 3,
      dimension: 3,
      nonZeros: 4,
      labels: { kind: "real", min: -1, max: 300 },
    });
    expect(manifest.source).toMatchObject({
      bytes: table.length,
      sha256: createHash("sha256").update(table).digest("hex"),
    });
  });

  it("comes compressed, with a byte order mark, and with a label first or last", async () => {
    const { body } = await stored(csv(table));
    for (const other of [
      gzipSync(bytesOf(table)),
      `\uFEFF${table}`,
      "y,a,b,c\n-1,1,0,2.5\n300,0,0.5,1\n7,0,0,0\n",
      "a, b, c, y\n1, 0, 2.5, -1\n0, 0.5, 1, 300\n0, 0, 0, 7",
    ]) {
      expect(Buffer.from((await stored(csv(other))).body)).toEqual(Buffer.from(body));
    }
  });

  it("keeps the number of columns as dimension, also when the last ones are all zero, and takes a larger one", async () => {
    expect((await stored(csv("y,a,b,c\n1,1,0,0\n"))).manifest.dimension).toBe(3);
    expect((await stored(csv("y,a\n1,1\n"), 9)).manifest.dimension).toBe(9);
  });

  it.each([
    [
      "text",
      "a,y\n1,2\nred,1\n",
      /^data: t.csv: line 3, column "a": expected a finite decimal number, got "red"/,
    ],
    ["a missing cell", "a,y\n,2\n", /line 2, column "a": .* got nothing/],
    ["a NaN", "a,y\n1,nan\n", /line 2, column "y": .* got "nan"/],
    ["a number beyond 64-bit floats", "a,y\n1e999,1\n", /line 2, column "a"/],
    ["a hexadecimal number", "a,y\n0x10,1\n", /got "0x10"/],
    ["a short line", "a,b,y\n1,2,3\n1,2\n", /^data: t.csv: expected CSV .* on line 3/],
    ["an open quote", 'a,y\n"1,2\n', /^data: t.csv: expected CSV/],
    [
      "no label column",
      "a,b\n1,2\n",
      /^usage: t.csv: line 1: expected one column named "y" .* among "a", "b"/,
    ],
    ["two label columns", "y,y\n1,2\n", /^usage: .* expected one column named "y"/],
    ["nothing but labels", "y\n1\n", /^data: .* at least one column beside the labels/],
    ["a header only", "a,y\n", /^data: t: expected rows, got none/],
    ["nothing", "", /^data: t: expected rows, got none/],
  ])("refuses %s and says where", async (_what, text, message) => {
    expect(await failureOf(csv(text))).toMatch(message);
  });

  it("refuses a dimension below its number of columns", async () => {
    expect(await failureOf(csv(table), 2)).toMatch(/^usage: dimension: expected at least 3/);
  });

  it("gives the same rows when they come in many batches", async () => {
    const rows = Array.from({ length: 3000 }, (_, l) =>
      Array.from({ length: 120 }, (_, j) => ((l * j) % 7) - 3),
    );
    const text = [["y", ...rows[0]!.map((_, j) => `f${j}`)], ...rows.map((row, l) => [l % 2, ...row])]
      .map((r) => r.join(","))
      .join("\n");
    const lines = rows.map((row, l) =>
      [l % 2, ...row.flatMap((a, j) => (a === 0 ? [] : [`${j + 1}:${a}`]))].join(" "),
    );
    expect(Buffer.compare((await stored(csv(text))).body, await fromLibsvm(lines.join("\n"), 120))).toBe(0);
  });
});

describe("Parquet", () => {
  it("is stored as the same rows in LIBSVM text are, over several row groups and types", async () => {
    const file = parquetWriteBuffer({
      columnData: [
        { name: "a", data: [true, false, false], type: "BOOLEAN" },
        { name: "b", data: [0, 0.5, 0], type: "FLOAT" },
        { name: "y", data: [-1n, 300n, 7n], type: "INT64" },
        { name: "c", data: [2.5, 1, 0], type: "DOUBLE" },
      ],
      rowGroupSize: 2,
    });
    const { manifest, body } = await stored(parquet(file));
    expect(Buffer.from(body)).toEqual(Buffer.from(await fromLibsvm(sameRows, 3)));
    expect(manifest.dimension).toBe(3);
    expect(manifest.source).toMatchObject({
      bytes: file.byteLength,
      sha256: createHash("sha256").update(new Uint8Array(file)).digest("hex"),
    });
  });

  it.each([
    [
      "a null",
      [{ name: "a", data: [1, null], type: "DOUBLE" }],
      /^data: t.parquet: row 2, column "a": .* got null/,
    ],
    ["a NaN", [{ name: "a", data: [1, Number.NaN], type: "DOUBLE" }], /row 2, column "a": .* got NaN/],
    ["an integer beyond 2^53", [{ name: "a", data: [1n, 2n ** 60n], type: "INT64" }], /row 2, column "a"/],
    [
      "text",
      [{ name: "a", data: ["x", "y"], type: "STRING" }],
      /^data: t.parquet: column "a": expected a flat column .* BYTE_ARRAY/,
    ],
    [
      "a time",
      [{ name: "a", data: [new Date(0), new Date(1)], type: "TIMESTAMP" }],
      /column "a": expected a flat column/,
    ],
  ] as const)("refuses %s and says where", async (_what, columns, message) => {
    const label = { name: "y", data: [1, 2], type: "DOUBLE" } as const;
    const columnData = [...columns, label].map((column) => ({ ...column, data: [...column.data] }));
    expect(await failureOf(parquet(parquetWriteBuffer({ columnData })))).toMatch(message);
  });

  it("refuses a missing label column, and a file that is none", async () => {
    const file = parquetWriteBuffer({ columnData: [{ name: "a", data: [1, 2], type: "DOUBLE" }] });
    expect(await failureOf(parquet(file))).toMatch(
      /^usage: t.parquet: expected one column named "y" .* among "a"/,
    );
    expect(await failureOf(parquet(bytesOf(table).buffer as ArrayBuffer))).toMatch(
      /^data: t.parquet: expected a Parquet file/,
    );
    expect(await failureOf(parquet(file.slice(0, 30)))).toMatch(/^data: t.parquet: expected a Parquet file/);
  });
});
