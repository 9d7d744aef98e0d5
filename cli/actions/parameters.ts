/** `marina parameters`: x of a run as a file for other programs. */
import { type EngineOptions, formatOf, readParameters, withEngine } from "../../client/index.ts";
import { bytes } from "../../shared/base/index.ts";
import type { WhichIterate } from "../../shared/protocol/index.ts";
import { writeFile } from "../output/new-file.ts";

interface ParametersOptions extends EngineOptions {
  readonly out: string;
  readonly at: WhichIterate;
  readonly force?: boolean;
}

export async function writeParameters(run: string, options: ParametersOptions): Promise<void> {
  const { out, at, force = false } = options;
  const format = formatOf(out);
  const parameters = await withEngine(options, (engine) => readParameters(engine.live, run, at));
  const file = await parameters.encode(format);
  await writeFile(out, [file], { force });
  const { round, vector, sha256 } = parameters;
  const count = vector.length.toLocaleString("en-US");
  console.log(`${out}: x^${round} of ${run}, ${count} parameters, ${bytes(file.length)}, SHA-256 ${sha256}`);
}
