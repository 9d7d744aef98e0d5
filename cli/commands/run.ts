/** `marina run` and `marina resume`: drive a run to its end, with progress, and stop cleanly on Ctrl-C. */

import {
  type AwsEngine,
  createRun,
  type Engine,
  type EngineOptions,
  findRun,
  openEngine,
  readSpec,
  resumeRun,
} from "../../client/index.ts";
import { describeError } from "../../shared/base/index.ts";
import { type ControlMessage, type RunResult, type RunSpec, resultKey } from "../../shared/protocol/index.ts";
import { confirmPrice } from "../output/confirm-price.ts";
import { createProgress } from "../output/progress.ts";
import { details, jsonLine } from "../output/report.ts";

interface RunOptions extends EngineOptions {
  readonly json?: boolean;
  readonly set?: readonly string[];
  readonly maxUsd?: number;
  readonly yes?: boolean;
}

export async function runSpec(path: string, options: RunOptions): Promise<void> {
  const spec = readSpec(path, options.set ?? []);
  const engine = await openEngine(options);
  try {
    if (options.on !== "embedded") await requireFitStack(engine, spec);
    if (options.on === "aws") await confirmPrice(engine, spec, options);
    const { control } = await createRun(engine.objects, spec, engine.machineBytes);
    await driveAndReport(engine, spec, control, options);
  } finally {
    await engine.close();
  }
}

export async function resume(run: string, options: RunOptions): Promise<void> {
  const engine = await openEngine(options);
  try {
    if (options.on !== "embedded") await requireFitStack(engine, (await findRun(engine.objects, run)).spec);
    const { spec, control } = await resumeRun(engine.objects, run, engine.machineBytes);
    await driveAndReport(engine, spec, control, options);
  } finally {
    await engine.close();
  }
}

/** Loads what only a stack needs. @throws MarinaError "limit" when the run could not end well on it. */
async function requireFitStack(engine: Engine, spec: RunSpec): Promise<void> {
  const { requireFit } = await import("../../client/index.ts");
  await requireFit(engine as AwsEngine, spec);
}

async function driveAndReport(
  engine: Engine,
  spec: RunSpec,
  control: ControlMessage,
  options: RunOptions,
): Promise<void> {
  const { result, wallSeconds } = await driveRun(engine, spec, control);
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
export async function driveRun(
  engine: Engine,
  spec: RunSpec,
  control: ControlMessage,
): Promise<{ result: RunResult; wallSeconds: number }> {
  const { createLogUpdate } = await import("log-update");
  const stream = process.stderr;
  const line = createLogUpdate(stream);
  const progress = createProgress({
    run: control.run,
    spec,
    predicts: engine.predicts,
    stream,
    now: () => performance.now(),
    update: (text) => (text === "" ? line.clear() : line(text)),
  });
  let interrupts = 0;
  const interrupt = (): void => {
    interrupts++;
    if (interrupts > 1) process.exit(130);
    progress.done();
    stream.write(
      `stopping ${control.run} at the next round boundary (Ctrl-C again: at once, from the last checkpoint)\n`,
    );
    engine.command(control.run, { kind: "stop", now: false }).catch((error: unknown) => {
      stream.write(`${describeError(error)} (Ctrl-C again ends the process at once)\n`);
    });
  };
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", interrupt);
  const started = performance.now();
  try {
    const result = await engine.drive(control, progress);
    return { result, wallSeconds: (performance.now() - started) / 1000 };
  } finally {
    progress.done();
    process.off("SIGINT", interrupt);
    process.off("SIGTERM", interrupt);
  }
}
