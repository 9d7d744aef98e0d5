import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MarinaError } from "../shared/base/errors.ts";
import { sha256 } from "../shared/protocol/digest.ts";
import { type Archive, packArchive, unpackArchive } from "./archive.ts";

const body = fc.uint8Array({ maxLength: 300 });
const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/);
const archives: fc.Arbitrary<Archive> = fc.record({
  run: name,
  data: name,
  objects: fc.uniqueArray(fc.record({ key: fc.string({ minLength: 1 }), body }), {
    selector: ({ key }) => key,
    maxLength: 6,
  }),
});

/** A file with any list of objects, and any bytes after it. */
function fileOf(head: unknown, ...bodies: readonly Uint8Array[]): Uint8Array {
  return gzipSync(Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), ...bodies]));
}

function headOf(objects: readonly { key: string; bytes: number; sha256: string }[]) {
  return { format: "marina-run", version: 1, run: "r", data: "d", objects };
}

/** Reads; passes only when an archive or a MarinaError came out. */
async function survives(file: Uint8Array): Promise<void> {
  try {
    await unpackArchive(file, "file");
  } catch (error) {
    if (!(error instanceof MarinaError)) throw error;
  }
}

/** Bytes of buffers that reading a file took at its worst, looked at between the pieces. */
async function memoryOf(file: Uint8Array): Promise<number> {
  const before = process.memoryUsage().arrayBuffers;
  let most = 0;
  const look = setInterval(() => {
    most = Math.max(most, process.memoryUsage().arrayBuffers - before);
  }, 0);
  await survives(file);
  clearInterval(look);
  return Math.max(most, process.memoryUsage().arrayBuffers - before);
}

describe("an archive", () => {
  it("is read back as it was written, each object in memory of its own", async () => {
    await fc.assert(
      fc.asyncProperty(archives, async (archive) => {
        const read = await unpackArchive(packArchive(archive), "file");
        expect(read).toEqual(archive);
        for (const { body: own } of read.objects) {
          expect(own.byteOffset).toBe(0);
          expect(own.buffer.byteLength).toBe(own.length);
        }
      }),
    );
  });

  it("of several megabytes, which come in many pieces, is read back as it was written", async () => {
    const big = Uint8Array.from({ length: 3_000_001 }, (_, i) => (i * i) >> 3);
    const objects = [
      { key: "a", body: big },
      { key: "b", body: new Uint8Array(0) },
      { key: "c", body: big.subarray(7) },
    ];
    const read = await unpackArchive(packArchive({ run: "r", data: "d", objects }), "file");
    expect(read.objects.map(({ key, body: own }) => [key, sha256(own)])).toEqual(
      objects.map(({ key, body: own }) => [key, sha256(own)]),
    );
  });
});

describe("the reader of archives throws nothing but MarinaErrors", () => {
  it("at arbitrary bytes, packed or not", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 500 }), async (bytes) => {
        await survives(bytes);
        await survives(gzipSync(bytes));
      }),
    );
  });

  it("at arbitrary lists of objects before arbitrary bytes", async () => {
    const listed = fc.record({
      key: fc.string(),
      bytes: fc.oneof(fc.nat({ max: 400 }), fc.maxSafeNat(), fc.constantFrom(-1, 0.5)),
      sha256: fc.oneof(fc.string(), fc.constant(sha256(new Uint8Array(0)))),
    });
    const head = fc.oneof(fc.json(), fc.array(listed, { maxLength: 5 }).map(headOf));
    await fc.assert(
      fc.asyncProperty(head, body, (value, bytes) => survives(fileOf(value, bytes))),
      { numRuns: 300 },
    );
  });

  it("at archives with changed bytes, inside the compression or outside", async () => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), {
      minLength: 1,
      maxLength: 4,
    });
    await fc.assert(
      fc.asyncProperty(archives, changes, fc.boolean(), async (archive, places, inside) => {
        const file = new Uint8Array(packArchive(archive));
        const list = archive.objects.map(({ key, body: own }) => ({
          key,
          bytes: own.length,
          sha256: sha256(own),
        }));
        const plain = Buffer.concat([
          Buffer.from(`${JSON.stringify({ ...headOf(list), run: archive.run, data: archive.data })}\n`),
          ...archive.objects.map(({ body: own }) => own),
        ]);
        const bytes = inside ? plain : file;
        for (const [at, value] of places) bytes[at % bytes.length] = value;
        await survives(inside ? gzipSync(plain) : file);
      }),
      { numRuns: 300 },
    );
  });
});

describe("a file is refused", () => {
  const three = { key: "a", bytes: 3, sha256: sha256(Uint8Array.of(1, 2, 3)) };

  it.each([
    [
      "cut off inside an object",
      fileOf(headOf([three]), Uint8Array.of(1, 2)),
      /a was cut off: expected 3 bytes, got 2/,
    ],
    [
      "with bytes too many",
      fileOf(headOf([three]), Uint8Array.of(1, 2, 3, 4)),
      /bytes after the last object/,
    ],
    ["with other bytes", fileOf(headOf([three]), Uint8Array.of(1, 2, 4)), /a was changed since the export/],
    ["that lists an object twice", fileOf(headOf([three, three]), new Uint8Array(6)), /a is listed twice/],
    ["for a run with a path for a name", fileOf({ ...headOf([]), run: "../x" }), /run/],
    ["without anything in it", gzipSync(new Uint8Array(0)), /got none/],
  ] as const)("%s", async (_what, file, error) => {
    await expect(unpackArchive(file, "file")).rejects.toThrow(error);
  });

  it("that lists more than it can hold, before anything is unpacked", async () => {
    const file = fileOf(headOf([{ ...three, bytes: 4e12 }]));
    await expect(unpackArchive(file, "file")).rejects.toThrow(
      /4000000000000 bytes, more than \d+ bytes can unpack to/,
    );
  });

  it("that unpacks to far more than it lists at the first byte too many, at the cost of a few pieces", async () => {
    // 100 MB of zeros in 100 KB.
    const bomb = fileOf(headOf([three]), Buffer.alloc(100_000_000));
    expect(bomb.length).toBeLessThan(300_000);
    await expect(unpackArchive(bomb, "file")).rejects.toThrow(MarinaError);
    expect(await memoryOf(bomb)).toBeLessThan(20_000_000);
  });

  it("whose list never ends, at the cost of its limit", async () => {
    const endless = gzipSync(Buffer.alloc(66_000_000, "["));
    await expect(unpackArchive(endless, "file")).rejects.toThrow(/list of objects of at most 64000000 bytes/);
  });
});
