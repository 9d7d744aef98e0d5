/** Objects of an embedded cloud's home, as they are on disk now: for looking on while another process writes them. */
import { createHash } from "node:crypto";
import { closeSync, fstatSync, openSync, readdirSync, readFileSync, readSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { etagOf, explainDiskError } from "../../embedded/index.ts";
import { MarinaError } from "../../shared/base/index.ts";
import type { StoredFile } from "../../shared/cloud/aws/index.ts";
import type { ByteRange, ObjectStore, StoredObject } from "../../shared/cloud/index.ts";

const CHUNK_BYTES = 1 << 20;

/** Reads only. Files are put in their place whole, so none is ever seen half written. */
export function folderReader(home: string): Pick<ObjectStore, "get" | "list"> {
  const root = resolve(home, "objects");
  const hashed = new Map<string, string>();
  return {
    async get(key, { range, ifMatch } = {}) {
      const path = join(root, ...key.split("/"));
      const found = orMissing(root, () =>
        range === undefined ? whole(path) : part(path, range, ifMatch === undefined ? undefined : hashed),
      );
      if (found === undefined) throw new MarinaError("not-found", `object ${key}: no such file in ${root}`);
      if (ifMatch === undefined || ifMatch === found.etag) return found;
      throw new MarinaError(
        "precondition-failed",
        `object ${key}: expected ETag ${ifMatch}, it is ${found.etag}: someone wrote it in between`,
      );
    },

    async list(prefix) {
      return keysOf(root, prefix);
    },
  };
}

function whole(path: string): StoredObject {
  const body = readFileSync(path);
  return { body: new Uint8Array(body.buffer, body.byteOffset, body.length), etag: etagOf(body) };
}

/**
 * Some bytes of a file, and no more in memory.
 * @param hashed ETags by version of a file: a large one is hashed once. Undefined where the ETag is not asked for.
 */
function part(
  path: string,
  { start, end }: ByteRange,
  hashed: Map<string, string> | undefined,
): StoredObject {
  const file = openSync(path, "r");
  try {
    const { ino, mtimeNs, size } = fstatSync(file, { bigint: true });
    const body = new Uint8Array(Math.max(0, Math.min(end, Number(size)) - start));
    let done = 0;
    for (let read = -1; done < body.length && read !== 0; done += read)
      read = readSync(file, body, done, Math.min(body.length - done, 1 << 30), start + done);
    if (hashed === undefined) return { body, etag: "" };
    // Files are replaced, never written over: another version has another inode, or at least another time.
    const version = `${path} ${ino}.${mtimeNs}.${size}`;
    const etag = hashed.get(version) ?? hashOf(file);
    hashed.set(version, etag);
    return { body, etag };
  } finally {
    closeSync(file);
  }
}

/** As `etagOf`, without the whole file in memory. */
function hashOf(file: number): string {
  const md5 = createHash("md5");
  const buffer = new Uint8Array(CHUNK_BYTES);
  let at = 0;
  for (let read = readSync(file, buffer, 0, CHUNK_BYTES, at); read > 0; ) {
    md5.update(buffer.subarray(0, read));
    at += read;
    read = readSync(file, buffer, 0, CHUNK_BYTES, at);
  }
  return `"${md5.digest("hex")}"`;
}

/** The same objects with their sizes and times. */
export function storedFiles(home: string, prefix: string): StoredFile[] {
  const root = resolve(home, "objects");
  return keysOf(root, prefix).flatMap((key) => {
    const stat = orMissing(root, () => statSync(join(root, ...key.split("/"))));
    return stat === undefined ? [] : [{ key, bytes: stat.size, writtenAt: stat.mtimeMs }];
  });
}

function keysOf(root: string, prefix: string): string[] {
  // Prefixes end at a folder or in the name of one.
  const folder = prefix.slice(0, prefix.lastIndexOf("/") + 1);
  return [...filesIn(root, join(root, folder), folder)].filter((key) => key.startsWith(prefix)).sort();
}

/** Folder by folder: one that is taken away meanwhile takes nothing else out of the list. */
function* filesIn(root: string, folder: string, prefix: string): Generator<string> {
  for (const entry of orMissing(root, () => readdirSync(folder, { withFileTypes: true })) ?? []) {
    if (entry.isDirectory()) yield* filesIn(root, join(folder, entry.name), `${prefix}${entry.name}/`);
    else if (entry.isFile()) yield prefix + entry.name;
  }
}

function orMissing<T>(root: string, read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw explainDiskError(root, "read", error);
  }
}
