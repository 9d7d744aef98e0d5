/** `marina run` and `marina resume`: drive a run to its end, with progress, and stop cleanly on Ctrl-C. */

import { setTimeout as sleep } from "node:timers/promises";
import {
  adviceText,
  checkBound,
  confirmSpending,
  createRun,
  type DeployedEngine,
  type Engine,
  type EngineOptions,
  findManifest,
  findRun,
  heldTo,
  isDeployed,
  oneClassRemark,
  type PriceOptions,
  packingAdviceAfter,
  readSpec,
  requireFit,
  resumeRun,
  spendingOf,
  stopRun,
  type Watcher,
  withEngine,
} from "../../client/index.ts";
import { DEFAULT_CONFIGURATION } from "../../embedded/index.ts";
import { readCheckpoint } from "../../lambdas/aggregator/index.ts";
import { describeError } from "../../shared/base/index.ts";
import { type ControlMessage, type RunResult, type RunSpec, resultKey } from "../../shared/protocol/index.ts";
import { createProgress } from "../output/progress.ts";
import { details, jsonLine } from "../output/report.ts";
import { confirmRounds } from "./run-length.ts";

/** Between attempts to stop a run that is too young to be told. */
const STOP_INTERVAL_MILLISECONDS = 100;

interface RunOptions extends EngineOptions {
  readonly json?: boolean;
  readonly set?: readonly string[];
  readonly maxUsd?: number;
  readonly yes?: boolean;
}

export async function runSpec(path: string, options: RunOptions): Promise<void> {
  checkBound(options);
  const spec = heldTo(readSpec(path, options.set ?? []), options.maxUsd);
  await withEngine(options, async (engine) => {
    if (isDeployed(engine)) await requireFit(engine, spec);
    if (isDeployed(engine) && options.on === "aws") await confirmRuns(engine, [spec], options);
    else await confirmRounds(engine, spec, options.yes);
    if (options.maxUsd !== undefined) console.error(`bounded: stop.usd is ${spec.stop.usd}`);
    const { control } = await createRun(engine.objects, spec, engine.machineBytes);
    const manifest = await findManifest(engine.objects, spec.data);
    const remark = await oneClassRemark(engine.objects, manifest, spec);
    if (remark !== undefined) console.error(`${spec.data}: ${remark}`);
    const ended = await driveRun(engine, spec, control);
    report(engine, options, ended);
    if (engine.predicts && ended.result.status === "done") await advise(engine, ended.result);
  });
}

/** Where dollars and seconds are predicted this says after the run what is asked on AWS before it. */
async function advise({ objects }: Engine, result: RunResult): Promise<void> {
  const advice = await packingAdviceAfter(objects, result, DEFAULT_CONFIGURATION);
  if (advice !== undefined) console.error(`packing: ${adviceText(advice)}`);
}

export async function resume(run: string, options: RunOptions): Promise<void> {
  checkBound(options);
  if (await withEngine(options, (engine) => follow(engine, run, options))) return;
  // Opened anew: what was written while the run was followed is to be found.
  await withEngine(options, async (engine) => {
    if (isDeployed(engine)) await requireFit(engine, (await findRun(engine.objects, run)).spec);
    if (isDeployed(engine) && options.on === "aws") await confirmRest(engine, run, options);
    else await confirmRounds(engine, ...(await restOf(engine, run, options)));
    const { spec, control } = await resumeRun(engine.objects, run, engine.machineBytes);
    report(engine, options, await driveRun(engine, spec, control));
  });
}

async function restOf({ objects }: Engine, run: string, { yes }: RunOptions) {
  const { spec } = await findRun(objects, run);
  const done = (await readCheckpoint(objects, run))?.checkpoint.round ?? 0;
  return [spec, yes, spec.stop.rounds - done] as const;
}

/** Follows a run that is live to its end; false for one that is not live, and for one that is cut off meanwhile. */
async function follow(engine: Engine, run: string, options: RunOptions): Promise<boolean> {
  const { spec } = await findRun(engine.live, run);
  const { state, because } = await engine.liveness(run);
  if (state !== "live") return false;
  console.error(`marina: ${run} is running (${because}): following it to its end`);
  const { result, wallSeconds } = await waitFor(engine, { run, spec }, (watcher) =>
    engine.attach(run, watcher),
  );
  if (result === undefined) {
    console.error(`marina: ${run} was cut off while it was followed: going on with it`);
    return false;
  }
  report(engine, options, { result, wallSeconds });
  return true;
}

