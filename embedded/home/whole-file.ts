/** Files of the user's folder that are there whole or not at all, whatever becomes of the process that writes them. */
import {
  constants,
  copyFileSync,
  existsSync,
  linkSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { isAlive } from "../objects/living-process.ts";

/** File systems without second names say so by one of these. */
const NO_LINKS: ReadonlySet<string> = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"]);

let draftsMade = 0;

/** `.<name>.<pid>-<number>.draft`, beside the file that it will be. */
function draftOf(path: string): string {
  return join(dirname(path), `.${basename(path)}.${process.pid}-${draftsMade++}.draft`);
}

const DRAFT = /^\.(.*)\.(\d+)-(\d+)\.draft$/;

/** What people are told of is the file, whose draft they did not ask for. */
function ofFile(error: unknown, draft: string, path: string): unknown {
  if (!(error instanceof Error) || (error as NodeJS.ErrnoException).path !== draft) return error;
  return Object.assign(error, { path, message: error.message.replaceAll(draft, path) });
}

/** Writes the file, in the place of one that is there: readers find the old one or the new one. */
export function replaceFile(path: string, content: string | Uint8Array): void {
  const draft = draftOf(path);
  try {
    writeFileSync(draft, content, { flag: "wx" });
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw ofFile(error, draft, path);
  }
}

/** The same for writers that want a path: they are given one beside it. */
export async function replacingFile<T>(path: string, write: (draft: string) => T | Promise<T>): Promise<T> {
  const draft = draftOf(path);
  try {
    const written = await write(draft);
    renameSync(draft, path);
    return written;
  } catch (error) {
    rmSync(draft, { force: true });
    throw ofFile(error, draft, path);
  }
}

/** Writes a file that is not there yet. @returns false where there is one, which stays as it is. */
export function createFile(path: string, content: string | Uint8Array): boolean {
  const draft = draftOf(path);
  try {
    writeFileSync(draft, content, { flag: "wx" });
    return giveName(draft, path);
  } catch (error) {
    throw ofFile(error, draft, path);
  } finally {
    rmSync(draft, { force: true });
  }
}

/**
 * The same for writers that want a path: they are given one beside it.
 * @returns false where there is a file already; then nothing is written.
 */
export async function createdFile(
  path: string,
  write: (draft: string) => void | Promise<void>,
): Promise<boolean> {
  if (existsSync(path)) return false;
  const draft = draftOf(path);
  try {
    await write(draft);
    return giveName(draft, path);
  } catch (error) {
    throw ofFile(error, draft, path);
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Gives a whole file its name too, if nothing has it. */
export function giveName(file: string, path: string): boolean {
  try {
    try {
      linkSync(file, path);
    } catch (error) {
      if (!NO_LINKS.has((error as NodeJS.ErrnoException).code ?? "")) throw error;
      copyFileSync(file, path, constants.COPYFILE_EXCL);
    }
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/**
 * Takes away what processes that have died left unfinished in a folder.
 * @param only of the file of this name; of all where not given
 */
export function removeDrafts(folder: string, only?: string): void {
  try {
    for (const name of readdirSync(folder)) {
      const [, of, pid, number] = DRAFT.exec(name) ?? [];
      if (pid === undefined || (only !== undefined && of !== only)) continue;
      // One of our own id that we have not made is an earlier process's: ids come again, above all in containers.
      if (Number(pid) === process.pid ? Number(number) < draftsMade : isAlive(Number(pid))) continue;
      rmSync(join(folder, name), { force: true });
    }
  } catch {
    // No such folder, or one that can only be read: the first write will say so.
  }
}
