/** A file to import: of this machine, or what is piped in. */
import { closeSync, createReadStream, openSync, readSync, statSync } from "node:fs";
import { basename } from "node:path";
import type { AsyncBuffer } from "hyparquet";
import { MarinaError } from "../../shared/base/index.ts";
import { STANDARD_INPUT } from "../../shared/data/index.ts";

export interface InputFile {
  /** What it is called in errors and in the manifest. */
  readonly name: string;
  /** What the file in it is called, where it is a zip file. */
  readonly contentName?: string;
  /** Undefined for pipes. */
  readonly bytes: number | undefined;
  /** Its first bytes, by which formats are recognised; none of pipes, which can be read once only, and in zip files. */
  readonly head: Uint8Array;
  /** By name, where it holds several arrays (.npz). */
  readonly arrays?: ReadonlyMap<string, () => AsyncIterable<Uint8Array>>;
  stream(): AsyncIterable<Uint8Array>;
  /** Its bytes in any order; undefined for pipes and in zip files. */
  readonly anywhere: (() => Promise<AsyncBuffer>) | undefined;
}

/** As many of a file's first bytes are looked at. */
export const HEAD_BYTES = 512;
const CHUNK_BYTES = 1 << 20;

export const standardInput: InputFile = {
  name: STANDARD_INPUT,
  bytes: undefined,
  head: new Uint8Array(0),
  stream: () => process.stdin,
  anywhere: undefined,
};

/** @param name default: the last part of its path. @throws MarinaError "usage" when it can't be read. */
export function localFile(path: string, name = basename(path)): InputFile {
  try {
    const stream = () => createReadStream(path, { highWaterMark: CHUNK_BYTES });
    // Of a pipe nothing may be read before its turn.
    if (!statSync(path).isFile()) {
      return { name: STANDARD_INPUT, bytes: undefined, head: new Uint8Array(0), stream, anywhere: undefined };
    }
    const anywhere = async () => (await import("hyparquet")).asyncBufferFromFile(path);
    return { name, bytes: statSync(path).size, head: headOf(path), stream, anywhere };
  } catch (error) {
    throw explained(error, path);
  }
}

function headOf(path: string): Uint8Array {
  const file = openSync(path, "r");
  try {
    const head = new Uint8Array(HEAD_BYTES);
    return head.subarray(0, readSync(file, head));
  } finally {
    closeSync(file);
  }
}

/** A file that can't be read is the caller's mistake. */
export function explained(error: unknown, path: string): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === "ENOENT") return new MarinaError("usage", `${path}: no such file`, { cause: error });
  if (code === "EACCES") {
    return new MarinaError("usage", `${path}: no permission to read it`, { cause: error });
  }
  return error;
}