/** @throws MarinaError "usage" when these runs on a stack are not wanted at their price. */
export async function confirmRuns(
  { objects, stack }: DeployedEngine,
  specs: readonly RunSpec[],
  options: PriceOptions,
): Promise<void> {
  await confirmSpending(await spendingOf(objects, specs, stack), options);
}

/** The same for the rounds that are left of a run. Its spec is fixed: another bound than its own can't be set. */
async function confirmRest(
  { objects, stack }: DeployedEngine,
  run: string,
  options: PriceOptions,
): Promise<void> {
  const { spec } = await findRun(objects, run);
  const checkpoint = (await readCheckpoint(objects, run))?.checkpoint;
  const left = Math.max(0, spec.stop.rounds - (checkpoint?.round ?? 0));
  await confirmSpending(await spendingOf(objects, [spec], stack, left), options);
  if (options.maxUsd === undefined) return;
  console.error(
    spec.stop.usd === undefined
      ? `not bounded: the spec of ${run} has no stop.usd and can't be changed any more; end it with: marina stop ${run}`
      : `bounded: stop.usd is ${spec.stop.usd}, what was spent before included`,
  );
}

interface Ended {
  readonly result: RunResult;
  readonly wallSeconds: number;
}

function report(engine: Engine, options: RunOptions, { result, wallSeconds }: Ended): void {
  process.stdout.write(
    `${details(result, engine.predicts)}\nfiles${" ".repeat(7)}${engine.locate(resultKey(result.run))}\n`,
  );
  if (options.json === true) process.stdout.write(`${jsonLine(result, engine.predicts, wallSeconds)}\n`);
  process.exitCode = exitCodeOfResult(result);
  if (result.status === "stopped")
    console.error(`marina: stopped at round ${result.rounds}; go on with: marina resume ${result.run}`);
}

/** 0 done, 1 failed or diverged, 130 stopped by Ctrl-C. */
export function exitCodeOfResult({ status }: RunResult): number {
  return status === "done" ? 0 : status === "stopped" ? 130 : 1;
}

/** One run with progress on standard error. Ctrl-C stops it at a round boundary; a second one ends the process. */
export function driveRun(engine: Engine, spec: RunSpec, control: ControlMessage): Promise<Ended> {
  return waitFor(engine, { run: control.run, spec }, (watcher) => engine.drive(control, watcher));
}

async function waitFor<R>(
  engine: Engine,
  { run, spec }: { readonly run: string; readonly spec: RunSpec },
  wait: (watcher: Watcher) => Promise<R>,
): Promise<{ result: R; wallSeconds: number }> {
  const { createLogUpdate } = await import("log-update");
  const stream = process.stderr;
  const line = createLogUpdate(stream);
  const progress = createProgress({
    run,
    spec,
    predicts: engine.predicts,
    stream,
    now: () => performance.now(),
    update: (text) => (text === "" ? line.clear() : line(text)),
  });
  let ended = false;
  let interrupts = 0;
  const interrupt = (): void => {
    interrupts++;
    if (interrupts > 1) process.exit(130);
    progress.done();
    stream.write(
      `stopping ${run} at the next round boundary (Ctrl-C again: at once, from the last checkpoint)\n`,
    );
    const pause = () => sleep(STOP_INTERVAL_MILLISECONDS);
    stopRun(engine, run, { isOver: () => ended, pause }).catch((error: unknown) => {
      stream.write(`${describeError(error)} (Ctrl-C again ends the process at once)\n`);
    });
  };
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", interrupt);
  const started = performance.now();
  try {
    const result = await wait(progress);
    return { result, wallSeconds: (performance.now() - started) / 1000 };
  } finally {
    ended = true;
    progress.done();
    process.off("SIGINT", interrupt);
    process.off("SIGTERM", interrupt);
  }
}
