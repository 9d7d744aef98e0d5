/** `marina stop`: ends a run at its next round boundary, or at once. */

import { type EngineOptions, findRun, withEngine } from "../../client/index.ts";
import { type PrintOptions, print } from "../output/print.ts";

export async function stop(
  run: string,
  options: EngineOptions & PrintOptions & { readonly now?: boolean },
): Promise<void> {
  const { now = false } = options;
  await withEngine(options, async (engine) => {
    await findRun(engine.live, run);
    await engine.command(run, { kind: "stop", now });
  });
  print(
    options,
    { run, asked: "stop", now },
    () =>
      `asked ${run} to stop ${now ? "at once" : "at its next round boundary"}; go on with: marina resume ${run}`,
  );
}
