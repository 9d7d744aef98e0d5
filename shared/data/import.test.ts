import { createHash } from "node:crypto";
import { createReadStream, readFileSync } from "node:fs";
import { constants, gunzipSync, gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { MarinaError } from "../base/errors.ts";
import type { ObjectStore } from "../cloud/ports.ts";
import { dataForm } from "./data-form.ts";
import { type ImportOptions, importLibsvm } from "./import.ts";
import { encodeManifest, type Manifest, type ManifestGroup, parseManifest } from "./manifest.ts";
import { partition } from "./partition.ts";
import { shardRange } from "./rows/pieces.ts";
import { openShard } from "./rows/shard.ts";
import { loadShipped, shippedFile } from "./testing/load.ts";
import { memoryStore } from "./testing/memory-store.ts";

async function* chunksOf(bytes: Uint8Array, size = bytes.length): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size);
}

const bytesOf = (text: string) => new TextEncoder().encode(text);

interface Outcome {
  readonly objects: ObjectStore;
  readonly manifest: Manifest;
}

async function importText(
  text: string | Uint8Array,
  options: Partial<ImportOptions> = {},
  size?: number,
): Promise<Outcome> {
  const objects = options.objects ?? memoryStore();
  const bytes = typeof text === "string" ? bytesOf(text) : text;
  const chunks = chunksOf(bytes, size);
  const manifest = await importLibsvm(chunks, {
    name: "tiny",
    sourceName: "tiny.txt",
    labels: "binary",
    ...options,
    objects,
  });
  return { objects, manifest };
}

async function failureOf(
  text: string | Uint8Array,
  options: Partial<ImportOptions> = {},
): Promise<MarinaError> {
  const objects = options.objects ?? memoryStore();
  const before = await objects.list("");
  try {
    await importText(text, { ...options, objects });
  } catch (error) {
    if (!(error instanceof MarinaError)) throw error;
    // A failed import leaves nothing behind.
    expect(await objects.list("")).toEqual(before);
    return error;
  }
  throw new Error("expected an error, got none");
}

/** What `bzip2` makes of "1 1:1\n-1 1:2\n". */
const bzip2 = Buffer.from(
  "425a6839314159265359166d0e010000035800001040023010200030c0069a6692b5e3052ac2ee48a70a1202cda1c020",
  "hex",
);

const tiny = "2 1:1 3:0.5\n1 2:1\n2\n1 3:2\n2 1:4\n";

