/** A run driven to its end with progress, stopped cleanly on Ctrl-C: what all commands do that start or go on with runs. */
import { setTimeout as sleep } from "node:timers/promises";
import {
  confirmSpending,
  type DeployedEngine,
  type Engine,
  type EngineOptions,
  type PriceOptions,
  spendingOf,
  stopRun,
  type Watcher,
} from "../../client/index.ts";
import { describeError } from "../../shared/base/index.ts";
import { type ControlMessage, type RunResult, type RunSpec, resultKey } from "../../shared/protocol/index.ts";
import { figuresOf } from "../output/figures.ts";
import { print } from "../output/print.ts";
import { createProgress } from "../output/progress.ts";
import { details } from "../output/report.ts";
import { widthOf } from "../output/terminal.ts";

/** Between attempts to stop a run that is too young to be told. */
const STOP_INTERVAL_MILLISECONDS = 100;

export interface RunOptions extends EngineOptions {
  readonly json?: boolean;
  readonly maxUsd?: number;
  readonly yes?: boolean;
}

/** @throws MarinaError "usage" when these runs on a stack are not wanted at their price. */
export async function confirmRuns(
  { objects, stack, latencies }: DeployedEngine,
  specs: readonly RunSpec[],
  options: PriceOptions,
): Promise<void> {
  await confirmSpending(
    await spendingOf(objects, specs, { ...stack, ...(latencies && { latencies }) }),
    options,
  );
}

export interface Ended {
  readonly result: RunResult;
  readonly wallSeconds: number;
}

export function reportEnd(engine: Engine, options: RunOptions, { result, wallSeconds }: Ended): void {
  print(options, figuresOf(result, engine.predicts, wallSeconds), () =>
    details(result, engine.predicts, {
      files: engine.locate(resultKey(result.run)),
      width: widthOf(),
    }),
  );
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

export async function waitFor<R>(
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
