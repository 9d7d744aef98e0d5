/** `marina list`: all runs, or those that are asked for. */
import { type EngineOptions, runOverviews, withEngine } from "../../client/index.ts";
import { type PrintOptions, print } from "../output/print.ts";
import { listedRun, listTable, type Selection, selected } from "../output/run-list.ts";
import { onOutput } from "../output/terminal.ts";

export async function list(options: EngineOptions & PrintOptions & Selection): Promise<void> {
  await withEngine(options, async (engine) => {
    const all = await runOverviews(engine);
    const runs = selected(all, options);
    print(options, { runs: runs.map((run) => listedRun(run, engine.predicts)) }, () => {
      if (runs.length > 0) return listTable(runs, onOutput());
      return all.length === 0
        ? "no runs yet; begin with: marina quickstart"
        : `none of ${all.length} ${all.length === 1 ? "run" : "runs"} is as asked for`;
    });
  });
}
