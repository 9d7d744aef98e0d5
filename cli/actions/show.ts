/** `marina show`: what is stored of a run. */
import {
  type EngineOptions,
  findRun,
  roundBlocks,
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
    const { spec } = await findRun(engine.live, run);
    if (options.rounds === true) {
      await printRounds(roundBlocks(engine.live, run), spec.heldOut !== undefined);
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

const COLUMNS = [
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
] as const satisfies readonly (keyof RoundRecord)[];
const HELD_OUT_COLUMNS = ["heldOutRows", "heldOutLoss", "heldOutCorrect"] as const;

/**
 * As CSV, no faster than it is read: of a million rounds not all are in memory at once.
 * @param heldOut with its columns; only of runs that have such data: programs that read the others' columns by number go on doing so.
 */
async function printRounds(blocks: AsyncIterable<readonly RoundRecord[]>, heldOut: boolean): Promise<void> {
  let text = `${[...COLUMNS, ...(heldOut ? HELD_OUT_COLUMNS : [])].join(",")}\n`;
  for await (const block of blocks) {
    for (const record of block) text += `${cellsOf(record, heldOut).join(",")}\n`;
    if (text.length < CHUNK_CHARACTERS) continue;
    await written(text);
    text = "";
  }
  await written(text);
}

function cellsOf(record: RoundRecord, heldOut: boolean): readonly unknown[] {
  const cells = COLUMNS.map((column) => record[column] ?? "");
  if (!heldOut) return cells;
  const { rows = "", loss, correct } = record.heldOut ?? {};
  return [...cells, rows, loss ?? "", correct ?? ""];
}

const CHUNK_CHARACTERS = 65_536;

/** Once standard output has taken it. */
function written(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => (error ? reject(error) : resolve()));
  });
}
