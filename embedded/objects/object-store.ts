/** Objects in memory, perhaps over a folder: S3's conditional writes, ranges and listings, synchronously. */
import { Buffer } from "node:buffer";
import { hash } from "node:crypto";
import { MarinaError } from "../../shared/base/index.ts";
import type { ByteRange, PutCondition, StoredObject } from "../../shared/cloud/index.ts";

/** Where objects are kept when the process is gone. */
export interface ObjectFolder {
  /** Every object there is, and its size in bytes. */
  entries(): Iterable<readonly [key: string, size: number]>;
  /** @throws MarinaError `usage` when the key can't be a file of this folder. */
  check(key: string): void;
  /** The whole object, or a range of it, as it is now; undefined when it is not there (any more). */
  read(key: string, range?: ByteRange): FileVersion | undefined;
  /** The ETag of what is stored now, from its bytes. */
  etag(key: string): (Omit<FileVersion, "body"> & { readonly etag: string }) | undefined;
  write(key: string, body: Uint8Array): void;
  /** Writes a new object; false when there is one already, whoever wrote it. */
  create(key: string, body: Uint8Array): boolean;
  /** Writes without holding more than a chunk. */
  writeStream(key: string, chunks: Chunks): Promise<{ readonly etag: string; readonly size: number }>;
  remove(key: string): void;
}

/** One version of a stored object, or a part of it. */
export interface FileVersion {
  readonly body: Uint8Array;
  /** Of the whole object. */
  readonly size: number;
  /** Differs from that of every other version. */
  readonly version: string;
}

export type Chunks = AsyncIterable<Uint8Array>;

interface Entry {
  size: number;
  etag: string | null;
  /** The one on disk that `size` and `etag` were taken from; null before anything was read of it. */
  version: string | null;
  /** Kept: small, or not stored yet. */
  body: Uint8Array | null;
  /** Large and stored: shared by whoever still holds it, so that many readers of the whole cost one copy. */
  shared: WeakRef<Uint8Array> | null;
}

/** Objects larger than this stay on disk: ranges are read from there. */
export const RESIDENT_LIMIT_BYTES = 64 * 1024 * 1024;

/** Each read finds one version; so many in a row that each time another one was there are no coincidence. */
const READS_OF_ONE_VERSION = 100;

/** S3's ETag of a simple upload: the MD5 of the bytes, in quotes. */
export function etagOf(body: Uint8Array): string {
  return `"${hash("md5", body)}"`;
}

/** All chunks as one array. */
export async function gather(chunks: Chunks): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}

/**
 * The store's state and laws; whoever wraps it adds the waiting. With a folder, writes reach it at the next `flush`.
 * Errors are those of the ObjectStore port.
 */
export class EmbeddedObjects {
  readonly #entries = new Map<string, Entry>();
  readonly #folder: ObjectFolder | undefined;
  /** Keys to write or remove, in the order of their last change. */
  readonly #dirty = new Set<string>();
  #versions = 0;

  constructor(folder?: ObjectFolder) {
    this.#folder = folder;
    for (const [key, size] of folder?.entries() ?? []) {
      this.#entries.set(key, { size, etag: null, body: null, version: null, shared: null });
    }
  }

  get(key: string, options: { readonly range?: ByteRange; readonly ifMatch?: string } = {}): StoredObject {
    const entry = this.#entries.get(key);
    if (entry === undefined) throw noSuchKey(key);
    // Another process may replace what is not held here: then all is looked up anew, so that ETag and bytes belong together.
    for (let reads = 0; reads < READS_OF_ONE_VERSION; reads++) {
      const etag = this.#etag(key, entry);
      if (options.ifMatch !== undefined && options.ifMatch !== etag) {
        throw new MarinaError(
          "precondition-failed",
          `object ${key}: expected ETag ${options.ifMatch}, it is ${etag}: someone wrote it in between`,
        );
      }
      const body = this.#bytes(key, entry, options.range);
      if (body !== undefined) return { body, etag };
    }
    throw new MarinaError(
      "unavailable",
      `object ${key}: another process replaces it faster than it can be read; try again`,
    );
  }

  has(key: string): boolean {
    return this.#entries.has(key);
  }

  put(key: string, body: Uint8Array, condition?: PutCondition): string {
    this.#folder?.check(key);
    this.#meet(key, condition);
    // What is written again and again behind a condition is named by a number: an MD5 would take longer than all the rest,
    // and only the writer of the next version asks for the name.
    const etag =
      condition !== undefined && "ifMatch" in condition ? `"version-${++this.#versions}"` : etagOf(body);
    this.#entries.set(key, { size: body.length, etag, body, version: null, shared: null });
    this.#touch(key);
    return etag;
  }

  /** A large upload in chunks, straight to the folder if there is one. Returns the ETag. */
  async putStream(key: string, chunks: Chunks): Promise<string> {
    const folder = this.#folder;
    if (folder === undefined) {
      return this.put(key, await gather(chunks));
    }
    folder.check(key);
    const { etag, size } = await folder.writeStream(key, chunks);
    this.#dirty.delete(key);
    this.#entries.set(key, { size, etag, body: null, version: null, shared: null });
    return etag;
  }

