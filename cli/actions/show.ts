/** `marina show`: what is stored of a run. */
import {
  type EngineOptions,
  findRun,
  readLabels,
  roundBlocks,
  standingOf,
  unfinished,
  withEngine,
} from "../../client/index.ts";
import { type RoundRecord, type RunSpec, runPrefix } from "../../shared/protocol/index.ts";
import { figuresOf, labelsOf } from "../output/figures.ts";
import { type PrintOptions, print } from "../output/print.ts";
import { details } from "../output/report.ts";
import { widthOf } from "../output/terminal.ts";

interface ShowOptions extends EngineOptions, PrintOptions {
  readonly rounds?: boolean;
}

export async function show(run: string, options: ShowOptions): Promise<void> {
  await withEngine(options, async (engine) => {
    const { spec } = await findRun(engine.live, run);
    if (options.rounds === true) {
      await printRounds(roundBlocks(engine.live, run), optionalColumns(spec), options);
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
/** Of what is not seen of every run; only of runs that ask for it: programs that read the others' columns by number go on doing so. */
const OPTIONAL_COLUMNS: Readonly<Record<string, (record: RoundRecord) => unknown>> = {
  heldOutRows: ({ heldOut }) => heldOut?.rows,
  heldOutLoss: ({ heldOut }) => heldOut?.loss,
  heldOutCorrect: ({ heldOut }) => heldOut?.correct,
  measuredLpm: ({ measuredLpm }) => measuredLpm,
};

function optionalColumns({ heldOut, hessianVariance }: RunSpec): readonly string[] {
  return Object.keys(OPTIONAL_COLUMNS).filter(
    (name) => (name === "measuredLpm" ? hessianVariance : heldOut) !== undefined,
  );
}

/**
 * As CSV, or a line of JSON each, no faster than it is read: of a million rounds not all are in memory at once.
 * @param optional names of OPTIONAL_COLUMNS.
 */
async function printRounds(
  blocks: AsyncIterable<readonly RoundRecord[]>,
  optional: readonly string[],
  { json = false }: PrintOptions,
): Promise<void> {
  let text = json ? "" : `${[...COLUMNS, ...optional].join(",")}\n`;
  for await (const block of blocks) {
    for (const record of block)
      text += `${json ? JSON.stringify(record) : cellsOf(record, optional).join(",")}\n`;
    if (text.length < CHUNK_CHARACTERS) continue;
    await written(text);
    text = "";
  }
  await written(text);
}

function cellsOf(record: RoundRecord, optional: readonly string[]): readonly unknown[] {
  return [
    ...COLUMNS.map((column) => record[column] ?? ""),
    ...optional.map((name) => OPTIONAL_COLUMNS[name]!(record) ?? ""),
  ];
}

const CHUNK_CHARACTERS = 65_536;

/** Once standard output has taken it. */
function written(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => (error ? reject(error) : resolve()));
  });
}
