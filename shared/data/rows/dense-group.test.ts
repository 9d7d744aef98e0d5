import { crc32 } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MarinaError } from "../../base/errors.ts";
import { CsvSource } from "../formats/csv-source.ts";
import { importRows } from "../import.ts";
import { encodeManifest, type Manifest, parseManifest, type Reading } from "../manifest.ts";
import { memoryStore } from "../testing/memory-store.ts";
import { checkRange } from "./checked-range.ts";
import { encodeDenseGroup, openDenseGroup } from "./dense-group.ts";
import { openDenseRows } from "./dense-rows.ts";
import { labelsByWorker } from "./labels-by-worker.ts";
import { shardRange } from "./pieces.ts";
import { openShard } from "./shard.ts";

const labels = Float64Array.of(1, 0, 2);

describe("a group of dense rows", () => {
  it("has the bytes that its format says", () => {
    const form = { shape: [2, 1], scale: 0.5, offset: -1 };
    const { bytes, valueType } = encodeDenseGroup(labels, Float64Array.of(0, 255, 3, 4, 5, 6), form);
    expect(valueType).toBe("uint8");
    const view = new DataView(bytes.buffer);
    expect(Buffer.from(bytes.subarray(0, 8)).toString()).toBe("MARINADG");
    const words = Array.from({ length: 8 }, (_, at) => view.getUint32(8 + 4 * at, true));
    expect(words).toEqual([1, 3, 1, 2, 2, 1, 0, 0]);
    expect([view.getFloat64(40, true), view.getFloat64(48, true)]).toEqual([0.5, -1]);
    expect([0, 1, 2].map((row) => view.getFloat64(56 + 8 * row, true))).toEqual([1, 0, 2]);
    expect([...bytes.subarray(80)]).toEqual([0, 255, 3, 4, 5, 6, 0, 0]);
  });

  it("holds any finite numbers exactly, in the narrowest type that does", () => {
    const numbers = fc.oneof(
      fc.constant(fc.integer({ min: 0, max: 255 })),
      fc.constant(fc.float({ noNaN: true, noDefaultInfinity: true, max: 2 ** 60, min: -(2 ** 60) })),
      fc.constant(fc.double({ noNaN: true, noDefaultInfinity: true, max: 2 ** 60, min: -(2 ** 60) })),
    );
    const values = numbers.chain((kind) => fc.array(kind, { minLength: 6, maxLength: 6 }));
    fc.assert(
      fc.property(values, (list) => {
        const form = { shape: [2], scale: 1, offset: 0 };
        const encoded = encodeDenseGroup(labels, Float64Array.from(list), form);
        const bytes = list.every((value) => Number.isInteger(value) && value >= 0 && value <= 255);
        const floats = list.every((value) => Math.fround(value) === value);
        expect(encoded.valueType).toBe(bytes ? "uint8" : floats ? "float32" : "float64");
        // Moved by one byte: a range of an object need not be aligned.
        const moved = new Uint8Array(encoded.bytes.length + 1);
        moved.set(encoded.bytes, 1);
        const all = { first: 0, count: 3, source: "group" };
        const opened = openDenseGroup(moved.subarray(1), encoded, form, all);
        // -0 is 0 as bytes.
        expect(Array.from(opened.values, (value) => value + 0)).toEqual(list.map((value) => value + 0));
        expect(opened.labels).toEqual(labels);
      }),
    );
  });

  it("of which any byte of the header is changed, or that is too short, is refused", () => {
    const form = { shape: [2], scale: 1, offset: 0 };
    const encoded = encodeDenseGroup(labels, Float64Array.of(0.5, 1, 2, 3, 4, 5), form);
    const all = { first: 0, count: 3, source: "group" };
    for (let at = 0; at < 56; at++) {
      const bytes = encoded.bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));
      expect(() => openDenseGroup(bytes, encoded, form, all)).toThrow(MarinaError);
    }
    expect(() => openDenseGroup(encoded.bytes.subarray(8), encoded, form, all)).toThrow(/expected \d+ bytes/);
    const infinite = encoded.bytes.slice();
    new DataView(infinite.buffer).setFloat32(80, Infinity, true);
    expect(() => openDenseGroup(infinite, encoded, form, all)).toThrow(/squares are numbers/);
    expect(() => openDenseGroup(infinite, encoded, form, { ...all, first: 1, count: 2 })).not.toThrow();
  });
});

const ROWS = 3000;
const SIZE = 800;
/** Cell j of row l; every 7th is 0. */
const cell = (l: number, j: number) => ((l * 31 + j * 17) % 7 === 0 ? 0 : (l * 13 + j * 5) % 256);

