/** Objects of an embedded cloud's home, as they are on disk now: for looking on while another process writes them. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { etagOf, explainDiskError } from "../../embedded/index.ts";
import { MarinaError } from "../../shared/base/index.ts";
import type { StoredFile } from "../../shared/cloud/aws/index.ts";
import type { ObjectStore } from "../../shared/cloud/index.ts";

/** Reads only. Files are put in their place whole, so none is ever seen half written. */
export function folderReader(home: string): Pick<ObjectStore, "get" | "list"> {
  const root = resolve(home, "objects");
  return {
    async get(key) {
      const body = orMissing(root, () => readFileSync(join(root, ...key.split("/"))));
      if (body === undefined) throw new MarinaError("not-found", `object ${key}: no such file in ${root}`);
      return { body: new Uint8Array(body.buffer, body.byteOffset, body.length), etag: etagOf(body) };
    },

    async list(prefix) {
      return keysOf(root, prefix);
    },
  };
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
