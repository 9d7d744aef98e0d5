/** `marina evaluate`: a run's parameters on a data set. */
import { type EngineOptions, evaluate, withEngine } from "../../client/index.ts";
import { short } from "../../shared/base/index.ts";
import type { WhichIterate } from "../../shared/protocol/index.ts";

export interface EvaluateFlags extends EngineOptions {
  readonly data?: string;
  readonly at: WhichIterate;
}

export async function evaluateRun(
  run: string,
  options: EvaluateFlags & { readonly json?: boolean },
): Promise<void> {
  const { data, at } = options;
  const found = await withEngine(options, (engine) =>
    evaluate(engine.live, run, { at, ...(data === undefined ? {} : { data }) }),
  );
  if (options.json === true) {
    console.log(JSON.stringify(found));
    return;
  }
  const { round, rows, loss, gradientNormSquared, correct, accuracy, rootMeanSquaredError } = found;
  const lines: (readonly [string, string])[] = [
    ["run", `${run}, x^${round}`],
    ["data", `${found.data}, ${rows.toLocaleString("en-US")} rows`],
    ["f", short(loss)],
    ["|∇f|²", short(gradientNormSquared)],
  ];
  if (accuracy !== undefined)
    lines.push(["accuracy", `${(100 * accuracy).toFixed(2)} % (${correct!.toLocaleString("en-US")} rows)`]);
  if (rootMeanSquaredError !== undefined) lines.push(["rmse", short(rootMeanSquaredError)]);
  console.log(lines.map(([name, text]) => `${name.padEnd(10)} ${text}`).join("\n"));
}
