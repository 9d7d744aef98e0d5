import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { parquetWriteBuffer } from "hyparquet-writer";
import { describe, expect, it } from "vitest";
import { MarinaError } from "../../base/errors.ts";
import { importLibsvm, importRows } from "../import.ts";
import { encodeManifest, type Manifest, parseManifest } from "../manifest.ts";
import { openShard } from "../rows/shard.ts";
import { memoryStore } from "../testing/memory-store.ts";
import { ClassWords } from "./class-words.ts";
import { CsvSource, type CsvSourceOptions } from "./csv-source.ts";
import { ParquetSource, type ParquetSourceOptions } from "./parquet-source.ts";
import type { RowSource } from "./row-source.ts";

async function* chunksOf(bytes: Uint8Array, size = 7): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size);
}

const bytesOf = (text: string) => new TextEncoder().encode(text);
const csv = (contents: string | Uint8Array, options: Partial<CsvSourceOptions> = {}) =>
  new CsvSource(chunksOf(typeof contents === "string" ? bytesOf(contents) : contents), {
    name: "t.csv",
    labelColumn: "y",
    ...options,
  });
const parquet = (file: ArrayBuffer, options: Partial<ParquetSourceOptions> = {}) =>
  new ParquetSource(file, { name: "t.parquet", labelColumn: "y", ...options });

