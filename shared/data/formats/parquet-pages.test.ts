/** Damaged pages of a Parquet file: an error of ours that says where, and never a page that is read for ever. */
import fc from "fast-check";
import { parquetMetadataAsync } from "hyparquet";
import { parquetWriteBuffer } from "hyparquet-writer";
import { describe, expect, it } from "vitest";
import { MarinaError } from "../../base/errors.ts";
import { ParquetSource } from "./parquet-source.ts";

const ROWS = 60;
const columns = [
  { name: "y", data: Array.from({ length: ROWS }, (_, i) => i % 2), type: "INT32" as const },
  { name: "a", data: Array.from({ length: ROWS }, (_, i) => i / 8), type: "DOUBLE" as const },
  // Repeated values: a dictionary.
  { name: "b", data: Array.from({ length: ROWS }, (_, i) => i % 3), type: "INT32" as const },
];
const FILES = {
  plain: parquetWriteBuffer({ columnData: columns, codec: "UNCOMPRESSED", rowGroupSize: 25 }),
  snappy: parquetWriteBuffer({ columnData: columns, codec: "SNAPPY" }),
};

async function read(file: ArrayBuffer): Promise<number> {
  let rows = 0;
  for await (const batch of new ParquetSource(file, { name: "t.parquet", labelColumn: "y" }).rows())
    rows += batch.labels.length;
  return rows;
}

const outcomeOf = (file: ArrayBuffer): Promise<number | string> =>
  read(file).catch((error: unknown) => {
    expect(error).toBeInstanceOf(MarinaError);
    return (error as Error).message;
  });

/** Where the header of a column's first page is. */
async function headerOf(file: ArrayBuffer, column: string): Promise<number> {
  const { row_groups } = await parquetMetadataAsync(file);
  const chunk = row_groups[0]!.columns.find(({ meta_data }) => meta_data?.path_in_schema[0] === column)!;
  const { dictionary_page_offset: dictionary, data_page_offset: data } = chunk.meta_data!;
  return Number(dictionary ?? data);
}

describe("a page of a Parquet file", () => {
  it("that is whole is read, in whichever encoding", async () => {
    for (const file of Object.values(FILES)) expect(await read(file)).toBe(ROWS);
  });

  it("whose header says that it ends before it begins is refused: the library would read it for ever", async () => {
    const file = FILES.plain.slice(0);
    const at = await headerOf(file, "a");
    // Fields 1, 2 and 3 of type i32: its kind, its bytes unpacked and packed, each as 2 n, or as -(2 n + 1).
    const header = new Uint8Array(file, at, 12);
    expect([header[0], header[2]]).toEqual([0x15, 0x15]);
    const third = header.indexOf(0x15, 3);
    header[third + 1] = header[third + 1]! | 1;
    expect(await outcomeOf(file)).toMatch(
      /^t\.parquet: expected a Parquet file; it is damaged, or made to harm: row group 1, column "a", page 1: bytes: expected 0 to \d+, got -\d+$/,
    );
  });

  it("after which values are lacking is told, with how many there are", async () => {
    const [from] = columns;
    const file = parquetWriteBuffer({ columnData: [from!, columns[1]!], codec: "UNCOMPRESSED" });
    const metadata = await parquetMetadataAsync(file);
    const { checkPages } = await import("./parquet-pages.ts");
    metadata.row_groups[0]!.columns[1]!.meta_data!.num_values = 61n;
    await expect(checkPages(file, metadata, new Set(["a"]), "t")).rejects.toThrow(
      'row group 1, column "a": expected 61 values, got 60 in 1 pages',
    );
  });

  it.each(Object.entries(FILES))(
    "of a %s file with any few bytes changed is read to an end, or refused with an error of ours",
    async (_name, good) => {
      const end = good.byteLength - 8 - new DataView(good).getUint32(good.byteLength - 8, true);
      const change = fc.tuple(fc.integer({ min: 4, max: end - 1 }), fc.nat(255));
      let refused = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
          const file = good.slice(0);
          for (const [at, value] of changes) new Uint8Array(file)[at] = value;
          if ((await outcomeOf(file)) !== ROWS) refused++;
        }),
        { numRuns: 1000 },
      );
      expect(refused).toBeGreaterThan(50);
    },
  );

  it("has no byte of its header that, changed in any way, keeps an import busy", async () => {
    const good = FILES.plain;
    const at = await headerOf(good, "b");
    for (let byte = at; byte < at + 24; byte++) {
      for (let value = 0; value < 256; value++) {
        const file = good.slice(0);
        new Uint8Array(file)[byte] = value;
        await outcomeOf(file);
      }
    }
  });
});
