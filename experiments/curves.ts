/** Draws the curves that a README shows, as pictures beside it. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pictures } from "../report/export.ts";
import { readSweepReport } from "../report/index.ts";
import { MarinaError } from "../shared/base/index.ts";
import { readRounds } from "../sweep/index.ts";
import { writeRounds } from "../sweep/rounds-file.ts";
import { writeSweepFiles } from "../sweep/sweep-files.ts";
import { curvesIn, type SweepResult } from "./readme.ts";

/**
 * @param resultsOf the folder of each sweep's results
 * @throws MarinaError "spec" where a chart is asked for that there is none of.
 */
export async function drawCurves(
  text: string,
  sweeps: ReadonlyMap<string, SweepResult>,
  {
    name,
    folder,
    resultsOf,
  }: {
    readonly name: string;
    readonly folder: string;
    readonly resultsOf: ReadonlyMap<string, string>;
  },
): Promise<void> {
  for (const { sweep, chart, groups, file } of curvesIn(text, sweeps, name)) {
    const results = resultsOf.get(sweep)!;
    const rounds = await readRounds(results);
    // The report of a sweep that has these runs only.
    const shown = join(results, "shown");
    const cells = groups.flatMap((group) => group.cells);
    writeSweepFiles(shown, cells, groups);
    await writeRounds(shown, cells, ({ cell }) => rounds.of(cell.digest));
    const { data } = await readSweepReport(join(shown, "results.json"), async () => undefined);
    const drawn = await pictures(data);
    const picture = drawn.find((one) => one.name === chart);
    if (picture === undefined) {
      const there = drawn.map((one) => one.name).join(", ");
      throw new MarinaError("spec", `${name}: no chart "${chart}" of sweep "${sweep}"; there are ${there}`);
    }
    writeFileSync(join(folder, file), `${picture.svg}\n`);
  }
}
