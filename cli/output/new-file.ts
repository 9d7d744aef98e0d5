/** Files that a command makes: never over another one unless that is asked for, and never half of one. */
import { closeSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { MarinaError } from "../../shared/base/index.ts";
import { writingTo } from "./writing.ts";

/**
 * Writes a file from its pieces; one that can't be written whole is taken away again.
 * @param force may it take the place of another? Left out by commands that never do.
 * @throws MarinaError "usage" where there is one already, or the place can't be written to.
 */
export async function writeFile(
  path: string,
  pieces: Iterable<Uint8Array | string> | AsyncIterable<Uint8Array | string>,
  { force }: { readonly force?: boolean } = {},
): Promise<void> {
  // Beside it first: what is there stays until all of the new one is written.
  const place = force === true ? `${path}.${process.pid}.part` : path;
  const file = await writingTo(path, () => openNew(place, path, force));
  try {
    try {
      for await (const piece of pieces) {
        const bytes = typeof piece === "string" ? Buffer.from(piece) : piece;
        await writingTo(path, () => {
          for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
        });
      }
    } finally {
      closeSync(file);
    }
    if (force === true) await writingTo(path, () => renameSync(place, path));
  } catch (error) {
    rmSync(place, { force: true });
    throw error;
  }
}

function openNew(place: string, path: string, force: boolean | undefined): number {
  try {
    return openSync(place, "wx");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    const replace = force === undefined ? "" : ", or --force to replace it";
    throw new MarinaError("usage", `${path}: is there already; give another name${replace}`);
  }
}
