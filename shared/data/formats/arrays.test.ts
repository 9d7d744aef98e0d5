import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MarinaError } from "../../base/errors.ts";
import { importRows } from "../import.ts";
import { type Manifest, parseManifest, type Reading } from "../manifest.ts";
import { openDenseRows } from "../rows/dense-rows.ts";
import { memoryStore } from "../testing/memory-store.ts";
import { halves, numpyArrays, refused, words } from "../testing/numpy-files.ts";
import { idxSource } from "./idx.ts";
import { npySource } from "./npy.ts";
import type { RowSource } from "./row-source.ts";

async function* chunksOf(bytes: Uint8Array, size = 5): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size);
}
const decoded = (base64: string) => new Uint8Array(Buffer.from(base64, "base64"));

/** IDX bytes by hand. */
function idx(type: number, shape: readonly number[], numbers: Uint8Array): Uint8Array {
  const header = new DataView(new ArrayBuffer(4 + 4 * shape.length));
  header.setUint8(2, type);
  header.setUint8(3, shape.length);
  for (const [axis, length] of shape.entries()) header.setUint32(4 + 4 * axis, length);
  return new Uint8Array(Buffer.concat([new Uint8Array(header.buffer), numbers]));
}

const idxOf = (images: Uint8Array, labels: Uint8Array, size?: number) =>
  idxSource(
    { name: "images", chunks: chunksOf(images, size) },
    { name: "labels", chunks: chunksOf(labels, size) },
  );
const npyOf = (rows: Uint8Array, labels: Uint8Array, size?: number) =>
  npySource(
    { name: "x.npy", chunks: chunksOf(rows, size) },
    { name: "y.npy", chunks: chunksOf(labels, size) },
  );

interface Stored {
  readonly manifest: Manifest;
  readonly x: number[];
  readonly y: number[];
}

async function stored(
  source: RowSource,
  labels: "classes" | "real" | "binary" = "classes",
  reading: Reading = { format: "npy" },
): Promise<Stored> {
  const objects = memoryStore();
  const made = await importRows(source, { name: "t", sourceName: "t", labels, reading, objects });
  const { body } = await objects.get("datasets/t/manifest.json");
  const manifest = parseManifest(body, "m");
  expect(manifest).toEqual(made);
  const rows = (await objects.get(manifest.object.key)).body;
  const range = { start: 0, end: rows.length };
  const opened = openDenseRows(manifest, 0, manifest.rows, rows, range);
  const x = Array.from(opened.values, (value) => opened.scale * value + opened.offset);
  return { manifest, x, y: Array.from(opened.labels!) };
}

const failureOf = (source: RowSource, labels: "classes" | "real" = "classes") =>
  stored(source, labels).then(
    () => "none",
    (error: unknown) => {
      if (!(error instanceof MarinaError)) throw error;
      return `${error.code}: ${error.message}`;
    },
  );

const twoLabels = idx(8, [2], Uint8Array.of(7, 3));

