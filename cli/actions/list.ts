/** `marina list`: all runs. */
import {
  type Engine,
  type EngineOptions,
  findRun,
  standingOf,
  stateWord,
  table,
  withEngine,
} from "../../client/index.ts";
import { megabits, short } from "../../shared/base/index.ts";
import { methodLabel } from "../../shared/methods/index.ts";
import { runsPrefix, workersText } from "../../shared/protocol/index.ts";

interface ListOptions extends EngineOptions {
  readonly json?: boolean;
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
