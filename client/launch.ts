/** From a spec to a stored run: everything that can be known to be wrong is said before anything is spent. */
import { isOver, readCheckpoint, shardsPerTaskOf } from "../lambdas/aggregator/index.ts";
import { MarinaError, short } from "../shared/base/index.ts";
import { DamagedObject, type ObjectStore, readChecked, readOptional } from "../shared/cloud/index.ts";
import { createCompressor } from "../shared/compressors/index.ts";
import {
  checkHeldOut,
  dataForm,
  type Manifest,
  problemForm,
  rowsOf,
  rowsUsed,
} from "../shared/data/index.ts";
import { batchesOf, calibrationNeeds, compressorOf, stateHolder } from "../shared/methods/index.ts";
import { knownMu, openProblem, type Problem } from "../shared/problems/index.ts";
import {
  CARRIED_SHIFTS_BYTES,
  type ControlMessage,
  decodeResult,
  encodeStoredRun,
  INLINE_TASK_BYTES,
  MESSAGE_LIMIT_BYTES,
  NETWORK_FLOP_PER_SECOND,
  type RunResult,
  type RunSpec,
  type RunStatus,
  resultKey,
  runPrefix,
  type StoredRun,
  specKey,
  TASK_SECONDS_LIMIT,
  workersAsked,
} from "../shared/protocol/index.ts";
import { findManifest, findRun } from "./find.ts";
import { importCommand } from "./import/import-command.ts";
import { settleStart, storeStart } from "./model/start.ts";
import { checkMachine } from "./vector-memory.ts";

/**
 * Stores a new run. Its name is the spec's, or one made of method and data; a number is added where it is taken.
 * @param machineBytes memory of the machine on which all of it runs; undefined where functions do: see `requireFit`.
 * @param runs where the run is that the spec may begin at; by default the same store.
 */
export async function createRun(
  objects: ObjectStore,
  spec: RunSpec,
  machineBytes?: number,
  runs: Pick<ObjectStore, "get" | "list"> = objects,
): Promise<{ run: string; control: ControlMessage }> {
  const manifest = await findManifest(objects, spec.data);
  const problem = checkRun(spec, manifest, await problemForm(objects, spec.problem, manifest));
  if (machineBytes !== undefined) checkMachine(spec, manifest, problem, machineBytes);
  await checkRows(objects, manifest);
  const { spec: settled, start } = await settleStart(runs, spec, problem, manifest);
  const base = spec.name ?? `${spec.algorithm.kind}-${spec.data}`;
  const data = { sha256: manifest.object.sha256, etag: manifest.object.etag };
  const heldOut = await checkHeldOutData(objects, spec, manifest);
  for (let copy = 1; ; copy++) {
    const run = copy === 1 ? base : `${base.slice(0, 58)}-${copy}`;
    // What an interrupted deletion or import has left of another one must not become part of this one.
    if ((await objects.list(runPrefix(run))).length > 0) continue;
    // The description comes last, so that no run is without its start.
    if (start !== undefined) await storeStart(objects, run, start);
    const stored: StoredRun = {
      version: 1,
      run,
      spec: settled,
      data,
      ...(heldOut === undefined ? {} : { heldOut }),
    };
    try {
      await objects.put(specKey(run), encodeStoredRun(stored), { ifNoneMatch: "*" });
    } catch (error) {
      if (error instanceof MarinaError && error.code === "precondition-failed") continue;
      throw error;
    }
    return { run, control: { version: 1, run, action: "start", tenure: 0 } };
  }
}

/**
 * The control message with which a run that has stopped, failed or was cut off goes on.
 * @param machineBytes as for `createRun`
 */
