/** `marina list`, `show`, `compare`: what is stored of runs. */

import {
  type EngineOptions,
  findRun,
  openEngine,
  readCheckpoint,
  readResult,
  readRounds,
  table,
} from "../../client/index.ts";
import { MarinaError, megabits, short } from "../../shared/base/index.ts";
import type { ObjectStore } from "../../shared/cloud/index.ts";
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
  const { objects } = await openEngine(options);
  const keys = await objects.list(runsPrefix);
  const runs = keys.filter((key) => key.endsWith("/spec.json")).map((key) => key.split("/")[1]!);
  if (options.json !== true && runs.length === 0) {
    console.log("no runs yet; begin with: marina quickstart");
    return;
  }
  const rows = await Promise.all(runs.map((run) => summary(objects, run)));
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

async function summary(objects: ObjectStore, run: string) {
  const { spec } = await findRun(objects, run);
  const base = {
    run,
    method: methodLabel(spec.algorithm),
    data: spec.data,
    workers: workersText(spec.workers),
  };
  const result = await readResult(objects, run);
  if (result !== undefined) {
    const { status, rounds, relativeGradientNormSquared, uplinkBitsPerWorker } = result;
    return { ...base, status: status as string, rounds, relativeGradientNormSquared, uplinkBitsPerWorker };
  }
  const checkpoint = await readCheckpoint(objects, run);
  return {
    ...base,
    status: "unfinished",
    rounds: checkpoint?.round ?? null,
    relativeGradientNormSquared: null,
    uplinkBitsPerWorker: checkpoint?.totals.uplinkBitsPerWorker ?? null,
  };
}

export async function show(run: string, options: ShowOptions): Promise<void> {
  const engine = await openEngine(options);
  const { objects } = engine;
  await findRun(objects, run);
  if (options.rounds === true) {
    printRounds(await readRounds(objects, run));
    return;
  }
  const result = await readResult(objects, run);
  if (result === undefined) {
    await engine.checkAlive?.(run);
    const checkpoint = await readCheckpoint(objects, run);
    const where = checkpoint === undefined ? "before its first round" : `at round ${checkpoint.round}`;
    throw new MarinaError(
      "not-found",
      `run ${run} has no result: it is unfinished, ${where}; go on with: marina resume ${run}`,
    );
  }
  if (options.json === true) console.log(JSON.stringify(result));
  else
    console.log(`${details(result, engine.predicts)}\nfiles${" ".repeat(7)}${engine.locate(runPrefix(run))}`);
}

export async function compare(runs: readonly string[], options: EngineOptions): Promise<void> {
  const { objects } = await openEngine(options);
  const results: RunResult[] = [];
  for (const run of runs) {
    await findRun(objects, run);
    const result = await readResult(objects, run);
    if (result === undefined)
      throw new MarinaError("not-found", `run ${run} has no result yet; go on with: marina resume ${run}`);
    results.push(result);
  }
  console.log(comparison(results.map((result) => ({ result }))));
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
