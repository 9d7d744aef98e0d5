/** Objects of an embedded cloud's home, as they are on disk now: for looking on while another process writes them. */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { etagOf } from "../../embedded/index.ts";
import { MarinaError } from "../../shared/base/index.ts";
import type { ObjectStore } from "../../shared/cloud/index.ts";

/** Reads only. Files are put in their place whole, so none is ever seen half written. */
export function folderReader(home: string): Pick<ObjectStore, "get" | "list"> {
  const root = resolve(home, "objects");
  return {
    async get(key) {
      const body = orMissing(() => readFileSync(join(root, ...key.split("/"))));
      if (body === undefined) throw new MarinaError("not-found", `object ${key}: no such file in ${root}`);
      return { body: new Uint8Array(body.buffer, body.byteOffset, body.length), etag: etagOf(body) };
    },

    async list(prefix) {
      // Prefixes end at a folder or in the name of one.
      const folder = prefix.slice(0, prefix.lastIndexOf("/") + 1);
      const entries = orMissing(() =>
        readdirSync(join(root, folder), { recursive: true, withFileTypes: true }),
      );
      return (entries ?? [])
        .filter((entry) => entry.isFile())
        .map((entry) =>
          join(entry.parentPath, entry.name)
            .slice(root.length + 1)
            .replaceAll("\\", "/"),
        )
        .filter((key) => key.startsWith(prefix))
        .sort();
    },
  };
}

function orMissing<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
}