export async function resumeRun(
  objects: ObjectStore,
  run: string,
  machineBytes?: number,
): Promise<{ spec: RunSpec; control: ControlMessage }> {
  const { spec } = await findRun(objects, run);
  const manifest = await findManifest(objects, spec.data);
  const problem = openProblem(spec.problem, await problemForm(objects, spec.problem, manifest));
  if (machineBytes !== undefined) checkMachine(spec, manifest, problem, machineBytes);
  await checkRows(objects, manifest);
  await checkHeldOutData(objects, spec, manifest);
  const checkpoint = (await readCheckpoint(objects, run))?.checkpoint;
  const result = await resultThatCounts(objects, run);
  if (result !== undefined && isOver(result.status)) throw overAlready(run, result.status, result);
  if (checkpoint?.status === "diverged")
    throw overAlready(run, "diverged", { ...checkpoint, rounds: checkpoint.round });
  // The result of the earlier ending is not the run's result any more; a run that has none may be ending this moment, and
  // what it then writes must stay.
  const earlier = result !== undefined || (await isThere(objects, resultKey(run)));
  if (earlier) await objects.delete(resultKey(run));
  // Without a checkpoint it was cut off before its first one: it begins anew.
  if (checkpoint === undefined) return { spec, control: { version: 1, run, action: "start", tenure: 0 } };
  // Done, and without a result: its aggregator could not write it, and whoever hears of the run next does.
  const tenure = checkpoint.status === "done" ? checkpoint.tenure : checkpoint.tenure + 1;
  return { spec, control: { version: 1, run, action: "resume", tenure } };
}

function overAlready(
  run: string,
  status: RunStatus,
  { rounds, error }: { readonly rounds: number; readonly error: string | null },
): MarinaError {
  return new MarinaError(
    "usage",
    status === "diverged"
      ? `run ${run} has diverged and would again: ${error ?? ""}`
      : `run ${run} is done after ${rounds} rounds; look at it with: marina show ${run}`,
  );
}

/** The result, if there is one that can be read and that follows from the run's last checkpoint. */
async function resultThatCounts(objects: ObjectStore, run: string): Promise<RunResult | undefined> {
  const key = resultKey(run);
  try {
    const { value } = await readChecked(objects, key, (body) => decodeResult(body, key));
    return value.provisional === true ? undefined : value;
  } catch (error) {
    const none = error instanceof MarinaError && error.code === "not-found";
    if (none || error instanceof DamagedObject) return undefined;
    throw error;
  }
}

async function isThere(objects: ObjectStore, key: string): Promise<boolean> {
  return (await readOptional(objects, key, () => true)) ?? false;
}

/**
 * The spec's problem over the data set, and what only the two together can tell.
 * @param form of the data, with the program that the spec may name: see `problemForm`
 * @throws MarinaError "spec", "limit" or "usage"
 */
export function checkRun(spec: RunSpec, manifest: Manifest, form = dataForm(manifest)): Problem {
  const { algorithm } = spec;
  const asked = workersAsked(spec.workers);
  for (const workers of asked) rowsUsed(manifest.rows, workers, spec.remainder);
  const problem = openProblem(spec.problem, form);
  const { dimension } = problem.parameters;
  for (const workers of asked) {
    createCompressor(compressorOf(algorithm), dimension, spec.wire, { workers });
  }
  const workers = Math.max(...asked);
  checkCarriedShifts(spec, workers, dimension);
  checkStepSize(spec, dimension);
  for (const each of asked) checkTaskFlop(spec, each, manifest, problem);
  const fewest = rowsOf(manifest.rows, workers, spec.remainder, workers - 1).count;
  const batches = batchesOf(algorithm);
  if (batches !== undefined && !batches.replacement && batches.batchSize > fewest) {
    throw new MarinaError(
      "spec",
      `algorithm.batchSize: expected at most ${fewest} (the rows of the smallest shard) when drawn without replacement, got ${batches.batchSize}`,
    );
  }
  return problem;
}

/** @throws MarinaError "spec" for "pl" where the problem gives no mu. */
function checkStepSize({ algorithm, problem }: RunSpec, dimension: number): void {
  if (!calibrationNeeds(algorithm).includes("polyak-lojasiewicz")) return;
  const known = knownMu(problem, dimension);
  if (known.from !== "nowhere") return;
  throw new MarinaError(
    "spec",
    `algorithm.stepSize: "pl" needs mu of the Polyak-Lojasiewicz condition, and ${known.why}; give it, as in { "mu": 0.01 }, or take "theory"`,
  );
}

/** Points at which a difference task evaluates its rows. */
const POINTS = 2;

