/** `marina list`, `show`, `compare`: what is stored of runs. */

import {
  type Engine,
  type EngineOptions,
  findRun,
  roundBlocks,
  standingOf,
  stateWord,
  table,
  unfinished,
  withEngine,
} from "../../client/index.ts";
import { megabits, short } from "../../shared/base/index.ts";
import { methodLabel } from "../../shared/methods/index.ts";
import {
  type RoundRecord,
  type RunResult,
  runPrefix,
  runsPrefix,
  workersText,
} from "../../shared/protocol/index.ts";
import { comparison, details } from "../output/report.ts";

interface ListOptions extends EngineOptions {
  readonly json?: boolean;
}

interface ShowOptions extends ListOptions {
  readonly rounds?: boolean;
}

export async function list(options: ListOptions): Promise<void> {
  await withEngine(options, async (engine) => {
    await printList(engine, options);
  });
}

async function printList(engine: Engine, options: ListOptions): Promise<void> {
  const keys = await engine.live.list(runsPrefix);
  const runs = keys.filter((key) => key.endsWith("/spec.json")).map((key) => key.split("/")[1]!);
  if (options.json !== true && runs.length === 0) {
    console.log("no runs yet; begin with: marina quickstart");
    return;
  }
  const rows = await Promise.all(runs.map((run) => summary(engine, run)));
  if (options.json === true) {
    console.log(JSON.stringify(rows));
    return;
  }
  const cells = rows.map((row) => [
    row.run,
    row.method,
    row.data,
    String(row.workers),
    row.status,
    row.rounds === null ? "-" : row.rounds.toLocaleString("en-US"),
    short(row.relativeGradientNormSquared),
    row.uplinkBitsPerWorker === null ? "-" : megabits(row.uplinkBitsPerWorker),
  ]);
  const columns = [
    ["run", "left"],
    ["method", "left"],
    ["data", "left"],
    ["n", "right"],
    ["status", "left"],
    ["rounds", "right"],
    ["|∇f|²/start", "right"],
    ["Mbit/worker", "right"],
  ] as const;
  console.log(table(columns, cells));
}

async function summary(engine: Engine, run: string) {
  const { spec } = await findRun(engine.live, run);
  const base = {
    run,
    method: methodLabel(spec.algorithm),
    data: spec.data,
    workers: workersText(spec.workers),
  };
  const standing = await standingOf(engine, run);
  if (standing.result !== undefined) {
    const { status, rounds, relativeGradientNormSquared, uplinkBitsPerWorker } = standing.result;
    return { ...base, status: status as string, rounds, relativeGradientNormSquared, uplinkBitsPerWorker };
  }
  const { checkpoint, liveness } = standing;
  return {
    ...base,
    status: stateWord(liveness),
    rounds: checkpoint?.round ?? null,
    relativeGradientNormSquared: null,
    uplinkBitsPerWorker: checkpoint?.totals.uplinkBitsPerWorker ?? null,
  };
}

export async function show(run: string, options: ShowOptions): Promise<void> {
  await withEngine(options, async (engine) => {
    await findRun(engine.live, run);
    if (options.rounds === true) {
      await printRounds(roundBlocks(engine.live, run));
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

/** As CSV, no faster than it is read: of a million rounds not all are in memory at once. */
async function printRounds(blocks: AsyncIterable<readonly RoundRecord[]>): Promise<void> {
  let text = `${COLUMNS.join(",")}\n`;
  for await (const block of blocks) {
    for (const record of block) text += `${COLUMNS.map((column) => record[column] ?? "").join(",")}\n`;
    if (text.length < CHUNK_CHARACTERS) continue;
    await written(text);
    text = "";
  }
  await written(text);
}

const CHUNK_CHARACTERS = 65_536;

/** Once standard output has taken it. */
function written(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => (error ? reject(error) : resolve()));
  });
}
