/** Files that a command makes: never over another one unless that is asked for, and never half of one. */
import { closeSync, openSync, writeSync } from "node:fs";
import { createdFile, replacingFile } from "../../embedded/index.ts";
import { MarinaError } from "../../shared/base/index.ts";
import { writingTo } from "./writing.ts";

type Pieces = Iterable<Uint8Array | string> | AsyncIterable<Uint8Array | string>;

/**
 * Writes a file from its pieces.
 * @param force may it take the place of another? Left out by commands that never do.
 * @throws MarinaError "usage" where there is one already, or the place can't be written to.
 */
export async function writeFile(
  path: string,
  pieces: Pieces,
  { force }: { readonly force?: boolean } = {},
): Promise<void> {
  const write = (draft: string) => writePieces(draft, pieces);
  if (force === true) return writingTo(path, () => replacingFile(path, write));
  if (await writingTo(path, () => createdFile(path, write))) return;
  const replace = force === undefined ? "" : ", or --force to replace it";
  throw new MarinaError("usage", `${path}: is there already; give another name${replace}`);
}

async function writePieces(path: string, pieces: Pieces): Promise<void> {
  const file = openSync(path, "wx");
  try {
    for await (const piece of pieces) {
      const bytes = typeof piece === "string" ? Buffer.from(piece) : piece;
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
    }
  } finally {
    closeSync(file);
  }
}
