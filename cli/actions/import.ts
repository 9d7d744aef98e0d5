/** `marina import`: takes an exported run in. */
import { readFileSync } from "node:fs";
import { type EngineOptions, importArchive, withEngine } from "../../client/index.ts";
import { MarinaError } from "../../shared/base/index.ts";
import { type PrintOptions, print } from "../output/print.ts";

export async function importRun(path: string, options: EngineOptions & PrintOptions): Promise<void> {
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
  await withEngine(options, async (engine) => {
    const run = await importArchive(engine, file, path);
    print(options, { run, file: path }, () => `imported run ${run}; go on with: marina resume ${run}`);
  });
}
