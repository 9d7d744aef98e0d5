/** A folder of objects: `<home>/objects/<key>`, each written whole or not at all. */
import { createHash } from "node:crypto";
import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { dirname, join, resolve, sep } from "node:path";
import { MarinaError } from "../../shared/base/index.ts";
import type { ByteRange } from "../../shared/cloud/index.ts";
import { giveName } from "../home/whole-file.ts";
import { isAlive } from "./living-process.ts";
import type { Chunks, FileVersion, ObjectFolder } from "./object-store.ts";

const CHUNK_BYTES = 4 * 1024 * 1024;

/** Numbers the half-written files of this process, whichever folder they are in. */
let partialsMade = 0;

/**
 * Opens `<home>/objects`, and `<home>/partial`, where files are written before they are moved to their place; both are made
 * with the first write, so that a home which can only be read can be looked at. Everything is synchronous, so that a
 * virtual clock never mistakes a read for quiet.
 *
 * Other processes may write to the same folder. A file is put in its place whole, and read through one handle: what is
 * read is one version of it, even where another takes its place meanwhile.
 *
 * @throws MarinaError `unavailable` when the folder can't be read.
 */
export function openFolder(home: string): ObjectFolder {
  const root = resolve(home, "objects");
  const partial = resolve(home, "partial");
  guard(home, "read", () => {
    if (statSync(home, { throwIfNoEntry: false })?.isDirectory() === false) throw notAFolder();
    removeAbandoned(partial);
  });
  const pathOf = (key: string): string => {
    checkKey(key);
    return join(root, ...key.split("/"));
  };
  const newPartial = (): string => {
    guard(partial, "make", () => mkdirSync(partial, { recursive: true }));
    return join(partial, `${process.pid}-${partialsMade++}`);
  };

  const place = (temporary: string, key: string): void => {
    const path = pathOf(key);
    mkdirSync(dirname(path), { recursive: true });
    renameSync(temporary, path);
  };

  return {
    check: checkKey,

    entries: () => guard(root, "list", () => [...listFiles(root, "")]),

    read(key, range) {
      const path = pathOf(key);
      return guardMissing(path, () => readVersion(path, range));
    },

    etag(key) {
      const path = pathOf(key);
      return guardMissing(path, () => {
        const md5 = createHash("md5");
        const file = openSync(path, "r");
        try {
          const buffer = new Uint8Array(CHUNK_BYTES);
          for (let n = readSync(file, buffer); n > 0; n = readSync(file, buffer))
            md5.update(buffer.subarray(0, n));
          const { size, version } = stateOf(file);
          return { etag: `"${md5.digest("hex")}"`, size, version };
        } finally {
          closeSync(file);
        }
      });
    },

    create(key, body) {
      const path = pathOf(key);
      const temporary = newPartial();
      return guard(path, "write", () => {
        let created = true;
        withFile(
          temporary,
          (file) => writeAll(file, body),
          () => {
            mkdirSync(dirname(path), { recursive: true });
            created = giveName(temporary, path);
            rmSync(temporary, { force: true });
          },
        );
        return created;
      });
    },

    write(key, body) {
      const temporary = newPartial();
      guard(pathOf(key), "write", () =>
        withFile(
          temporary,
          (file) => {
            writeAll(file, body);
          },
          () => {
            place(temporary, key);
          },
        ),
      );
    },

    async writeStream(key, chunks: Chunks) {
      const path = pathOf(key);
      const temporary = newPartial();
      const md5 = createHash("md5");
      let size = 0;
      const file = guard(path, "write", () => openSync(temporary, "wx"));
      try {
        try {
          for await (const chunk of chunks) {
            guard(path, "write", () => {
              writeAll(file, chunk);
            });
            md5.update(chunk);
            size += chunk.length;
          }
        } finally {
          closeSync(file);
        }
        guard(path, "write", () => {
          place(temporary, key);
        });
      } catch (error) {
        rmSync(temporary, { force: true });
        throw error;
      }
      return { etag: `"${md5.digest("hex")}"`, size };
    },

    remove(key) {
      const path = pathOf(key);
      guard(path, "remove", () => {
        rmSync(path, { force: true });
        removeEmptyFolders(dirname(path), root);
      });
    },
  };
}

/** @throws MarinaError `usage` for a key that is not a plain relative path, so none can lead out of the folder. */
function checkKey(key: string): void {
  const bad = key
    .split("/")
    .some(
      (part) => part === "" || part === "." || part === ".." || part.includes("\\") || part.includes("\0"),
    );
  if (bad) {
    throw new MarinaError(
      "usage",
      `object key ${JSON.stringify(key)}: expected names joined by "/", none of them empty, "." or "..", ` +
        "without backslash or NUL: keys become file names",
    );
  }
}

