/** `marina resume`: goes on with a run, or follows it. */
import {
  checkBound,
  confirmSpending,
  type DeployedEngine,
  type Engine,
  findRun,
  isDeployed,
  type PriceOptions,
  requireFit,
  resumeRun,
  spendingOf,
  withEngine,
} from "../../client/index.ts";
import { readCheckpoint } from "../../lambdas/aggregator/index.ts";
import { driveRun, type RunOptions, reportEnd, waitFor } from "./drive.ts";
import { confirmRounds } from "./run-length.ts";

export async function resume(run: string, options: RunOptions): Promise<void> {
  checkBound(options);
  if (await withEngine(options, (engine) => follow(engine, run, options))) return;
  // Opened anew: what was written while the run was followed is to be found.
  await withEngine(options, async (engine) => {
    if (isDeployed(engine)) await requireFit(engine, (await findRun(engine.objects, run)).spec);
    if (isDeployed(engine) && options.on === "aws") await confirmRest(engine, run, options);
    else await confirmRounds(engine, ...(await restOf(engine, run, options)));
    const { spec, control } = await resumeRun(engine.objects, run, engine.machineBytes);
    reportEnd(engine, options, await driveRun(engine, spec, control));
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
  reportEnd(engine, options, { result, wallSeconds });
  return true;
}

/** The same for the rounds that are left of a run. Its spec is fixed: another bound than its own can't be set. */
async function confirmRest(
  { objects, stack, latencies }: DeployedEngine,
  run: string,
  options: PriceOptions,
): Promise<void> {
  const { spec } = await findRun(objects, run);
  const checkpoint = (await readCheckpoint(objects, run))?.checkpoint;
  const left = Math.max(0, spec.stop.rounds - (checkpoint?.round ?? 0));
  await confirmSpending(
    await spendingOf(objects, [spec], { ...stack, ...(latencies && { latencies }) }, left),
    options,
  );
  if (options.maxUsd === undefined) return;
  console.error(
    spec.stop.usd === undefined
      ? `not bounded: the spec of ${run} has no stop.usd and can't be changed any more; end it with: marina stop ${run}`
      : `bounded: stop.usd is ${spec.stop.usd}, what was spent before included`,
  );
}