async function stored(
  source: RowSource,
  dimension?: number,
  labels: "real" | "binary" = "real",
): Promise<{ manifest: Manifest; body: Uint8Array }> {
  const objects = memoryStore();
  const limit = dimension === undefined ? {} : { dimension };
  const manifest = await importRows(source, {
    name: "t",
    sourceName: "t",
    labels,
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
      featureCount: 3,
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
    expect((await stored(csv("y,a,b,c\n1,1,0,0\n"))).manifest.featureCount).toBe(3);
    expect((await stored(csv("y,a\n1,1\n"), 9)).manifest.featureCount).toBe(9);
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
    ["a long line", "a,b,y\n1,2,3,4\n", /^data: t.csv: expected CSV with 3 cells .* got 4 on line 2/],
    [
      "an open quote",
      'a,y\n1,2\n3,"1\n5,6\n7,8\n',
      /^data: t.csv: the record that begins at line 3 has a quote that is never closed$/,
    ],
    ["other separators", "a;b;y\n0,5;1;1\n", /^usage: t.csv: line 1: .* got "a;b;y"; .* --separator ';'/],
    ["tabs", "a\tb\ty\n0.5\t1\t1\n", /^usage: .* --separator tab/],
    ["a decimal comma", 'a,y\n"0,5",1\n', /line 2, column "a": .* got "0,5"; .*--decimal-comma/],
    ["LIBSVM text", "1 1:0.5 3:2\n", /^usage: t.csv: line 1: .* looks like LIBSVM; give --format libsvm/],
    ["words for labels of regression", "a,y\n1,M\n", /column "y": .* got "M"/],
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

/** The rows as the stored form gives them: features by index from 1, then the label. */
async function rowsOf(source: RowSource): Promise<string[]> {
  const { manifest, body } = await stored(source);
  const shard = openShard(manifest, 0, manifest.rows, body, { start: 0, end: body.length });
  return Array.from(shard.labels, (label, row) => {
    const [from, to] = [shard.offsets[row]!, shard.offsets[row + 1]!];
    const entries = Array.from(
      shard.indices.subarray(from, to),
      (j, k) => `${j + 1}:${shard.values?.[from + k] ?? 1}`,
    );
    return [label, ...entries].join(" ");
  });
}

describe("a data frame saved with its index", () => {
  const want = ["1 1:1 2:2", "0 1:3 2:4"];

  it.each([
    ["pandas", ",a,b,y\n0,1,2,1\n1,3,4,0\n"],
    ["R, which counts from 1", '"","a","b","y"\n"1",1,2,1\n"2",3,4,0\n'],
    ["pandas, read back once", "Unnamed: 0,a,b,y\n0,1,2,1\n1,3,4,0\n"],
  ])("of %s is left out of CSV, which is said", async (_what, text) => {
    const source = csv(text);
    expect(await rowsOf(source)).toEqual(want);
    expect(source.columns).toBe(2);
    expect(source.notices).toHaveLength(1);
    expect(source.notices[0]).toMatch(/^left out .*: the index that a data frame was saved with$/);
  });

  it("is left out twice when it was saved twice", async () => {
    const source = csv(",Unnamed: 0,a,b,y\n0,0,1,2,1\n1,1,3,4,0\n");
    expect(await rowsOf(source)).toEqual(want);
    expect(source.notices[0]).toContain('the column without a name and column "Unnamed: 0"');
  });

  it("is refused when it does not number the rows, and then left out or kept as one says", async () => {
    const shuffled = ",a,b,y\n0,1,2,1\n7,3,4,0\n";
    expect(await failureOf(csv(shuffled))).toMatch(
      /^data: t.csv: line 3, the column without a name: expected 1, got "7": .* --drop ''; to keep it, give it a name/,
    );
    expect(await failureOf(csv(",a,b,y\nMazda,1,2,1\n"))).toMatch(/line 2, .* expected 0 or 1, got "Mazda"/);
    expect(await failureOf(csv(",a,b,y\n,1,2,1\n"))).toMatch(/line 2, .* expected 0 or 1, got nothing/);
    const dropped = csv(shuffled, { drop: [""] });
    expect(await rowsOf(dropped)).toEqual(want);
    expect(dropped.notices).toEqual([]);
    expect(await rowsOf(csv(shuffled, { columns: ["", "a"] }))).toEqual(["1 2:1", "0 1:7 2:3"]);
  });

  it("is a feature under a name of its own, which is said", async () => {
    const lines = Array.from({ length: 12 }, (_, l) => `${l + 1},${l % 3},${l % 2}`);
    const source = csv(`id,a,y\n${lines.join("\n")}\n`);
    await rowsOf(source);
    expect(source.notices).toEqual([
      "column \"id\" numbers the rows and is a feature; to leave it out, give --drop 'id'",
    ]);
    const other = csv(`id,a,y\n${lines.join("\n")}\n40,0,1\n`);
    await rowsOf(other);
    expect(other.notices).toEqual([]);
  });

  it("is left out of Parquet, where the footer names it or its name tells, whatever its type", async () => {
    const columns = [
      { name: "a", data: [1, 3], type: "DOUBLE" },
      { name: "b", data: [2, 4], type: "DOUBLE" },
      { name: "y", data: [1, 0], type: "DOUBLE" },
    ] as const;
    const columnData = columns.map((column) => ({ ...column, data: [...column.data] }));
    const level = { name: "__index_level_0__", data: [7n, 3n], type: "INT64" as const };
    const named = { name: "user", data: ["u1", "u2"], type: "STRING" as const };
    const range = { kind: "range", name: null, start: 0, stop: 2, step: 1 };
    const written = (extra: typeof level | typeof named, levels: unknown) =>
      parquetWriteBuffer({
        columnData: [extra, ...columnData],
        kvMetadata: [{ key: "pandas", value: JSON.stringify({ index_columns: levels }) }],
      });
    for (const file of [
      written(level, ["__index_level_0__"]),
      written(named, ["user"]),
      parquetWriteBuffer({ columnData: [level, ...columnData] }),
    ]) {
      const source = parquet(file);
      expect(await rowsOf(source)).toEqual(want);
      expect(source.notices[0]).toMatch(/^left out column "(user|__index_level_0__)": the index/);
    }
    const kept = parquet(written(level, [range]), { columns: ["__index_level_0__", "b"] });
    expect(await rowsOf(kept)).toEqual(["1 1:7 2:2", "0 1:3 2:4"]);
    expect(await rowsOf(parquet(written(named, [range]), { drop: ["user"] }))).toEqual(want);
    expect(await failureOf(parquet(written(named, [range])))).toMatch(
      /column "user": .* leave it out \(--drop 'user'\)/,
    );
  });
});

describe("columns by name", () => {
  const text = "a,b,y,c\n1,2,0,3\n4,5,1,6\n";
  const file = () =>
    parquetWriteBuffer({
      columnData: [
        { name: "a", data: [1, 4], type: "DOUBLE" },
        { name: "b", data: [2, 5], type: "DOUBLE" },
        { name: "y", data: [0, 1], type: "DOUBLE" },
        { name: "c", data: [3, 6], type: "DOUBLE" },
      ],
    });

  it.each([
    ["dropped", { drop: ["a", "c"] }, ["0 1:2", "1 1:5"]],
    ["chosen, in the file's order", { columns: ["c", "a"] }, ["0 1:1 2:3", "1 1:4 2:6"]],
    ["chosen together with the labels", { columns: ["y", "b"] }, ["0 1:2", "1 1:5"]],
  ] as const)("are %s, of CSV and Parquet alike", async (_what, options, rows) => {
    for (const source of [csv(text, options), parquet(file(), options)]) {
      expect(await rowsOf(source)).toEqual(rows);
      expect(source.columns).toBe(rows[0]!.split(" ").length - 1);
    }
  });

  it.each([
    [{ drop: ["d"] }, /^usage: .*expected a column named "d" \(--drop\) among "a", "b", "y", "c"/],
    [{ columns: ["d"] }, /^usage: .*expected one column named "d" \(--columns\)/],
    [{ drop: ["y"] }, /^usage: --drop: "y" is the column of labels/],
    [{ drop: ["a", "b", "c"] }, /^data: .*at least one column beside the labels "y" that is not dropped/],
    [{ drop: ["a"], columns: ["b"] }, /^usage: --drop and --columns: expected one of them/],
  ] as const)("are refused: %j", async (options, message) => {
    expect(await failureOf(csv(text, options))).toMatch(message);
    expect(await failureOf(parquet(file(), options))).toMatch(message);
  });

  it("may be doubled in CSV where nobody asks for them, and are refused in Parquet, which is read by name", async () => {
    expect(await rowsOf(csv("a,a,y\n1,2,0\n3,4,1\n"))).toEqual(["0 1:1 2:2", "1 1:3 2:4"]);
    expect(await rowsOf(csv("a,a,b,y\n1,2,9,0\n3,4,9,1\n", { drop: ["a"] }))).toEqual(["0 1:9", "1 1:9"]);
    expect(await failureOf(csv("a,a,y\n1,2,0\n", { columns: ["a"] }))).toMatch(
      /expected one column named "a"/,
    );
    const columnData = ["a", "a", "y"].map((name) => ({ name, data: [1, 2], type: "DOUBLE" as const }));
    expect(await failureOf(parquet(parquetWriteBuffer({ columnData })))).toMatch(
      /^data: t.parquet: .* several named "a"/,
    );
  });
});

describe("CSV without a header", () => {
  const text = "1,0.5,2\n0,1.5,3\n1,2.5,4\n";

  it("is refused, since its first line would be lost", async () => {
    for (const input of [text, "-1,NA,2e3\n", "1,,2\n", '"1","2"\n']) {
      expect(await failureOf(csv(input, { labelColumn: "1" }))).toMatch(
        /^usage: t.csv: line 1: .* looks like data: .*--no-header .*--header/,
      );
    }
    // Some words among the numbers: the label column is not found.
    expect(await failureOf(csv("5.1,3.5,setosa\n4.9,3.0,virginica\n", { labelColumn: "3" }))).toMatch(
      /^usage: .* among "5.1", "3.5", "setosa"; if the first line is data, give --no-header/,
    );
    const named = csv("5.1,3.5,setosa\n4.9,3.0,setosa\n", {
      labelColumn: "setosa",
      classes: new ClassWords(),
    });
    expect(await failureOf(named)).toMatch(/line 3|line 2, column "setosa": .* --no-header/);
  });

  it("is read with --no-header, columns by number from 1", async () => {
    const options = { header: false, labelColumn: "1" };
    expect(await rowsOf(csv(text, options))).toEqual(["1 1:0.5 2:2", "0 1:1.5 2:3", "1 1:2.5 2:4"]);
    expect(await rowsOf(csv(text, { ...options, drop: ["2"] }))).toEqual(["1 1:2", "0 1:3", "1 1:4"]);
    expect(await failureOf(csv(text, { ...options, labelColumn: "4" }))).toMatch(
      /named "4" .* among "1", "2", "3"/,
    );
  });

  it("is one with --header, whose names may be numbers", async () => {
    expect(await rowsOf(csv("0,1,2\n5,6,7\n", { header: true, labelColumn: "0" }))).toEqual(["5 1:6 2:7"]);
    expect(await rowsOf(csv("0,1,y\n5,6,7\n"))).toEqual(["7 1:5 2:6"]);
  });
});

describe("CSV of other habits", () => {
  it("has other separators and decimal commas", async () => {
    const rows = ["1 1:0.5 2:1", "0 1:0.25"];
    for (const [text, separator, decimalComma] of [
      ["a;b;y\n0,5;1;1\n0,25;0;0\n", ";", true],
      ["a\tb\ty\n0.5\t1\t1\n0.25\t0\t0\n", "\t", false],
      ["a|b|y\n,5|1,0|1\n0,25|0|0\n", "|", true],
    ] as const) {
      expect(await rowsOf(csv(text, { separator, decimalComma }))).toEqual(rows);
    }
    // A dot may separate thousands there.
    const dotted = csv("a;y\n1.234;1\n", { separator: ";", decimalComma: true });
    expect(await failureOf(dotted)).toMatch(/column "a": .* got "1.234"; --decimal-comma: a dot is none/);
    expect(await failureOf(csv("a\tb\ty\n1\t\t2\n", { separator: "\t" }))).toMatch(
      /line 2, column "b": .* got nothing/,
    );
  });

  it("has True and False", async () => {
    expect(await rowsOf(csv("a,b,y\nTrue,false,TRUE\nFalse,2,False\n"))).toEqual(["1 1:1", "0 2:2"]);
  });

  it("bounds a record whose quote is never closed, and names the line where it begins", async () => {
    async function* endless() {
      yield bytesOf('a,y\n1,2\n1,"2\n');
      const chunk = bytesOf("3,4\n".repeat(256 * 1024));
      for (let k = 0; k < 100; k++) yield chunk;
      throw new Error("read on and on");
    }
    const source = new CsvSource(endless(), { name: "t.csv", labelColumn: "y" });
    expect(await failureOf(source)).toMatch(
      /^data: t.csv: the record that begins at line 3 is longer than \d+ .* quote/,
    );
  }, 30_000);
});

describe("labels that are words", () => {
  it("become classes, the later word +1, whichever comes first", async () => {
    for (const [first, second] of [
      ["M", "B"],
      ["B", "M"],
    ] as const) {
      const source = csv(`a,y\n1,${first}\n2,${second}\n3,${second}\n`, { classes: new ClassWords() });
      const { manifest, body } = await stored(source, undefined, "binary");
      expect(manifest.labels).toMatchObject({ kind: "binary", words: { negative: "B", positive: "M" } });
      const shard = openShard(manifest, 0, 3, body, { start: 0, end: body.length });
      const sign = first === "M" ? 1 : -1;
      expect(Array.from(shard.labels)).toEqual([sign, -sign, -sign]);
      expect(parseManifest(encodeManifest(manifest), "m")).toEqual(manifest);
    }
  });

  it("come from Parquet too", async () => {
    const file = parquetWriteBuffer({
      columnData: [
        { name: "a", data: [1, 2], type: "DOUBLE" },
        { name: "y", data: ["yes", "no"], type: "STRING" },
      ],
    });
    const { manifest } = await stored(parquet(file, { classes: new ClassWords() }), undefined, "binary");
    expect(manifest.labels).toMatchObject({ words: { negative: "no", positive: "yes" } });
    expect(await failureOf(parquet(file))).toMatch(/column "y": expected a flat column/);
  });

  it("are refused when there are three, one, or some are missing or numbers", async () => {
    const failure = async (labels: readonly string[]) => {
      const source = csv(`a,y\n${labels.map((label) => `1,${label}`).join("\n")}\n`, {
        classes: new ClassWords(),
      });
      return stored(source, undefined, "binary").then(() => "none", String);
    };
    expect(await failure(["r", "g", "r", "b"])).toMatch(
      /line 5, column "y": .* "r" and "g", got "b"; more than two classes: --labels classes/,
    );
    expect(await failure(["r", "r"])).toMatch(/two label values .* got only "r"/);
    expect(await failure(["r", "", "g"])).toMatch(/line 3, column "y": .* got nothing/);
    expect(await failure(["1", "g"])).toMatch(
      /line 3, column "y": expected a finite decimal number, got "g"/,
    );
    expect(await failure(["r", "y"])).toMatch(/line 3, column "y": .* the column's name/);
  });
});

describe("missing cells", () => {
  const text = "a,b,y\n1,,1\n2,NA,0\n,4,0\n3,3,1\n2,nan,null\n";
  const file = () =>
    parquetWriteBuffer({
      columnData: [
        { name: "a", data: [1, 2, null, 3, 2], type: "DOUBLE" },
        { name: "b", data: [null, Number.NaN, 4, 3, null], type: "DOUBLE" },
        { name: "y", data: [1, 0, 0, 1, null], type: "DOUBLE" },
      ],
      rowGroupSize: 2,
    });
  const byColumn = '"b" 3, "a" 1, "y" 1';

  it("are refused with the first of them and the count by column", async () => {
    for (const [source, first] of [
      [csv(text), 'line 2, column "b"'],
      [parquet(file()), 'row 1, column "b"'],
    ] as const) {
      const failure = await failureOf(source);
      expect(failure).toContain(first);
      expect(failure).toContain(
        `4 of 5 rows miss something (cells by column: ${byColumn}); leave these rows out (--missing drop-rows)`,
      );
    }
  });

  it("take their rows with them with drop-rows, which is said", async () => {
    for (const source of [csv(text, { missing: "drop-rows" }), parquet(file(), { missing: "drop-rows" })]) {
      expect(await rowsOf(source)).toEqual(["1 1:3 2:3"]);
      expect(source.notices).toEqual([`left out 4 rows with missing cells (by column: ${byColumn})`]);
    }
  });

  it("do not matter in columns that are left out", async () => {
    expect(await rowsOf(csv("a,b,y\n1,,1\n2,x,0\n", { drop: ["b"] }))).toEqual(["1 1:1", "0 1:2"]);
  });

  it("keep the line numbers of the rows that remain", async () => {
    const source = csv("a,y\n,1\n1,1\n2,2\n3,3\n", { missing: "drop-rows" });
    const outcome = await stored(source, undefined, "binary").then(() => "none", String);
    expect(outcome).toMatch(/line 5: .* got 3/);
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
    expect(manifest.featureCount).toBe(3);
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
