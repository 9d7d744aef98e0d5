/** `marina logs`: the deployed functions' own lines about a run. */

import { type EngineOptions, findRun, functionLogs, withStack } from "../../client/index.ts";
import { MarinaError } from "../../shared/base/index.ts";
import { type PrintOptions, print } from "../output/print.ts";

export async function logs(run: string, options: EngineOptions & PrintOptions): Promise<void> {
  if (options.on === "embedded") {
    throw new MarinaError("usage", "the embedded cloud keeps no logs: give --on aws or --on localstack");
  }
  await withStack(options, async ({ stack, objects }) => {
    await findRun(objects, run);
    let lines = 0;
    for await (const line of functionLogs(stack, run)) {
      const at = line.at.toISOString();
      print(
        options,
        { run, at, function: line.function, text: line.text },
        () => `${at} ${line.function.padEnd(10)} ${line.text}`,
      );
      lines++;
    }
    if (lines === 0)
      console.error(`marina: the functions logged nothing about ${run} (they log warnings only)`);
  });
}
