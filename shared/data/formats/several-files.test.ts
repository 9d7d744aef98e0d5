import { createHash } from "node:crypto";
import { parquetWriteBuffer } from "hyparquet-writer";
import { describe, expect, it } from "vitest";
import { importLibsvm, importRows } from "../import.ts";
import { encodeManifest, parseManifest, type Reading } from "../manifest.ts";
import { memoryStore } from "../testing/memory-store.ts";
import { lists, nested, ragged } from "../testing/parquet-lists.ts";
import { ClassWords } from "./class-words.ts";
import { CsvSource, type CsvSourceOptions } from "./csv-source.ts";
import { LibsvmSource } from "./libsvm-source.ts";
import { ParquetSource } from "./parquet-source.ts";
import type { RowSource } from "./row-source.ts";
import { SeveralFiles } from "./several-files.ts";

async function* once(text: string): AsyncGenerator<Uint8Array> {
  if (text !== "") yield new TextEncoder().encode(text);
}

async function stored(source: RowSource, labels: "real" | "binary" = "real", reading?: Reading) {
  const objects = memoryStore();
  const manifest = await importRows(source, {
    name: "t",
    sourceName: "t/",
    labels,
    objects,
    ...(reading === undefined ? {} : { reading }),
  });
  return { manifest, body: Buffer.from((await objects.get(manifest.object.key)).body) };
}

const libsvm = (texts: readonly string[]) =>
  new SeveralFiles(
    texts.map((text, i) => {
      const name = `part-${i}`;
      return { name, open: async () => new LibsvmSource(once(text), { name }) };
    }),
  );

function csv(texts: readonly string[], options: Partial<CsvSourceOptions> = {}): SeveralFiles {
  return new SeveralFiles(
    texts.map((text, i) => {
      const name = `part-${i}.csv`;
      const all = { name, labelColumn: "y", continued: i > 0, ...options };
      return { name, open: async () => new CsvSource(once(text), all) };
    }),
  );
}

/** The same rows as LIBSVM text in one file. */
async function asLibsvm(text: string, dimension: number): Promise<Buffer> {
  const objects = memoryStore();
  const options = { name: "t", sourceName: "t", labels: "real", objects, dimension } as const;
  const { object } = await importLibsvm(once(text), options);
  return Buffer.from((await objects.get(object.key)).body);
}