describe.each([
  {
    name: "mushrooms",
    shape: { rows: 8124, featureCount: 112, nonZeros: 170_604 },
    labels: { kind: "binary", negative: 1, positive: 2, negatives: 3916, positives: 4208 },
    positives: [1431, 1440, 553, 277, 504],
    nonZeros: [34_104, 34_104, 34_104, 34_104, 34_104],
    norms: [21, 21],
  },
  {
    name: "a9a",
    shape: { rows: 32_561, featureCount: 123, nonZeros: 451_592 },
    labels: { kind: "binary", negative: -1, positive: 1, negatives: 24_720, positives: 7841 },
    positives: [1571, 1543, 1549, 1578, 1599],
    nonZeros: [90_244, 90_358, 90_364, 90_315, 90_297],
    norms: [11, 14],
  },
  {
    name: "w8a",
    shape: { rows: 49_749, featureCount: 300, nonZeros: 579_586 },
    labels: { kind: "binary", negative: -1, positive: 1, negatives: 48_270, positives: 1479 },
    positives: [1479, 0, 0, 0, 0],
    nonZeros: [119_865, 102_689, 125_827, 113_567, 117_564],
    norms: [0, 114],
  },
] as const)("$name", ({ name, shape, labels, positives, nonZeros, norms }) => {
  it("is the file that the README describes", () => {
    const readme = readFileSync(new URL("../../experiments/data/README.md", import.meta.url), "utf8");
    const hash = createHash("sha256")
      .update(readFileSync(shippedFile(name)))
      .digest("hex");
    expect(readme).toContain(`${hash}  ${name}.gz`);
  });

  it("imports to the published counts", async () => {
    const objects = memoryStore();
    const options = { name, sourceName: `${name}.gz`, labels: "binary", objects } as const;
    const manifest = await importLibsvm(createReadStream(shippedFile(name)), options);
    expect(manifest).toMatchObject({ ...shape, labels });
    const text = gunzipSync(readFileSync(shippedFile(name)));
    expect(manifest.source).toEqual({
      fileName: `${name}.gz`,
      bytes: text.length,
      sha256: createHash("sha256").update(text).digest("hex"),
    });
    const { body, etag } = await objects.get(manifest.object.key);
    expect(manifest.object).toEqual({
      key: `datasets/${name}/rows-1`,
      bytes: body.length,
      etag,
      sha256: createHash("sha256").update(body).digest("hex"),
    });
    const stored = await objects.get(`datasets/${name}/manifest.json`);
    expect(parseManifest(stored.body, "manifest")).toEqual(manifest);
  });

  it("splits into five shards of the published counts", async () => {
    const { shards } = await loadShipped(name, 5, "drop");
    expect(shards.map((shard) => shard.labels.filter((y) => y === 1).length)).toEqual(positives);
    expect(shards.every((shard) => shard.labels.every((y) => y === 1 || y === -1))).toBe(true);
    expect(shards.map((shard) => shard.indices.length)).toEqual(nonZeros);
    expect(shards.every((shard) => shard.values === null)).toBe(true);
    const lengths = shards.flatMap(({ offsets }) =>
      Array.from(offsets.subarray(1), (end, l) => end - offsets[l]!),
    );
    expect([Math.min(...lengths), Math.max(...lengths)]).toEqual(norms);
  });
});

