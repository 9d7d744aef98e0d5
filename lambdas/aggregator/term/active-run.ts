/** A run in the hands of one term of the aggregator: what every step of it needs. */

import { MarinaError } from "../../../shared/base/index.ts";
import { DamagedObject, type Ports, type QueueAddress, readChecked } from "../../../shared/cloud/index.ts";
import { type Compressor, createCompressor } from "../../../shared/compressors/index.ts";
import { Descriptions, type Manifest, problemForm, rowsUsed } from "../../../shared/data/index.ts";
import { type AlgorithmSpec, compressorOf } from "../../../shared/methods/index.ts";
import { openProblem, type Problem } from "../../../shared/problems/index.ts";
import {
  algorithmOf,
  type Downlink,
  manifestKey,
  type Point,
  plainTask,
  type Ranges,
  type RunSpec,
  type StoredRun,
  specKey,
  type Task,
  type TaskKind,
} from "../../../shared/protocol/index.ts";
import type { Inbox } from "../exchange/inbox.ts";
import type { AggregatorHooks } from "../hooks.ts";
import { type NumberedMembership, startingEpoch } from "../membership/decide.ts";
import { keepsGradients, keptGradient } from "../round/gradient-reuse.ts";
import { shardsPerTaskOf } from "../round/packing.ts";
import { UsedUp } from "../round/used-up.ts";

export interface ActiveRun extends NumberedMembership {
  readonly ports: Ports;
  readonly run: string;
  readonly digest: string;
  readonly spec: RunSpec;
  readonly manifest: Manifest;
  /** Rows of the held-out data; 0: there is none. */
  readonly heldOutRows: number;
  readonly problem: Problem;
  /** d */
  readonly dimension: number;
  /** The spec's method as this membership runs it. */
  readonly algorithm: AlgorithmSpec;
  /** N, rows used. */
  readonly rows: number;
  readonly compressor: Compressor;
  readonly dense: Compressor;
  /** b: neighbouring workers that one task does the work of. */
  readonly shardsPerTask: number;
  /** Gradients go from a round to the next one through the store. */
  readonly keepsGradients: boolean;
  readonly taskQueue: QueueAddress;
  /** The run's own queue of contributions. */
  readonly replyTo: QueueAddress;
  readonly inbox: Inbox;
  readonly usedUp: UsedUp;
  /** Late tasks are sent again before they are overdue; true by default. */
  readonly hedging?: boolean;
  readonly hooks?: AggregatorHooks;
}

export interface StoredSpec extends StoredRun {
  readonly digest: string;
}

/** The run was deleted. */
export class RunDeleted extends MarinaError {}

/** There is a description, and this program can't read it: trying again is of no use. */
export class UnreadableDescription extends MarinaError {
  override readonly name = "UnreadableDescription";
}

/** The run's description. @throws RunDeleted when it is not there; UnreadableDescription; and what the store throws. */
export async function loadStored(
  { objects }: Ports,
  run: string,
  descriptions = new Descriptions(),
): Promise<StoredSpec> {
  const key = specKey(run);
  try {
    const { value } = await readChecked(objects, key, (body) => descriptions.run(body, key));
    return { ...value.stored, digest: value.digest };
  } catch (error) {
    if (!(error instanceof MarinaError)) throw error;
    if (error instanceof DamagedObject || error.code === "version") {
      throw new UnreadableDescription(
        error.code,
        `run ${run} can't go on: ${error.message}; put a copy of ${key} back (a file of marina export has one), then: marina resume ${run}; without a copy start a new run`,
        { cause: error },
      );
    }
    if (error.code !== "not-found") throw error;
    throw new RunDeleted("not-found", `run ${run} was deleted: ${key} is gone`, { cause: error });
  }
}

/**
 * The run's description and data set, read and checked.
 * @param membership at work; undefined: the one that the run starts with.
 */
export async function loadRun(
  ports: Ports,
  run: string,
  membership: NumberedMembership | undefined,
  descriptions = new Descriptions(),
): Promise<Omit<ActiveRun, "taskQueue" | "replyTo" | "inbox" | "hedging" | "hooks">> {
  const stored = await loadStored(ports, run, descriptions);
  const { spec, digest } = stored;
  const name = manifestKey(spec.data);
  const { value: manifest } = await readChecked(ports.objects, name, (body) =>
    descriptions.manifest(body, name),
  );
  if (manifest.object.sha256 !== stored.data.sha256) {
    throw new MarinaError(
      "corrupt",
      `${name}: data set "${spec.data}" was replaced since run ${run} began; start a new run`,
    );
  }
  const problem = openProblem(spec.problem, await problemForm(ports.objects, spec.problem, manifest));
  const { dimension } = problem.parameters;
  return {
    ports,
    usedUp: new UsedUp(ports),
    run,
    digest,
    spec,
    manifest,
    heldOutRows: stored.heldOut?.rows ?? 0,
    problem,
    dimension,
    ...partOf(spec, manifest, problem, membership ?? startingEpoch(spec)),
    dense: createCompressor({ kind: "identity" }, dimension, spec.wire),
  };
}

/** What of a run depends on who takes part. */
function partOf(
  spec: RunSpec,
  manifest: Manifest,
  problem: Problem,
  { phase, workers, participants }: NumberedMembership,
) {
  const { dimension } = problem.parameters;
  const shardsPerTask = shardsPerTaskOf(spec, workers, manifest, problem);
  const gradient = keptGradient({ workers, participants, shardsPerTask }, manifest, problem);
  return {
    phase,
    workers,
    participants,
    algorithm: algorithmOf(spec, { workers, participants }),
    compressor: createCompressor(compressorOf(spec.algorithm), dimension, spec.wire, { workers }),
    rows: rowsUsed(manifest.rows, workers, spec.remainder),
    shardsPerTask,
    keepsGradients: keepsGradients(spec, gradient),
  };
}

/** The same run with another membership. */
export function withMembership(active: ActiveRun, membership: NumberedMembership): ActiveRun {
  return { ...active, ...partOf(active.spec, active.manifest, active.problem, membership) };
}

/** What the tasks of one exchange have in common. */
export interface Assignment {
  readonly kind: TaskKind;
  readonly round: number;
  readonly evaluate: boolean;
  readonly oldestNeededRound: number;
  readonly points: readonly Point[];
  readonly pointRounds: readonly number[];
  /** Dense vectors are stored, to be added by reducers. */
  readonly ranges?: Ranges | undefined;
  readonly downlink?: Downlink;
}

/** Tasks for these workers; slots are numbered from `firstSlot`. */
export function tasksFor(
  active: ActiveRun,
  assignment: Assignment,
  workers: Iterable<number>,
  firstSlot = 0,
): Task[] {
  const { run, digest: runDigest, replyTo, phase, workers: all } = active;
  const common = { ...assignment, run, runDigest, replyTo, phase, workers: all };
  return Array.from(workers, (worker, i) => plainTask(common, firstSlot + i, worker));
}