describe("IDX", () => {
  const pixels = Uint8Array.of(0, 255, 51, 1, 2, 3);

  it("is read as images of one channel, bytes as bytes, and classes in order of value", async () => {
    const { manifest, x, y } = await stored(idxOf(idx(8, [2, 3, 1], pixels), twoLabels));
    expect(manifest.dense).toEqual({ shape: [3, 1, 1], scale: 1 / 255, offset: 0 });
    expect(manifest.groups.map(({ valueType }) => valueType)).toEqual(["uint8"]);
    expect(x).toEqual([...pixels].map((pixel) => (1 / 255) * pixel));
    expect(x[1]).toBe(1);
    expect(manifest.labels).toEqual({ kind: "classes", names: ["3", "7"], counts: [1, 1] });
    expect(y).toEqual([1, 0]);
    expect(manifest.nonZeros).toBe(5);
  });

  it("is divided by another number where that is asked for", async () => {
    const reading: Reading = { format: "idx", labelFile: "labels", divide: 1 };
    const { x } = await stored(idxOf(idx(8, [2, 3, 1], pixels), twoLabels), "classes", reading);
    expect(x).toEqual([...pixels]);
  });

  it("may be compressed, and come in pieces of any size", async () => {
    const [images, labels] = [idx(8, [2, 3], pixels), twoLabels];
    const plain = await stored(idxOf(images, labels, 1000));
    for (const size of [1, 2, 3]) {
      expect(await stored(idxOf(new Uint8Array(gzipSync(images)), labels, size))).toEqual(plain);
    }
  });

  it("has numbers of six types, big-endian", async () => {
    const cases: readonly [number, number, (view: DataView, at: number, value: number) => void][] = [
      [0x09, 1, (view, at, value) => view.setInt8(at, value)],
      [0x0b, 2, (view, at, value) => view.setInt16(at, value)],
      [0x0c, 4, (view, at, value) => view.setInt32(at, value)],
      [0x0d, 4, (view, at, value) => view.setFloat32(at, value)],
      [0x0e, 8, (view, at, value) => view.setFloat64(at, value)],
    ];
    const values = [-3, 100, 0, 7];
    for (const [type, bytes, set] of cases) {
      const view = new DataView(new ArrayBuffer(bytes * values.length));
      for (const [i, value] of values.entries()) set(view, bytes * i, value);
      const { x, manifest } = await stored(idxOf(idx(type, [2, 2], new Uint8Array(view.buffer)), twoLabels));
      expect(x).toEqual(values);
      expect(manifest.dense).toEqual({ shape: [2], scale: 1, offset: 0 });
    }
  });

  it.each<[string, Uint8Array, Uint8Array, RegExp]>([
    [
      "text",
      new TextEncoder().encode("1 1:1\n"),
      twoLabels,
      /^data: images: expected IDX .*got the bytes 31203/,
    ],
    ["nothing", new Uint8Array(0), twoLabels, /expected IDX .*got nothing/],
    ["a header cut off", idx(8, [2, 3, 1], pixels).slice(0, 9), twoLabels, /cut off within its header/],
    [
      "rows cut off",
      idx(8, [2, 3], pixels.slice(0, 5)),
      twoLabels,
      /images: expected 2 x 3 numbers.*ends in row 2/,
    ],
    ["more bytes", idx(8, [1, 3], pixels), idx(8, [1], pixels.slice(0, 1)), /expected its end after 1 x 3/],
    [
      "no rows",
      idx(8, [0, 3], new Uint8Array(0)),
      twoLabels,
      /expected rows with entries, got an array of 0 x 3/,
    ],
    [
      "other labels",
      idx(8, [2, 3], pixels),
      idx(8, [3], pixels.slice(0, 3)),
      /labels: expected 2 labels.*got 3/,
    ],
    [
      "labels cut off",
      idx(8, [2, 3], pixels),
      idx(8, [2], pixels.slice(0, 1)),
      /labels: expected 2 labels, got fewer/,
    ],
    [
      "images as labels",
      idx(8, [2, 3], pixels),
      idx(8, [2, 3], pixels),
      /labels: expected a list of labels.*2 x 3/,
    ],
    ["one class", idx(8, [2, 3], pixels), idx(8, [2], Uint8Array.of(4, 4)), /at least two classes.*"4"/],
    [
      "endless rows",
      idx(8, [1, 2 ** 31], pixels),
      idx(8, [1], pixels.slice(0, 1)),
      /^limit: .*1 x 2147483648/,
    ],
    ["endless labels", idx(8, [2, 3], pixels), idx(8, [2 ** 32 - 1], pixels), /^limit: labels: .*4294967295/],
  ])("is refused: %s", async (_, images, labels, message) => {
    expect(await failureOf(idxOf(images, labels))).toMatch(message);
  });
});

