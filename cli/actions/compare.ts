/** `marina compare`: results side by side. */
import { type EngineOptions, findRun, standingOf, unfinished, withEngine } from "../../client/index.ts";
import type { RunResult } from "../../shared/protocol/index.ts";
import { comparison } from "../output/report.ts";

export async function compare(runs: readonly string[], options: EngineOptions): Promise<void> {
  await withEngine(options, async (engine) => {
    const results: RunResult[] = [];
    for (const run of runs) {
      await findRun(engine.live, run);
      const standing = await standingOf(engine, run);
      if (standing.result === undefined) throw unfinished(run, standing);
      results.push(standing.result);
    }
    console.log(comparison(results.map((result) => ({ result }))));
  });
}