describe("importing", () => {
  it("stores the rows so that shards give them back", async () => {
    const { objects, manifest } = await importText(tiny);
    expect(manifest.labels).toEqual({ kind: "binary", negative: 1, positive: 2, negatives: 2, positives: 3 });
    const { body } = await objects.get(manifest.object.key);
    const shard = openShard(manifest, 1, 3, body, { start: 0, end: body.length });
    expect(shard).toMatchObject({ rows: 3, features: 3 });
    expect(Array.from(shard.labels)).toEqual([-1, 1, -1]);
    expect(Array.from(shard.offsets, (offset) => offset - shard.offsets[0]!)).toEqual([0, 1, 1, 2]);
    expect(Array.from(shard.indices)).toEqual([1, 2]);
    expect(Array.from(shard.values!)).toEqual([1, 2]);
  });

  it("gives the same object from plain and compressed text, however it is cut into chunks", async () => {
    const reference = await importText(tiny);
    const compressed = gzipSync(bytesOf(tiny));
    const members = Buffer.concat([gzipSync(bytesOf(tiny.slice(0, 9))), gzipSync(bytesOf(tiny.slice(9)))]);
    const checksummed = { params: { [constants.ZSTD_c_checksumFlag]: 1 } };
    const frames = Buffer.concat([
      zstdCompressSync(bytesOf(tiny.slice(0, 9)), checksummed),
      Buffer.from("502a4d1803000000ffffff", "hex"), // a skippable frame
      zstdCompressSync(bytesOf("")),
      zstdCompressSync(bytesOf(tiny.slice(9))),
    ]);
    for (const [input, size] of [
      [zstdCompressSync(bytesOf(tiny)), 1000],
      [frames, 1],
      [frames, 7],
      [frames, 1000],
      [tiny, 1],
      [compressed, 1],
      [compressed, 1000],
      [members, 7],
    ] as const) {
      const { manifest } = await importText(input, {}, size);
      expect(manifest).toEqual(reference.manifest);
    }
  });

  it("takes real labels as they are", async () => {
    const { objects, manifest } = await importText("0.5 1:1\n-2 1:2\n1e3\n", { labels: "real" });
    expect(manifest.labels).toEqual({ kind: "real", min: -2, max: 1000 });
    const { body } = await objects.get(manifest.object.key);
    const range = { start: 0, end: body.length };
    expect(Array.from(openShard(manifest, 0, 3, body, range).labels)).toEqual([0.5, -2, 1000]);
    expect(dataForm(manifest)).toEqual({ name: "tiny", features: 1, shape: [1], labels: { kind: "real" } });
  });

  it("gives two classes as +1 and -1 to regression too", async () => {
    const { objects, manifest } = await importText(tiny);
    const { body } = await objects.get(manifest.object.key);
    const shard = openShard(manifest, 0, 2, body, { start: 0, end: body.length });
    expect(Array.from(shard.labels)).toEqual([1, -1]);
  });

  it("takes a dimension above the largest index", async () => {
    expect((await importText(tiny, { dimension: 10 })).manifest.featureCount).toBe(10);
    expect((await importText("1\n2\n", { dimension: 10 })).manifest).toMatchObject({
      featureCount: 10,
      nonZeros: 0,
    });
  });

  it("reports its progress", async () => {
    const seen: unknown[] = [];
    await importText(tiny, { onProgress: (progress) => seen.push(progress) }, 20);
    expect(seen.at(-1)).toEqual({ bytesRead: tiny.length, rows: 5 });
    expect(seen).toHaveLength(Math.ceil(tiny.length / 20));
  });

  it("refuses a name that exists, unless it is to be replaced", async () => {
    const { objects, manifest } = await importText(tiny);
    const error = await failureOf(tiny, { objects });
    expect(error.code).toBe("precondition-failed");
    expect(error.message).toMatch(/"tiny" exists already/);
    const next = await importText("1 1:1\n0 2:1\n", { objects, replace: true });
    expect(next.manifest.rows).toBe(2);
    // New rows never overwrite old ones that a run may be reading; the old ones go when the new manifest stands.
    expect(next.manifest.object.key).not.toBe(manifest.object.key);
    expect(await objects.list("")).toEqual(["datasets/tiny/manifest.json", next.manifest.object.key]);
  });

  it("lets only one of two imports of the same name win", async () => {
    const objects = memoryStore();
    const outcomes = await Promise.allSettled([importText(tiny, { objects }), importText(tiny, { objects })]);
    const lost = outcomes.filter((outcome) => outcome.status === "rejected");
    expect(lost).toHaveLength(1);
    expect(lost[0]!.reason).toMatchObject({ code: "precondition-failed" });
  });

  it.each([
    ["a malformed line", "1 1:1\n2 2:x\n", /tiny.txt: line 2, column 5: expected a value .* got "x"/],
    ["index 0", "1 0:1\n", /line 1, column 3: expected an index of at least 1/],
    ["a NaN label", "nan 1:1\n", /line 1, column 1: expected a label .* got "nan"/],
    [
      "three classes",
      "1 1:1\n2 1:1\n1 1:1\n\n3 1:1\n",
      /line 5: .* 1 and 2, got 3; more than two classes: --labels classes, or one against the others \(--positive 3\); numbers to predict: --labels real/,
    ],
    ["one class", "1 1:1\n1 2:1\n", /two label values .* only 1; use --labels real/],
    ["no bytes", "", /got none \(the input is empty\)/],
    ["no rows", "# nothing\n\n", /got none/],
    ["labels only", "1\n2\n", /2 rows with labels only/],
    [
      "a truncated gzip",
      gzipSync(bytesOf(tiny.repeat(100))).subarray(0, 40),
      /tiny.txt: the gzip stream ends too early/,
    ],
    ["a gzip header only", Uint8Array.of(0x1f, 0x8b), /ends too early/],
  ] as const)("refuses %s with a data error", async (_what, input, message) => {
    const error = await failureOf(input);
    expect(error.code).toBe("data");
    expect(error.message).toMatch(message);
  });

  it.each([
    ["bzip2", bzip2, /compressed with bzip2; .* bunzip2 --keep FILE/],
    ["Zstandard in gzip", gzipSync(zstdCompressSync(bytesOf(tiny))), /Zstandard twice; .* unzstd/],
    ["zip", Buffer.from("504b0304140000000000", "hex"), /a zip file, piped .* unzip/],
    ["xz", Buffer.from("fd377a585a000004", "hex"), /compressed with xz; .* unxz/],
    ["gzip in gzip", gzipSync(gzipSync(bytesOf(tiny))), /gzip twice/],
    ["UTF-16", Buffer.from(`\ufeff${tiny}`, "utf16le"), /UTF-16 text; .* iconv/],
    ["big-endian UTF-16", Buffer.from(`\ufeff${tiny}`, "utf16le").swap16(), /UTF-16 text/],
    ["Parquet", Buffer.from("PAR1\x15\x04"), /a Parquet file; give --format parquet/],
  ] as const)(
    "names %s and says what to do, however it is cut into chunks",
    async (_what, input, message) => {
      for (const size of [1, 1000]) {
        const error = await importText(input, {}, size).then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
        expect(error).toMatchObject({ code: "data" });
        expect(String(error)).toMatch(message);
      }
    },
  );

  it("skips a byte order mark, plain or compressed, however it is cut into chunks", async () => {
    const marked = `\ufeff${tiny}`;
    const { manifest } = await importText(tiny);
    for (const [input, size] of [
      [marked, 1],
      [marked, 1000],
      [gzipSync(bytesOf(marked)), 5],
    ] as const) {
      const got = (await importText(input, {}, size)).manifest;
      expect(got.object).toEqual(manifest.object);
      // The source is described as it is, its mark included.
      expect(got.source.sha256).toBe(createHash("sha256").update(marked).digest("hex"));
    }
  });

  it("says where CSV was taken for LIBSVM", async () => {
    for (const text of ["a,b,y\n1,2,3\n", "1,2,3\n", "a;b\n", "1\t2\t0\n"]) {
      expect((await failureOf(text)).message).toMatch(/for CSV give --format csv --label-column NAME$/);
    }
    expect((await failureOf("1 1:1\n1,2 1:1\n")).message).not.toMatch(/CSV/);
  });

  it("closes the stream of what it refuses", async () => {
    for (const input of [bzip2, bytesOf("1 x\n")]) {
      let closed = false;
      async function* chunks() {
        try {
          yield input;
          yield input;
        } finally {
          closed = true;
        }
      }
      const options = { name: "t", sourceName: "t", labels: "binary", objects: memoryStore() } as const;
      await expect(importLibsvm(chunks(), options)).rejects.toThrow(MarinaError);
      expect(closed).toBe(true);
    }
  });

  it("takes Zstandard of many blocks, of all kinds, and refuses it cut off, damaged, or with something behind it", async () => {
    // Compressed blocks, repeated bytes and blocks that can't be compressed.
    const noise = Array.from({ length: 30_000 }, (_, i) => `1 ${(i * 7919) % 65_521}:${Math.sin(i)}`).join(
      "\n",
    );
    const text = `2 1:1\n${" ".repeat(400_000)}\n${tiny.repeat(40_000)}${noise}\n`;
    const packed = zstdCompressSync(bytesOf(text.replaceAll(" 0:", " 1:")), {
      params: { [constants.ZSTD_c_checksumFlag]: 1 },
    });
    const { manifest } = await importText(Buffer.concat([packed, packed]), {}, 65_536);
    expect(manifest.source.bytes).toBe(2 * text.length);
    expect(manifest.rows).toBe(2 * (1 + 5 * 40_000 + 30_000));
    const behind = (more: string) => Buffer.concat([packed, Buffer.from(more)]);
    expect((await failureOf(packed.subarray(0, packed.length >> 1))).message).toMatch(
      /Zstandard stream ends too early/,
    );
    expect((await failureOf(behind("(\xb5/\xfd"))).message).toMatch(/is damaged/);
    expect((await failureOf(behind("1 1:1\n"))).message).toMatch(/Zstandard stream is damaged/);
    const changed = packed.slice();
    changed[packed.length - 2]! ^= 1;
    expect((await failureOf(changed)).message).toMatch(/Zstandard stream is damaged/);
  });

  it("refuses a damaged gzip stream", async () => {
    const damaged = gzipSync(bytesOf(tiny.repeat(100)));
    damaged[damaged.length - 6] = damaged[damaged.length - 6]! ^ 1; // its checksum
    const error = await failureOf(damaged);
    expect(error.code).toBe("data");
    expect(error.message).toMatch(/gzip stream is damaged/);
  });

  it("passes errors of the source on unchanged, from plain and compressed input", async () => {
    const lost = new Error("disk unplugged");
    for (const head of [bytesOf(tiny), gzipSync(bytesOf(tiny)).subarray(0, 20)]) {
      const objects = memoryStore();
      async function* broken() {
        yield head;
        throw lost;
      }
      const options = { name: "tiny", sourceName: "tiny.txt", labels: "binary", objects } as const;
      await expect(importLibsvm(broken(), options)).rejects.toBe(lost);
      expect(await objects.list("")).toEqual([]);
    }
  });

  it("refuses bad names and dimensions before it reads anything", async () => {
    for (const options of [
      { name: "Tiny" },
      { name: "../x" },
      { name: "" },
      { dimension: 0 },
      { dimension: 2 ** 32 },
    ]) {
      expect((await failureOf(tiny, options)).code).toBe("usage");
    }
    expect((await failureOf(tiny, { dimension: 2 })).message).toMatch(/at most 2 \(the dimension given\)/);
  });
});

