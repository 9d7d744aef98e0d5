/** `marina show`: what is stored of a run. */
import {
  type EngineOptions,
  findRun,
  readRounds,
  standingOf,
  unfinished,
  withEngine,
} from "../../client/index.ts";
import { type RoundRecord, runPrefix } from "../../shared/protocol/index.ts";
import { details } from "../output/report.ts";

interface ShowOptions extends EngineOptions {
  readonly json?: boolean;
  readonly rounds?: boolean;
}

export async function show(run: string, options: ShowOptions): Promise<void> {
  await withEngine(options, async (engine) => {
    await findRun(engine.live, run);
    if (options.rounds === true) {
      printRounds(await readRounds(engine.live, run));
      return;
    }
    const standing = await standingOf(engine, run);
    if (standing.result === undefined) throw unfinished(run, standing);
    const { result } = standing;
    if (options.json === true) console.log(JSON.stringify(result));
    else
      console.log(
        `${details(result, engine.predicts)}\nfiles${" ".repeat(7)}${engine.locate(runPrefix(run))}`,
      );
  });
}

function printRounds(records: readonly RoundRecord[]): void {
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