/** A task must end well within a worker's time-out. @throws MarinaError "limit" */
function checkTaskFlop(spec: RunSpec, workers: number, manifest: Manifest, problem: Problem): void {
  const shards = shardsPerTaskOf(spec, workers, manifest, problem);
  const rows = shards * rowsOf(manifest.rows, workers, spec.remainder, 0).count;
  const { flop } = problem.work(POINTS * rows, 0);
  const seconds = flop / NETWORK_FLOP_PER_SECOND;
  if (seconds <= TASK_SECONDS_LIMIT) return;
  const most = Math.floor((TASK_SECONDS_LIMIT / seconds) * rows);
  const advice =
    most < 1
      ? "take smaller layers"
      : shards > 1
        ? "give the spec more workers or fewer shardsPerTask, or take smaller layers"
        : `give the spec at least ${Math.ceil(manifest.rows / most)} workers, or take smaller layers`;
  throw new MarinaError(
    "limit",
    `problem.layers: a task with ${rows} rows at ${POINTS} points is ${short(flop / 1e9)} GFLOP, about ${short(seconds)} s at ${NETWORK_FLOP_PER_SECOND / 1e9} GFLOP/s, expected at most ${TASK_SECONDS_LIMIT} s with n = ${workers}: ${advice}`,
  );
}

/**
 * Held-out data as a spec looks at it, by its manifest and that of the run's data.
 * @throws MarinaError "spec" where it has other features or labels, and for an accuracy that has no meaning.
 */
export function checkHeldOutSpec({ heldOut }: RunSpec, manifest: Manifest, held: Manifest): void {
  checkHeldOut(manifest, held, "heldOut.data");
  if (heldOut?.metrics?.includes("accuracy") !== true || manifest.labels.kind !== "real") return;
  throw new MarinaError(
    "spec",
    `heldOut.metrics: expected "loss" alone, since data set "${manifest.name}" has real labels, which are not right or wrong`,
  );
}

/**
 * The held-out data of a spec, if there is some.
 * @throws MarinaError "usage" where it does not exist, "spec" where it has other features or labels than the run's.
 */
export async function checkHeldOutData(
  objects: Pick<ObjectStore, "get" | "list">,
  spec: RunSpec,
  manifest: Manifest,
): Promise<StoredRun["heldOut"]> {
  if (spec.heldOut === undefined) return undefined;
  const held = await findManifest(objects, spec.heldOut.data);
  checkHeldOutSpec(spec, manifest, held);
  await checkRows(objects, held);
  return { sha256: held.object.sha256, etag: held.object.etag, rows: held.rows };
}

/** Carried shifts travel in every round and lie in every checkpoint. @throws MarinaError "spec" */
function checkCarriedShifts({ algorithm }: RunSpec, workers: number, dimension: number): void {
  if (stateHolder(algorithm) !== "server") return;
  const bytes = 8 * workers * dimension;
  // One shift must fit into a message, in base64, beside what else a task says.
  const message = Math.ceil((8 * dimension * 4) / 3) + INLINE_TASK_BYTES;
  if (bytes <= CARRIED_SHIFTS_BYTES && message <= MESSAGE_LIMIT_BYTES) return;
  throw new MarinaError(
    "spec",
    `algorithm.shift: expected "stored" where the shifts together are more than ${CARRIED_SHIFTS_BYTES} bytes or one does not fit into a message of ${MESSAGE_LIMIT_BYTES}; got "carried" with n = ${workers}, d = ${dimension}: ${bytes} bytes together, a message of ${message}`,
  );
}

/** Are the stored rows those that were imported? Asks for one byte under the condition of the manifest's ETag. */
async function checkRows(objects: Pick<ObjectStore, "get">, manifest: Manifest): Promise<void> {
  const { key, etag } = manifest.object;
  try {
    await objects.get(key, { ifMatch: etag, range: { start: 0, end: 1 } });
  } catch (error) {
    if (
      !(error instanceof MarinaError) ||
      (error.code !== "precondition-failed" && error.code !== "not-found")
    )
      throw error;
    throw new MarinaError(
      "corrupt",
      `data set "${manifest.name}" is damaged: ${key} is missing or was changed since its import (expected checksum ${etag}); import it again: marina ${importCommand(manifest).command} --replace`,
      { cause: error },
    );
  }
}