async function imported(reading: Omit<Reading, "format" | "labelColumn">) {
  const names = Array.from({ length: SIZE }, (_, j) => `c${j}`);
  async function* text() {
    yield new TextEncoder().encode(`${names.join()},y\n`);
    for (let l = 0; l < ROWS; l++) {
      yield new TextEncoder().encode(`${names.map((_, j) => cell(l, j)).join()},${l % 3}\n`);
    }
  }
  const objects = memoryStore();
  const whole = { format: "csv", labelColumn: "y", ...reading } as Reading;
  const manifest = await importRows(new CsvSource(text(), { name: "t.csv", labelColumn: "y" }), {
    ...{ name: "t", sourceName: "t.csv", labels: "classes", reading: whole, objects },
  });
  const { body } = await objects.get(manifest.object.key);
  return { objects, manifest: parseManifest(encodeManifest(manifest), "m"), body };
}

const real = (manifest: Manifest): Manifest => ({ ...manifest, labels: { kind: "real", min: 0, max: 2 } });

describe("a table with a shape", () => {
  const both = Promise.all([imported({ shape: [20, 40], divide: 256 }), imported({})]);

  it("is stored in groups of a megabyte of values, each with its checksum", async () => {
    const [{ manifest, body }] = await both;
    expect(manifest.dense).toEqual({ shape: [20, 40], scale: 1 / 256, offset: 0 });
    expect(manifest.groups.map(({ rows }) => rows)).toEqual([1310, 1310, 380]);
    for (const { byteOffset, byteLength, crc32: checksum } of manifest.groups) {
      expect(crc32(body.subarray(byteOffset, byteOffset + byteLength))).toBe(checksum);
    }
    expect(manifest.labels).toEqual({ kind: "classes", names: ["0", "1", "2"], counts: [1000, 1000, 1000] });
  });

  it("has the rows of the table, in any range of them", async () => {
    const [{ manifest, body }] = await both;
    for (const [first, count] of [
      [0, 3000],
      [1309, 2],
      [5, 1],
      [1310, 1310],
      [2900, 100],
    ] as const) {
      const range = shardRange(manifest, first, count);
      const bytes = body.slice(range.start, range.end);
      const rows = openDenseRows(manifest, first, count, bytes, range);
      expect([rows.rows, rows.shape, rows.scale]).toEqual([count, [20, 40], 1 / 256]);
      expect(rows.values).toBeInstanceOf(Uint8Array);
      for (let l = 0; l < count; l += Math.ceil(count / 50)) {
        expect(rows.labels![l]).toBe((first + l) % 3);
        for (let j = 0; j < SIZE; j++) expect(rows.values[l * SIZE + j]).toBe(cell(first + l, j));
      }
    }
  });

  it("is to linear problems what the same table is without a shape, and the other way round", async () => {
    const [dense, sparse] = await both;
    const range = shardRange(dense.manifest, 1200, 300);
    const bytes = dense.body.subarray(range.start, range.end);
    const shard = openShard(real(dense.manifest), 1200, 300, bytes, range);
    const of = { start: 0, end: sparse.body.length };
    const expected = openShard(real(sparse.manifest), 1200, 300, sparse.body, of);
    expect(shard.offsets.map((at) => at - shard.offsets[0]!)).toEqual(
      expected.offsets.map((at) => at - expected.offsets[0]!),
    );
    expect(Array.from(shard.indices)).toEqual(Array.from(expected.indices));
    expect(Array.from(shard.values!)).toEqual(Array.from(expected.values!, (value) => value / 256));
    expect(shard.labels).toEqual(expected.labels);
    const filled = openDenseRows(sparse.manifest, 1200, 300, sparse.body, of);
    const rows = openDenseRows(dense.manifest, 1200, 300, bytes, range);
    expect(Array.from(filled.values)).toEqual(Array.from(rows.values));
    expect([filled.shape, filled.labels]).toEqual([[SIZE], rows.labels]);
    expect(sparse.manifest.nonZeros).toBe(dense.manifest.nonZeros);
  });

  it("tells the classes of each worker", async () => {
    const [dense, sparse] = await both;
    for (const { objects, manifest } of [dense, sparse]) {
      const [first] = await labelsByWorker(objects, manifest, 7, "drop");
      expect(first).toMatchObject({ rows: 428, classes: [143, 143, 142] });
    }
  });

  it("in which a byte is changed is refused where it is read, with the rows", async () => {
    const [{ manifest, body }] = await both;
    const range = shardRange(manifest, 1310, 1310);
    const bytes = body.slice(range.start, range.end);
    expect(() => checkRange(manifest, bytes, range)).not.toThrow();
    bytes[500_000]! ^= 1;
    expect(() => checkRange(manifest, bytes, range)).toThrow(
      /rows 1310 \.\. 2619: expected CRC-32 [0-9a-f]{8} of 1058536 bytes, got [0-9a-f]{8}; import .* --replace/,
    );
  });
});
