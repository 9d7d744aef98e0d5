/** `marina export`: a run in one file. */
import { type EngineOptions, exportArchive, findRun, withEngine } from "../../client/index.ts";
import { createFile } from "../../embedded/index.ts";
import { bytes, MarinaError } from "../../shared/base/index.ts";
import { type PrintOptions, print } from "../output/print.ts";
import { writingTo } from "../output/writing.ts";

export async function exportRun(
  run: string,
  path: string,
  options: EngineOptions & PrintOptions & { readonly data: boolean },
): Promise<void> {
  const archive = await withEngine(options, async (engine) => {
    await findRun(engine.live, run);
    const { state, because } = await engine.liveness(run);
    if (state === "live") {
      throw new MarinaError(
        "usage",
        `run ${run} is running (${because}): what is exported can't go on in two places; stop it first: marina stop ${run}`,
      );
    }
    return exportArchive(engine.objects, run, options.data);
  });
  await writingTo(path, () => writeNew(path, archive));
  print(
    options,
    { run, file: path, bytes: archive.length },
    () => `${path}: run ${run}, ${bytes(archive.length)}; take it in elsewhere with: marina import ${path}`,
  );
}

/** @throws what the file system says; EEXIST where there is a file already. */
function writeNew(path: string, body: Uint8Array): void {
  if (createFile(path, body)) return;
  throw Object.assign(new Error(`EEXIST: file already exists, open '${path}'`), {
    code: "EEXIST",
    syscall: "open",
    path,
  });
}
