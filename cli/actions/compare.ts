/** `marina compare`: results side by side. */
import { type EngineOptions, findRun, standingOf, unfinished, withEngine } from "../../client/index.ts";
import type { RunResult } from "../../shared/protocol/index.ts";
import { figuresOf } from "../output/figures.ts";
import { type PrintOptions, print } from "../output/print.ts";
import { comparison } from "../output/report.ts";
import { onOutput } from "../output/terminal.ts";

export async function compare(runs: readonly string[], options: EngineOptions & PrintOptions): Promise<void> {
  await withEngine(options, async (engine) => {
    const results: RunResult[] = [];
    for (const run of runs) {
      await findRun(engine.live, run);
      const standing = await standingOf(engine, run);
      if (standing.result === undefined) throw unfinished(run, standing);
      results.push(standing.result);
    }
    const figures = results.map((result) => figuresOf(result, engine.predicts));
    print(options, { runs: figures }, () =>
      comparison(
        results.map((result) => ({ result })),
        onOutput(),
      ),
    );
  });
}
