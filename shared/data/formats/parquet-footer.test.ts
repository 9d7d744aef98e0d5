/** Damaged Parquet files: an error of ours, soon, and nothing allocated that the file can't hold. */
import fc from "fast-check";
import { parquetWriteBuffer } from "hyparquet-writer";
import { describe, expect, it } from "vitest";
import { MarinaError } from "../../base/errors.ts";
import { checkFooter, checkRowGroups, readFooter } from "./parquet-footer.ts";
import { ParquetSource } from "./parquet-source.ts";

const ROWS = 200;
const good = parquetWriteBuffer({
  columnData: [
    { name: "y", data: Array.from({ length: ROWS }, (_, i) => i % 2), type: "INT32" },
    { name: "a", data: Array.from({ length: ROWS }, (_, i) => i / 8), type: "DOUBLE" },
    { name: "b", data: Array.from({ length: ROWS }, (_, i) => i % 3), type: "INT32" },
  ],
});
const footerLength = new DataView(good).getUint32(good.byteLength - 8, true);
const footerStart = good.byteLength - 8 - footerLength;

async function read(file: ArrayBuffer): Promise<number> {
  let rows = 0;
  for await (const batch of new ParquetSource(file, { name: "t.parquet", labelColumn: "y" }).rows())
    rows += batch.labels.length;
  return rows;
}
const errorOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => "no error",
    (error: unknown) => {
      expect(error).toBeInstanceOf(MarinaError);
      return (error as Error).message;
    },
  );

/** A file of nothing but a footer. */
function footerOnly(bytes: readonly number[]): ArrayBuffer {
  const all = new Uint8Array(bytes.length + 12);
  all.set([0x50, 0x41, 0x52, 0x31]);
  all.set(bytes, 4);
  new DataView(all.buffer).setUint32(4 + bytes.length, bytes.length, true);
  all.set([0x50, 0x41, 0x52, 0x31], 8 + bytes.length);
  return all.buffer;
}
/** 2^28 as an unsigned LEB128 number. */
const HUGE = [0x80, 0x80, 0x80, 0x80, 0x01];

describe("a Parquet file", () => {
  it("that is whole is read", async () => {
    expect(await read(good)).toBe(ROWS);
  });

  it("whose footer speaks of lists that can't be there is refused before anything is made for them", async () => {
    // Field 2, a list (9) of structures or of lists, 2^28 of them; each with another one in it.
    for (const element of [0xfc, 0xf9]) {
      const nested = Array.from({ length: 10 }, () => [element, ...HUGE]).flat();
      const message = await errorOf(read(footerOnly([0x29, ...nested])));
      expect(message).toMatch(
        /^t\.parquet: expected a Parquet file; .*a list of 268435456 where \d+ bytes are left$/,
      );
    }
  });

  it("whose structures lie in one another without end, or whose text is longer than the file, is refused", async () => {
    expect(await errorOf(read(footerOnly(Array<number>(5000).fill(0x1c))))).toContain(
      "32 deep in one another",
    );
    expect(await errorOf(read(footerOnly([0x29, ...Array<number>(5000).fill(0x19)])))).toContain(
      "deep in one another",
    );
    expect(await errorOf(read(footerOnly([0x18, ...HUGE])))).toContain("268435456 bytes announced");
    expect(await errorOf(read(footerOnly([0x15, ...Array<number>(40).fill(0xff)])))).toContain(
      "more than 10 bytes",
    );
  });

  it("whose row groups are larger than any writer makes them, or lie outside of it, is refused", () => {
    const chunk = {
      ...{ type: "DOUBLE", encodings: [], path_in_schema: ["a"], codec: "UNCOMPRESSED", num_values: 10n },
      ...{ total_uncompressed_size: 80n, total_compressed_size: 80n, data_page_offset: 4n },
    };
    const groups = (rows: bigint, changed: object) =>
      ({
        row_groups: [
          {
            num_rows: rows,
            total_byte_size: 0n,
            columns: [{ file_offset: 0n, meta_data: { ...chunk, ...changed } }],
          },
        ],
      }) as unknown as Parameters<typeof checkRowGroups>[0];
    const check = (rows: bigint, changed: object) => () => checkRowGroups(groups(rows, changed), 1000, "t");
    expect(check(10n, {})).not.toThrow();
    expect(check(2n ** 40n, {})).toThrow("row group 1: rows: expected 0 to 33554432, got 1099511627776");
    expect(check(-1n, {})).toThrow("row group 1: rows");
    expect(check(10n, { num_values: 2n ** 33n })).toThrow('row group 1, column "a": values');
    expect(check(10n, { total_compressed_size: 1001n })).toThrow('column "a": bytes: expected 0 to 1000');
    expect(check(10n, { data_page_offset: 921n })).toThrow(
      'column "a": its place: expected 0 to 920, got 921',
    );
  });

  it("whose schema is no tree is refused, and keeps nobody busy", async () => {
    /** Version 1, a schema of a root and a column, both with so many children (zigzag), no rows, no row groups. */
    const withChildren = (root: number, column: number) =>
      footerOnly([
        ...[0x15, 0x02, 0x19, 0x2c],
        ...[0x48, 1, 0x72, 0x15, root, 0],
        ...[0x48, 1, 0x61, 0x15, column, 0],
        ...[0x16, 0, 0x19, 0x0c, 0],
      ]);
    const { schema } = await readFooter(withChildren(2, 0), "t");
    expect(schema.map((each) => each.num_children)).toEqual([1, 0]);
    expect(await errorOf(readFooter(withChildren(2, 1), "t"))).toContain(
      "schema element 2: children: expected 0 to 0, got -1",
    );
    expect(await errorOf(read(withChildren(2, 3)))).toContain(
      "schema element 2: children: expected 0 to 0, got -2",
    );
    expect(await errorOf(read(withChildren(4, 0)))).toContain(
      "schema element 1: children: expected 0 to 1, got 2",
    );
  });

  it("with any few bytes of its footer changed has a footer that can be read, or an error that says why", async () => {
    const change = fc.tuple(fc.integer({ min: footerStart, max: good.byteLength - 1 }), fc.nat(255));
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
        const file = good.slice(0);
        for (const [at, value] of changes) new Uint8Array(file)[at] = value;
        if ((await errorOf(checkFooter(file, "t"))) !== "no error") refused++;
        // Whatever else is wrong with it, the library says so, or it is one that can be read.
        await readFooter(file, "t").catch(() => undefined);
      }),
      { numRuns: 1000 },
    );
    expect(refused).toBeGreaterThan(100);
  });

  it("of arbitrary bytes in its footer's place is checked within its length", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        const message = await errorOf(checkFooter(footerOnly([...bytes]), "t"));
        expect(message).toMatch(/^(no error|t: expected a Parquet file; )/);
      }),
      { numRuns: 1000 },
    );
  });
});
