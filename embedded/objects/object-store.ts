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
  read(key: string, range: ByteRange): Uint8Array;
  /** The ETag of what is stored, from its bytes. */
  etag(key: string): string;
  write(key: string, body: Uint8Array): void;
  /** Writes without holding more than a chunk. */
  writeStream(key: string, chunks: Chunks): Promise<{ readonly etag: string; readonly size: number }>;
  remove(key: string): void;
}

export type Chunks = AsyncIterable<Uint8Array>;

interface Entry {
  readonly size: number;
  etag: string | null;
  /** Kept: small, or not stored yet. */
  body: Uint8Array | null;
  /** Large and stored: shared by whoever still holds it, so that many readers of the whole cost one copy. */
  shared: WeakRef<Uint8Array> | null;
}

/** Objects larger than this stay on disk: ranges are read from there. */
export const RESIDENT_LIMIT_BYTES = 64 * 1024 * 1024;

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
      this.#entries.set(key, { size, etag: null, body: null, shared: null });
    }
  }

  get(key: string, options: { readonly range?: ByteRange; readonly ifMatch?: string } = {}): StoredObject {
    const entry = this.#entries.get(key);
    if (entry === undefined) throw new MarinaError("not-found", `object ${key}: no such key`);
    const etag = this.#etag(key, entry);
    if (options.ifMatch !== undefined && options.ifMatch !== etag) {
      throw new MarinaError(
        "precondition-failed",
        `object ${key}: expected ETag ${options.ifMatch}, it is ${etag}: someone wrote it in between`,
      );
    }
    const { range } = options;
    if (range === undefined) return { body: this.#whole(key, entry), etag };
    if (!(range.start >= 0 && range.start < range.end && range.start < entry.size)) {
      throw new MarinaError(
        "usage",
        `object ${key}: range ${range.start} to ${range.end} (exclusive) selects nothing of its ${entry.size} bytes`,
      );
    }
    const end = Math.min(range.end, entry.size);
    return { body: this.#part(key, entry, { start: range.start, end }), etag };
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
    this.#entries.set(key, { size: body.length, etag, body, shared: null });
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
    this.#entries.set(key, { size, etag, body: null, shared: null });
    return etag;
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
        throw new MarinaError("precondition-failed", `object ${key}: expected a new key, but it exists`);
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
    entry.etag ??= this.#folder!.etag(key);
    return entry.etag;
  }

  #whole(key: string, entry: Entry): Uint8Array {
    const held = entry.body ?? entry.shared?.deref();
    if (held !== undefined) return held;
    const body = this.#folder!.read(key, { start: 0, end: entry.size });
    if (entry.size <= RESIDENT_LIMIT_BYTES) entry.body = body;
    else entry.shared = new WeakRef(body);
    return body;
  }

  #part(key: string, entry: Entry, range: ByteRange): Uint8Array {
    if (entry.body === null && entry.size > RESIDENT_LIMIT_BYTES) {
      const held = entry.shared?.deref();
      return held?.subarray(range.start, range.end) ?? this.#folder!.read(key, range);
    }
    return this.#whole(key, entry).subarray(range.start, range.end);
  }
}