describe("shards that cross row groups", () => {
  // Groups of 8 MiB: 40,000 rows of 30 entries of 12 bytes are two; only the second one has large indices and fractions.
  const line = (row: number): string => {
    const entries = Array.from({ length: 30 }, (_, k) =>
      row < 30_000 ? `${2 * k + 1 + (row % 2)}:1` : `${2 * k + 70_001}:${row % 2 === 0 ? 0.1 : 2}`,
    );
    return `${row % 3 === 0 ? 1 : -1} ${entries.join(" ")}\n`;
  };
  const rows = 40_000;

  it("hold the same rows as the text, whatever the number of workers", async () => {
    const { objects, manifest } = await importText(
      Array.from({ length: rows }, (_, row) => line(row)).join(""),
    );
    const types = (group: ManifestGroup) =>
      "indexType" in group ? `${group.indexType} ${group.valueType}` : "dense";
    expect((manifest.groups as readonly ManifestGroup[]).map(types)).toEqual([
      "uint16 ones",
      "uint32 float64",
    ]);
    const boundary = manifest.groups[1]!.firstRow;
    const parts = [
      ...partition(rows, 3, "spread"),
      { first: boundary - 1, count: 2 },
      { first: boundary, count: 1 },
    ];
    for (const { first, count } of parts) {
      const range = shardRange(manifest, first, count);
      const { body } = await objects.get(manifest.object.key, { range });
      const shard = openShard(manifest, first, count, body, range);
      expect(shard.rows).toBe(count);
      for (const l of [0, 1, Math.floor(count / 2), count - 1].filter((l) => l < count)) {
        const row = first + l;
        const [label, ...entries] = line(row).trim().split(" ");
        expect(shard.labels[l]).toBe(Number(label));
        const [from, to] = [shard.offsets[l]! - shard.offsets[0]!, shard.offsets[l + 1]! - shard.offsets[0]!];
        const got = Array.from(
          shard.indices.subarray(from, to),
          (j, k) => `${j + 1}:${shard.values?.[from + k] ?? 1}`,
        );
        expect(got).toEqual(entries);
      }
    }
    const inFirst = shardRange(manifest, 0, boundary);
    expect(inFirst).toEqual({ start: 0, end: manifest.groups[0]!.byteLength });
    expect(shardRange(manifest, boundary - 1, 2)).toEqual({ start: 0, end: manifest.object.bytes });
  });
});

