/** `marina export`: a run in one file. */
import { type EngineOptions, exportArchive, findRun, withEngine } from "../../client/index.ts";
import { bytes, MarinaError } from "../../shared/base/index.ts";
import { writeFile } from "../output/new-file.ts";

export async function exportRun(
  run: string,
  path: string,
  options: EngineOptions & { readonly data: boolean },
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
  await writeFile(path, [archive]);
  console.log(
    `${path}: run ${run}, ${bytes(archive.length)}; take it in elsewhere with: marina import ${path}`,
  );
}
