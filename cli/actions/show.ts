/** `marina show`: what is stored of a run. */
import {
  type EngineOptions,
  findRun,
  readLabels,
  readRounds,
  standingOf,
  unfinished,
  withEngine,
} from "../../client/index.ts";
import { type RoundRecord, runPrefix } from "../../shared/protocol/index.ts";
import { figuresOf, labelsOf } from "../output/figures.ts";
import { type PrintOptions, print } from "../output/print.ts";
import { details } from "../output/report.ts";
import { widthOf } from "../output/terminal.ts";

interface ShowOptions extends EngineOptions, PrintOptions {
  readonly rounds?: boolean;
}

export async function show(run: string, options: ShowOptions): Promise<void> {
  await withEngine(options, async (engine) => {
    await findRun(engine.live, run);
    if (options.rounds === true) {
      printRounds(await readRounds(engine.live, run), options);
      return;
    }
    const standing = await standingOf(engine, run);
    if (standing.result === undefined) throw unfinished(run, standing);
    const { result } = standing;
    const labels = await readLabels(engine.live, run);
    // Its seconds and dollars are among the figures, by the names that say whether they are predictions.
    const { seconds: _seconds, usd: _usd, ...rest } = result;
    const figures = { ...rest, ...figuresOf(result, engine.predicts), ...labelsOf(labels) };
    print(options, figures, () =>
      details(result, engine.predicts, {
        labels,
        files: engine.locate(runPrefix(run)),
        width: widthOf(),
      }),
    );
  });
}

function printRounds(records: readonly RoundRecord[], options: PrintOptions): void {
  if (options.json === true) {
    for (const record of records) process.stdout.write(`${JSON.stringify(record)}\n`);
    return;
  }
  const columns = [
    "round",
    "dense",
    "slots",
    "loss",
    "gradientNormSquared",
    "uplinkBitsPerWorker",
    "uplinkBytes",
    "downlinkBytes",
    "seconds",
    "usd",
    "resent",
    "hedged",
    "dropped",
  ] as const;
  const lines = records.map((record) => columns.map((column) => record[column] ?? "").join(","));
  process.stdout.write(`${[columns.join(","), ...lines].join("\n")}\n`);
}