describe("several files", () => {
  it("are one data set, whether their last lines end or not, empty ones left out", async () => {
    const { manifest, body } = await stored(libsvm(["1 1:1\n2 2:1", "", "3 3:0.5\n", "4\n"]));
    expect(body).toEqual(await asLibsvm("1 1:1\n2 2:1\n3 3:0.5\n4\n", 3));
    const parts = ["1 1:1\n2 2:1", "", "3 3:0.5\n", "4\n"].map((text, i) => ({
      name: `part-${i}`,
      bytes: text.length,
      sha256: createHash("sha256").update(text).digest("hex"),
    }));
    const listing = parts.map(({ name, sha256 }) => `${sha256}  ${name}\n`).join("");
    expect(manifest.source).toEqual({
      fileName: "t/",
      bytes: 21,
      sha256: createHash("sha256").update(listing).digest("hex"),
      files: parts,
    });
    expect(parseManifest(encodeManifest(manifest), "m")).toEqual(manifest);
  });

  it("name file and line of a mistake, of labels and values as well, and in another order", async () => {
    await expect(stored(libsvm(["1 1:1\n", "1 1:1\n2 x\n"]))).rejects.toThrow(/^part-1: line 2, column 3/);
    await expect(stored(libsvm(["1 1:1\n2 1:1\n", "\n3 1:1\n"]), "binary")).rejects.toThrow(
      /^part-1: line 2: expected one of the two labels/,
    );
    const large = ["1 1:1\n2 1:1\n", "3 1:1\n\n4 1:1e200\n", "5 1:1\n"];
    await expect(stored(libsvm(large))).rejects.toThrow(/^part-1: line 3, index 1: 1e\+200/);
    const order = { by: "shuffle", seed: 1 } as const;
    await expect(stored(libsvm(large), "real", { format: "libsvm", order })).rejects.toThrow(
      /^part-1: line 3, index 1: 1e\+200/,
    );
  });

  it("of a table have each its header, which must agree; a saved index goes on or begins anew", async () => {
    const { manifest, body } = await stored(csv(["a,y,b\n1,2,3\n", "a,y,b\n", "a,y,b\n4,5,6\n"]));
    expect(body).toEqual(await asLibsvm("2 1:1 2:3\n5 1:4 2:6\n", 2));
    expect(manifest.featureCount).toBe(2);
    for (const second of [1, 0]) {
      const source = csv([",a,y\n0,1,2\n", `,a,y\n${second},4,5\n`]);
      expect((await stored(source)).body).toEqual(await asLibsvm("2 1:1\n5 1:4\n", 1));
      expect(source.notices).toEqual([
        "left out the column without a name: the index that a data frame was saved with (part-0.csv, part-1.csv)",
      ]);
    }
    await expect(stored(csv(["a,y,b\n1,2,3\n", "a,y,c\n4,5,6\n"]))).rejects.toThrow(
      /^part-1.csv: expected the columns of part-0.csv: feature 2 is "b" there, and here "c"$/,
    );
    await expect(stored(csv(["a,y\n1,2\n", "a,y,c\n4,5,6\n"]))).rejects.toThrow(
      /feature 2 is no further one there, and here "c"/,
    );
  });

  it("have the same classes for the same words, whichever comes first in a file", async () => {
    const classes = new ClassWords();
    const source = csv(["a,y\n1,M\n2,B\n", "a,y\n3,B\n4,M\n"], { classes });
    const { manifest } = await stored(source, "binary");
    expect(manifest.labels).toMatchObject({ positives: 2, words: { positive: "M", negative: "B" } });
    await expect(
      stored(csv(["a,y\n1,M\n", "a,y\n3,B\n4,X\n"], { classes: new ClassWords() }), "binary"),
    ).rejects.toThrow(/^part-1.csv: line 3.* "M" and "B", got "X"/);
  });

  it("of Parquet are read like one", async () => {
    const file = (values: number[]) =>
      parquetWriteBuffer({
        columnData: [
          { name: "a", data: values },
          { name: "y", data: values },
        ],
      });
    const source = new SeveralFiles(
      [[1, 2], [3]].map((values, i) => {
        const name = `part-${i}.snappy.parquet`;
        return { name, open: async () => new ParquetSource(file(values), { name, labelColumn: "y" }) };
      }),
    );
    expect((await stored(source)).body).toEqual(await asLibsvm("1 1:1\n2 1:2\n3 1:3\n", 1));
  });
});

describe("a Parquet column of lists", () => {
  const open = (file: ArrayBuffer, drop?: string[]) =>
    new ParquetSource(file, { name: "t.parquet", labelColumn: "y", ...(drop === undefined ? {} : { drop }) });

  it("is as many features as its lists have numbers, in the file's order", async () => {
    const source = new ParquetSource(lists, { name: "t", labelColumn: "y", missing: "drop-rows" });
    const { body } = await stored(source);
    expect(body).toEqual(await asLibsvm("-1 1:7 2:1 4:2.5 5:1 6:2\n300 1:8 3:0.5 4:1 5:3 6:4\n", 6));
    expect(source.features).toEqual(["id", "x[0]", "x[1]", "x[2]", "f[0]", "f[1]"]);
    expect(source.notices.join()).toContain('left out 1 row with missing cells (by column: "x[2]" 1)');
  });

  it("misses what is null in it, and is refused where it is ragged or nested deeper, by path", async () => {
    await expect(stored(open(lists))).rejects.toThrow(
      /row 3, column "x\[2\]": expected a finite number, got null/,
    );
    await expect(stored(open(ragged))).rejects.toThrow(
      /row 3, column "x": expected a list of 2 numbers as in the rows before, got 1/,
    );
    await expect(stored(open(nested, ["s"]))).rejects.toThrow(
      /column "v": expected a flat column of .* lists of them, got a nested one of v.type INT64, v.values.list.element DOUBLE; leave it out/,
    );
    await expect(stored(open(nested, ["v"]))).rejects.toThrow(
      /column "s": .* s.list.element.list.element BYTE_ARRAY/,
    );
    await expect(
      stored(new ParquetSource(lists, { name: "t", labelColumn: "x", drop: ["f"] })),
    ).rejects.toThrow(/column "x": expected a flat column of numbers or booleans, got a nested one/);
  });
});