describe("numpy's files", () => {
  const labels = decoded(words[">U"]);

  it.each(numpyArrays)("of type and order %s hold numpy's numbers", async (_, file, values) => {
    const { x, manifest } = await stored(npyOf(decoded(file), idx2npy([0, 1])));
    const image = file === numpyArrays.find(([name]) => name === "|u1 C")![1];
    expect(manifest.dense!.shape).toEqual([3, 2, ...(image || manifest.dense!.scale !== 1 ? [1] : [])]);
    expect(x).toEqual(values.map((value) => manifest.dense!.scale * value));
  });

  it("divide only images of bytes by 255", async () => {
    const scales = await Promise.all(
      numpyArrays.map(async ([name, file]) => {
        const { manifest } = await stored(npyOf(decoded(file), idx2npy([0, 1])));
        return [name, manifest.dense!.scale];
      }),
    );
    expect(scales.filter(([, scale]) => scale !== 1)).toEqual([
      ["|u1 C", 1 / 255],
      ["|u1 F", 1 / 255],
    ]);
  });

  it("of half precision hold numpy's numbers, the smallest and the largest too", async () => {
    const { x } = await stored(npyOf(decoded(halves.file), idx2npy([0, 1, 0, 1, 0, 1, 2])));
    expect(x).toEqual(halves.values);
  });

  it("may have words as labels, which are classes in order of code points", async () => {
    const rows = idx2npy([1, 2, 3, 4, 5]);
    const of = async (file: string) => (await stored(npyOf(rows, decoded(file)))).manifest.labels;
    expect(await of(words.U)).toEqual({
      kind: "classes",
      names: ["fig", "pear", "ÄÖ", "😀"],
      counts: [1, 2, 1, 1],
    });
    expect(await of(words.S)).toEqual({
      kind: "classes",
      names: ["a", "fig", "pear", "z"],
      counts: [1, 1, 2, 1],
    });
    expect(await of(words[">U"])).toEqual({ kind: "classes", names: ["a", "b", "c"], counts: [2, 2, 1] });
  });

  it.each<[keyof typeof refused, RegExp]>([
    ["records", /^data: x.npy: .*one of records.*save its fields/],
    ["objects", /^data: x.npy: .*Python objects, which are not read/],
    ["complex", /^data: x.npy: .*the type "<c16"/],
    ["dates", /^data: x.npy: .*"<M8\[s\]"/],
    ["scalar", /^data: x.npy: expected an array of 1 to 5 axes, rows first, got 0/],
    ["empty", /^data: x.npy: expected rows with entries, got an array of 0 x 3/],
    ["nan", /^data: x.npy: row 2, entry 1: .*got NaN/],
    ["large", /^data: x.npy: row 2, entry 1: .*an int64 beyond 2\^53/],
    ["sixAxes", /got 6/],
  ])("are refused: %s", async (name, message) => {
    expect(await failureOf(npyOf(decoded(refused[name]), idx2npy([0, 1])))).toMatch(message);
  });

  it("with words as rows are refused", async () => {
    expect(await failureOf(npyOf(labels, labels))).toMatch(/x.npy: expected an array of numbers, got ">U1"/);
  });
});

/** A list of bytes as numpy.save writes it. */
function idx2npy(values: readonly number[]): Uint8Array {
  const header = `{'descr': '|u1', 'fortran_order': False, 'shape': (${values.length},), }`.padEnd(118);
  const magic = Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 118, 0);
  return new Uint8Array(Buffer.concat([magic, Buffer.from(header), Uint8Array.from(values)]));
}

describe("whatever the bytes are", () => {
  /** A file of the format with some bytes changed, cut off or added: it ends as rows or as an error of ours. */
  const damaged = (file: Uint8Array) =>
    fc
      .record({
        changes: fc.array(fc.tuple(fc.nat({ max: file.length - 1 }), fc.nat({ max: 255 })), { maxLength: 4 }),
        length: fc.nat({ max: file.length + 8 }),
      })
      .map(({ changes, length }) => {
        const bytes = new Uint8Array(length);
        bytes.set(file.subarray(0, length));
        for (const [at, byte] of changes) if (at < length) bytes[at] = byte;
        return bytes;
      });
  const ends = async (source: RowSource): Promise<void> => {
    let rows = 0;
    try {
      for await (const batch of source.rows()) rows += batch.labels.length;
    } catch (error) {
      expect(error).toBeInstanceOf(MarinaError);
    }
    expect(rows).toBeLessThan(100);
  };

  it("IDX ends as rows or as an error that says what is wrong", async () => {
    const images = idx(0x0d, [2, 2, 1], new Uint8Array(16));
    await fc.assert(
      fc.asyncProperty(damaged(images), damaged(twoLabels), async (x, y) => ends(idxOf(x, y))),
      { numRuns: 2000 },
    );
  });

  it("numpy's files end as rows or as an error that says what is wrong", async () => {
    for (const name of ["<f8 C", ">f4 F", "<i2 C"]) {
      const file = decoded(numpyArrays.find(([other]) => other === name)![1]);
      const labels = fc.oneof(damaged(idx2npy([0, 1])), damaged(decoded(words.U)));
      await fc.assert(
        fc.asyncProperty(damaged(file), labels, async (x, y) => ends(npyOf(x, y))),
        { numRuns: 1000 },
      );
    }
  });

  it("a header that claims more than there is takes no memory for it", async () => {
    const before = process.memoryUsage().arrayBuffers;
    const huge = idx(0x0e, [2 ** 27, 2 ** 24], new Uint8Array(64));
    expect(await failureOf(idxOf(huge, idx(8, [2 ** 27], new Uint8Array(64))))).toMatch(/got fewer/);
    const long = idx(0x0e, [1, 2 ** 24], new Uint8Array(64));
    expect(await failureOf(idxOf(long, idx(8, [1], new Uint8Array(1))))).toMatch(/ends in row 1/);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64e6);
  });
});