  /**
   * Creates an object that nobody must have created before, other processes included; they see it from then on, and
   * before it whatever was written before it. @returns the ETag.
   */
  create(key: string, body: Uint8Array): string {
    const etag = this.put(key, body, { ifNoneMatch: "*" });
    const folder = this.#folder;
    if (folder === undefined) return etag;
    this.#dirty.delete(key);
    try {
      this.flush();
      if (folder.create(key, body)) return etag;
    } catch (error) {
      this.#entries.delete(key);
      throw error;
    }
    this.#entries.set(key, { size: body.length, etag: null, body: null, version: null, shared: null });
    throw exists(key);
  }

  delete(key: string): void {
    if (this.#entries.delete(key)) this.#touch(key);
  }

  /** Keys that begin with the prefix, sorted. */
  list(prefix: string): string[] {
    const keys: string[] = [];
    for (const key of this.#entries.keys()) if (key.startsWith(prefix)) keys.push(key);
    return keys.sort();
  }

  /**
   * Writes what changed since the last flush, in the order of the last change of each key, deletions after all
   * writes: an object never reaches the disk before what was written ahead of it, so whatever a crash leaves behind
   * can be resumed from.
   *
   * @throws MarinaError `unavailable` when the folder can't be written; what was not written stays to be.
   */
  flush(): void {
    const folder = this.#folder;
    if (folder === undefined || this.#dirty.size === 0) return;
    const removed: string[] = [];
    for (const key of this.#dirty) {
      const entry = this.#entries.get(key);
      if (entry === undefined) {
        removed.push(key);
        continue;
      }
      folder.write(key, entry.body!);
      this.#dirty.delete(key);
      if (entry.size > RESIDENT_LIMIT_BYTES) {
        entry.shared = new WeakRef(entry.body!);
        entry.body = null;
      }
    }
    for (const key of removed) {
      folder.remove(key);
      this.#dirty.delete(key);
    }
  }

  /** Looks below this prefix again, where other processes may have written; what is not flushed yet stays as it is here. */
  refresh(prefix: string): void {
    const folder = this.#folder;
    if (folder === undefined) return;
    for (const key of this.list(prefix)) if (!this.#dirty.has(key)) this.#entries.delete(key);
    for (const [key, size] of folder.entries()) {
      if (!key.startsWith(prefix) || this.#dirty.has(key)) continue;
      this.#entries.set(key, { size, etag: null, body: null, version: null, shared: null });
    }
  }

  #touch(key: string): void {
    if (this.#folder === undefined) return;
    this.#dirty.delete(key);
    this.#dirty.add(key);
  }

  #meet(key: string, condition: PutCondition | undefined): void {
    if (condition === undefined) return;
    const entry = this.#entries.get(key);
    if ("ifNoneMatch" in condition) {
      if (entry !== undefined) {
        throw exists(key);
      }
      return;
    }
    if (entry === undefined) {
      throw new MarinaError(
        "not-found",
        `object ${key}: expected ETag ${condition.ifMatch}, but there is no such key`,
      );
    }
    const etag = this.#etag(key, entry);
    if (etag !== condition.ifMatch) {
      throw new MarinaError(
        "precondition-failed",
        `object ${key}: expected ETag ${condition.ifMatch}, it is ${etag}: someone wrote it in between`,
      );
    }
  }

  #etag(key: string, entry: Entry): string {
    if (entry.etag !== null) return entry.etag;
    if (held(entry) === undefined && entry.size > RESIDENT_LIMIT_BYTES) {
      const stored = this.#folder!.etag(key) ?? this.#gone(key);
      entry.size = stored.size;
      entry.version = stored.version;
      entry.etag = stored.etag;
      return stored.etag;
    }
    entry.etag = etagOf(held(entry) ?? this.#load(key, entry));
    return entry.etag;
  }

  /** @returns undefined where what is stored is not what the entry says any more; it then says what is. */
  #bytes(key: string, entry: Entry, range: ByteRange | undefined): Uint8Array | undefined {
    if (range !== undefined && !(range.start >= 0 && range.start < range.end && range.start < entry.size)) {
      throw new MarinaError(
        "usage",
        `object ${key}: range ${range.start} to ${range.end} (exclusive) selects nothing of its ${entry.size} bytes`,
      );
    }
    const body = held(entry);
    if (body !== undefined) return range === undefined ? body : body.subarray(range.start, range.end);
    const stored = this.#folder!.read(key, range) ?? this.#gone(key);
    const same = stored.size === entry.size && (entry.version === null || entry.version === stored.version);
    entry.version = stored.version;
    if (!same) {
      entry.size = stored.size;
      entry.etag = null;
      return undefined;
    }
    if (range === undefined) entry.shared = new WeakRef(stored.body);
    return stored.body;
  }

  /** Reads a whole object and keeps it, if it is small. */
  #load(key: string, entry: Entry): Uint8Array {
    const { body, size, version } = this.#folder!.read(key) ?? this.#gone(key);
    entry.size = size;
    entry.version = version;
    if (size <= RESIDENT_LIMIT_BYTES) entry.body = body;
    else entry.shared = new WeakRef(body);
    return body;
  }

  /** Another process has deleted it. */
  #gone(key: string): never {
    this.#entries.delete(key);
    throw noSuchKey(key);
  }
}

function held({ body, shared }: Entry): Uint8Array | undefined {
  return body ?? shared?.deref();
}

function noSuchKey(key: string): MarinaError {
  return new MarinaError("not-found", `object ${key}: no such key`);
}

function exists(key: string): MarinaError {
  return new MarinaError("precondition-failed", `object ${key}: expected a new key, but it exists`);
}