describe("openShard", () => {
  it("copies nothing when the rows lie in one group", async () => {
    const { objects, manifest } = await importText("1 1:1\n2 2:0.5\n", { labels: "real" });
    const { body } = await objects.get(manifest.object.key);
    const shard = openShard(manifest, 1, 1, body, { start: 0, end: body.length });
    for (const array of [shard.labels, shard.offsets, shard.indices, shard.values!]) {
      expect(array.buffer).toBe(body.buffer);
    }
  });

  it("refuses bytes of another length, rows that do not exist, and labels that the manifest does not know", async () => {
    const { objects, manifest } = await importText(tiny);
    const { body } = await objects.get(manifest.object.key);
    const range = { start: 0, end: body.length };
    expect(() => openShard(manifest, 0, 5, body.subarray(8), range)).toThrow(/rows-1: expected .* bytes/);
    expect(() => openShard(manifest, 4, 2, body, range)).toThrow(RangeError);
    const changed = body.slice();
    new DataView(changed.buffer).setFloat64(32 + 8, 3, true);
    expect(() => openShard(manifest, 0, 5, changed, range)).toThrow(/label 1 or 2 at row 1 .* got 3/);
  });
});

describe("a manifest", () => {
  const read = (value: unknown) =>
    parseManifest(bytesOf(JSON.stringify(value)), "datasets/tiny/manifest.json");

  it("comes back as it was written", async () => {
    const { manifest } = await importText(tiny);
    expect(parseManifest(encodeManifest(manifest), "m")).toEqual(manifest);
  });

  it("keeps how its file was read, and is readable without that", async () => {
    const { manifest } = await importText(tiny);
    expect(manifest).not.toHaveProperty("reading");
    for (const reading of [
      { format: "libsvm", zeroBased: true },
      { format: "csv", labelColumn: "y", drop: [""], header: false, separator: "\t", missing: "drop-rows" },
    ] as const) {
      const stored = (await importText(tiny, { reading })).manifest;
      expect(parseManifest(encodeManifest(stored), "m")).toEqual({ ...manifest, reading });
    }
    expect(() => read({ ...manifest, reading: { format: "xml" } })).toThrow(/reading.format/);
  });

  it("is refused when it contradicts itself, with the field", async () => {
    const imported = await importText(tiny);
    const manifest = JSON.parse(new TextDecoder().decode(encodeManifest(imported.manifest)));
    const [group] = imported.manifest.groups;
    for (const [changed, message] of [
      [{ ...manifest, rows: 6 }, /manifest.json: rows: expected 5 \(the sum over the groups\), got 6/],
      [{ ...manifest, groups: [{ ...group, byteLength: 8 }] }, /groups.0.byteLength: expected \d+, got 8/],
      [{ ...manifest, groups: [{ ...group, byteOffset: 8 }] }, /groups.0.byteOffset: expected 0, got 8/],
      [{ ...manifest, labels: { ...manifest.labels, positives: 1 } }, /labels: expected one label a row/],
      [{ ...manifest, dimension: 0 }, /dimension: /],
      [{ ...manifest, name: "../x" }, /name: /],
      [[], /import the data set again/],
    ] as const) {
      expect(() => read(changed)).toThrow(message);
      expect(() => read(changed)).toThrow(expect.objectContaining({ code: "corrupt" }));
    }
    expect(() => read({ ...manifest, version: 2 })).toThrow(expect.objectContaining({ code: "version" }));
    expect(() => parseManifest(Uint8Array.of(0xff), "m")).toThrow(
      expect.objectContaining({ code: "corrupt" }),
    );
  });
});
