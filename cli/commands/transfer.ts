/** `marina export` and `marina import`: a run in one file. */
import { readFileSync, writeFileSync } from "node:fs";
import { type EngineOptions, exportArchive, importArchive, openEngine } from "../../client/index.ts";
import { bytes, MarinaError } from "../../shared/base/index.ts";

export async function exportRun(
  run: string,
  path: string,
  options: EngineOptions & { readonly data: boolean },
): Promise<void> {
  const { objects } = await openEngine(options);
  const archive = await exportArchive(objects, run, options.data);
  try {
    writeFileSync(path, archive, { flag: "wx" });
  } catch (error) {
    throw unwritable(error, path);
  }
  console.log(
    `${path}: run ${run}, ${bytes(archive.length)}; take it in elsewhere with: marina import ${path}`,
  );
}

export async function importRun(path: string, options: EngineOptions): Promise<void> {
  let file: Uint8Array;
  try {
    file = readFileSync(path);
  } catch (error) {
    throw new MarinaError(
      "usage",
      `${path}: can't be read (${error instanceof Error ? error.message : String(error)})`,
      { cause: error },
    );
  }
  const engine = await openEngine(options);
  try {
    const run = await importArchive(engine.objects, file, path);
    console.log(`imported run ${run}; go on with: marina resume ${run}`);
  } finally {
    await engine.close();
  }
}

function unwritable(error: unknown, path: string): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === "EEXIST")
    return new MarinaError("usage", `${path}: exists already; give another name`, { cause: error });
  if (code === "ENOENT" || code === "EACCES" || code === "EISDIR") {
    return new MarinaError("usage", `${path}: can't be written (${code})`, { cause: error });
  }
  return error;
}
