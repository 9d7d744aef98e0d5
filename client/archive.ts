/**
 * A run in one file: a line of JSON that lists the objects (key, bytes, SHA-256), then their bytes one after the other,
 * all of it compressed with gzip.
 */
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { createGunzip, gzipSync } from "node:zlib";
import * as z from "zod";
import { checked, MarinaError } from "../shared/base/index.ts";
import { NAME_PATTERN, sha256 } from "../shared/protocol/index.ts";

export interface Archive {
  readonly run: string;
  /** Name of the run's data set; its objects may be left out. */
  readonly data: string;
  readonly objects: readonly { readonly key: string; readonly body: Uint8Array }[];
}

const headSchema = z.strictObject({
  format: z.literal("marina-run"),
  version: z.literal(1),
  run: z.string().regex(NAME_PATTERN),
  data: z.string().regex(NAME_PATTERN),
  objects: z.array(
    z.strictObject({
      key: z.string().min(1),
      bytes: z.int().min(0),
      sha256: z.string().regex(/^[0-9a-f]{64}$/, "expected 64 hexadecimal digits"),
    }),
  ),
});
type Head = z.output<typeof headSchema>;

const NEWLINE = 10;
/** A list of a hundred thousand objects, some 200 bytes each, is far below this. */
const HEAD_LIMIT_BYTES = 64_000_000;
/** Deflate makes nothing smaller than by this factor: a list that declares more than the file can hold is refused at once. */
const DEFLATE_LIMIT = 1032;

export function packArchive({ run, data, objects }: Archive): Uint8Array {
  const list = objects.map(({ key, body }) => ({ key, bytes: body.length, sha256: sha256(body) }));
  const head = JSON.stringify({ format: "marina-run", version: 1, run, data, objects: list });
  return gzipSync(Buffer.concat([Buffer.from(`${head}\n`), ...objects.map(({ body }) => body)]));
}

/**
 * Unpacks piece by piece: nothing is held but what the list of objects declares, and unpacking stops at the first byte
 * beyond that.
 * @throws MarinaError "corrupt" or "spec" for bytes that are no archive or were changed.
 */
export async function unpackArchive(file: Uint8Array, source: string): Promise<Archive> {
  const reader = new ArchiveReader(source, file.length);
  const unpacking = createGunzip();
  Readable.from([file]).pipe(unpacking);
  try {
    for await (const piece of unpacking as AsyncIterable<Uint8Array>) reader.take(piece);
  } catch (error) {
    if (error instanceof MarinaError || !isZlibError(error)) throw error;
    throw new MarinaError(
      "corrupt",
      `${source}: expected a file written by marina export, got other bytes, or one that was cut off (${error.message})`,
      { cause: error },
    );
  } finally {
    unpacking.destroy();
  }
  return reader.end();
}

function isZlibError(error: unknown): error is Error {
  return error instanceof Error && "code" in error && String(error.code).startsWith("Z_");
}

/** Takes the unpacked bytes as they come. */
class ArchiveReader {
  readonly #source: string;
  readonly #fileBytes: number;
  readonly #line: Uint8Array[] = [];
  #lineBytes = 0;
  #head: Head | undefined;
  readonly #objects: { key: string; body: Uint8Array }[] = [];
  #body: GrowingBody | undefined;

  constructor(source: string, fileBytes: number) {
    this.#source = source;
    this.#fileBytes = fileBytes;
  }

  take(piece: Uint8Array): void {
    let rest = piece;
    if (this.#head === undefined) {
      const end = rest.indexOf(NEWLINE);
      this.#line.push(end < 0 ? rest : rest.subarray(0, end));
      this.#lineBytes += end < 0 ? rest.length : end;
      if (this.#lineBytes > HEAD_LIMIT_BYTES)
        throw this.#corrupt(`expected a list of objects of at most ${HEAD_LIMIT_BYTES} bytes`);
      if (end < 0) return;
      this.#head = this.#parseHead(Buffer.concat(this.#line));
      rest = rest.subarray(end + 1);
      this.#next(this.#head);
    }
    while (rest.length > 0) {
      if (this.#body === undefined) throw this.#corrupt("there are bytes after the last object");
      rest = this.#body.take(rest);
      this.#next(this.#head);
    }
  }

  /** Whole objects are put away; those without bytes need none to come. */
  #next({ objects }: Head): void {
    for (;;) {
      if (this.#body?.isWhole === false) return;
      if (this.#body !== undefined) this.#objects.push(this.#finish(this.#body));
      const declared = objects[this.#objects.length];
      this.#body = declared === undefined ? undefined : new GrowingBody(declared);
      if (declared === undefined) return;
    }
  }

  #finish(body: GrowingBody): { key: string; body: Uint8Array } {
    const { key } = body.declared;
    if (body.sha256() !== body.declared.sha256)
      throw this.#corrupt(`${key} was changed since the export; export the run again`);
    return { key, body: body.bytes() };
  }

  #parseHead(line: Uint8Array): Head {
    let value: unknown;
    try {
      value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(line));
    } catch (error) {
      throw this.#corrupt("expected a file written by marina export; its list of objects is no JSON", error);
    }
    const head = checked(headSchema, value, this.#source);
    const keys = new Set<string>();
    let declared = 0;
    for (const { key, bytes } of head.objects) {
      if (keys.has(key)) throw this.#corrupt(`${key} is listed twice`);
      keys.add(key);
      declared += bytes;
    }
    if (declared > DEFLATE_LIMIT * this.#fileBytes) {
      throw this.#corrupt(
        `lists objects of ${declared} bytes, more than ${this.#fileBytes} bytes can unpack to`,
      );
    }
    return head;
  }

  end(): Archive {
    if (this.#head === undefined) throw this.#corrupt("expected a file written by marina export, got none");
    if (this.#body !== undefined) {
      const { declared, length } = this.#body;
      throw this.#corrupt(`${declared.key} was cut off: expected ${declared.bytes} bytes, got ${length}`);
    }
    const { run, data } = this.#head;
    return { run, data, objects: this.#objects };
  }

  #corrupt(what: string, cause?: unknown): MarinaError {
    return new MarinaError("corrupt", `${this.#source}: ${what}`, { cause });
  }
}

/** An object of declared size whose memory grows with the bytes that have come, and its checksum with them. */
class GrowingBody {
  readonly declared: Head["objects"][number];
  readonly #hash = createHash("sha256");
  /** A memory of its own: aligned, as the views into it need. */
  #memory = new Uint8Array(0);
  length = 0;

  constructor(declared: Head["objects"][number]) {
    this.declared = declared;
  }

  get isWhole(): boolean {
    return this.length === this.declared.bytes;
  }

  /** Takes what belongs to the object and gives back the rest. */
  take(piece: Uint8Array): Uint8Array {
    const own = piece.subarray(0, this.declared.bytes - this.length);
    const needed = this.length + own.length;
    if (needed > this.#memory.length) {
      const larger = new Uint8Array(Math.min(this.declared.bytes, Math.max(needed, 2 * this.#memory.length)));
      larger.set(this.#memory.subarray(0, this.length));
      this.#memory = larger;
    }
    this.#memory.set(own, this.length);
    this.#hash.update(own);
    this.length = needed;
    return piece.subarray(own.length);
  }

  sha256(): string {
    return this.#hash.digest("hex");
  }

  /** Once whole. */
  bytes(): Uint8Array {
    return this.#memory;
  }
}