function* listFiles(folder: string, prefix: string): Generator<readonly [string, number]> {
  for (const entry of foundOr([], () => readdirSync(folder, { withFileTypes: true }))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* listFiles(path, `${prefix}${entry.name}/`);
    else if (entry.isFile()) {
      const state = statSync(path, { throwIfNoEntry: false });
      if (state !== undefined) yield [prefix + entry.name, state.size];
    }
  }
}

/** Another process may have taken away what was listed a moment ago. */
function foundOr<T>(otherwise: T, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return otherwise;
    throw error;
  }
}

/** A file as it is now: its bytes, or those of a range, and which version of it they are of. */
function readVersion(path: string, range: ByteRange | undefined): FileVersion {
  const file = openSync(path, "r");
  try {
    const { size, version } = stateOf(file);
    const start = range?.start ?? 0;
    const body = new Uint8Array(Math.max(0, Math.min(range?.end ?? size, size) - start));
    let done = 0;
    while (done < body.length) {
      const read = readSync(file, body, done, Math.min(body.length - done, 1 << 30), start + done);
      if (read === 0) break;
      done += read;
    }
    return { body, size, version };
  } finally {
    closeSync(file);
  }
}

/** Files are replaced, never written over: another version has another inode, or at least another time. */
function stateOf(file: number): { readonly size: number; readonly version: string } {
  const { ino, mtimeNs, size } = fstatSync(file, { bigint: true });
  return { size: Number(size), version: `${ino}.${mtimeNs}.${size}` };
}

function writeAll(file: number, body: Uint8Array): void {
  let done = 0;
  while (done < body.length) done += writeSync(file, body, done, Math.min(body.length - done, 1 << 30));
}

/** Writes a new file and goes on; a file that could not be finished is taken away again. */
function withFile(path: string, write: (file: number) => void, then: () => void): void {
  try {
    const file = openSync(path, "wx");
    try {
      write(file);
    } finally {
      closeSync(file);
    }
    then();
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  }
}

/** Files that a process left half written when it died; those of living processes are theirs. */
function removeAbandoned(partial: string): void {
  for (const name of foundOr<string[]>([], () => readdirSync(partial))) {
    const [pid, number] = name.split("-").map(Number);
    if (pid === undefined || number === undefined || Number.isNaN(pid)) continue;
    // A file of our own id that we have not made is an earlier process's: ids come again, above all in containers.
    if (pid === process.pid ? number < partialsMade : isAlive(pid)) continue;
    try {
      unlinkSync(join(partial, name));
    } catch {
      // Another process took it away first, or the folder is read-only: the first write will say so.
    }
  }
}

function removeEmptyFolders(folder: string, root: string): void {
  for (let here = folder; here.startsWith(root + sep); here = dirname(here)) {
    try {
      rmdirSync(here);
    } catch {
      return; // not empty, or gone
    }
  }
}

const ADVICE: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full: free some space and run again, the run resumes from what is stored",
  EFBIG:
    "the file is larger than the file system or its limits (ulimit -f) allow: free some space or choose another home folder",
  EDQUOT: "the disk quota is used up: free some space and run again, the run resumes from what is stored",
  EROFS: "the file system is read-only: choose another home folder",
  EACCES: "permission denied: choose another home folder, or change its owner",
  EPERM: "permission denied: choose another home folder, or change its owner",
  ENOTDIR: "a file is where a folder is needed: one key is the beginning of another, or the home is a file",
  EEXIST: "a file is where a folder is needed: one key is the beginning of another, or the home is a file",
  EISDIR: "a folder is where a file is needed: one key is the beginning of another",
  ENOTEMPTY: "a folder is where a file is needed: one key is the beginning of another",
  ENOENT: "it is gone: was the home folder changed by hand?",
};

/** What the operating system's error means for the user and what to do about it. */
export function explainDiskError(path: string, verb: string, error: unknown): MarinaError {
  if (error instanceof MarinaError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  const advice = (code === undefined ? undefined : ADVICE[code]) ?? message;
  return new MarinaError("unavailable", `can't ${verb} ${path}: ${advice}`, { cause: error });
}

function notAFolder(): NodeJS.ErrnoException {
  return Object.assign(new Error("not a folder"), { code: "ENOTDIR" });
}

/** Undefined where there is no such file (any more). */
function guardMissing<T>(path: string, operation: () => T): T | undefined {
  return guard(path, "read", () => foundOr<T | undefined>(undefined, operation));
}

function guard<T>(path: string, verb: string, operation: () => T): T {
  try {
    return operation();
  } catch (error) {
    throw explainDiskError(path, verb, error);
  }
}
