/** A checkpoint before its commit; and those that no round has led to: a run's beginning and its failure. */
import { MarinaError } from "../../../shared/base/index.ts";
import { promiseOf } from "../../../shared/compressors/index.ts";
import {
  type Checkpoint,
  type ControlMessage,
  type RunSpec,
  startingMembership,
  type Totals,
} from "../../../shared/protocol/index.ts";
import { StoppedNow } from "../exchange/user-commands.ts";
import { explainFailure, WorkerFailure } from "../exchange/worker-failure.ts";
import { startElastic } from "../membership/decide.ts";
import type { ActiveRun, StoredSpec } from "../term/active-run.ts";

export type UncommittedCheckpoint = Omit<Checkpoint, "commit">;

export const NO_TOTALS: Totals = {
  uplinkBitsPerWorker: 0,
  uplinkBytes: 0,
  downlinkBytes: 0,
  evaluationBytes: 0,
  seconds: 0,
  pairs: 0,
  reused: 0,
  resent: 0,
  hedged: 0,
  dropped: 0,
};

/** Of a run that could not be loaded. */
export const NO_POINT = new Float64Array(0);

/** What can be said of a run before its calibration is done; of one that could not even be loaded, too. */
export function emptyCheckpoint(
  {
    run,
    spec,
    digest,
    problem,
    rows = 0,
    compressor,
  }: Pick<StoredSpec, "run" | "digest"> & { readonly spec: RunSpec | null } & Partial<
      Pick<ActiveRun, "problem" | "rows" | "compressor">
    >,
  control: ControlMessage,
  start: Float64Array,
): UncommittedCheckpoint {
  const promise = compressor === undefined ? { omega: 0 } : promiseOf(compressor);
  const zeta = compressor?.zeta ?? 0;
  const membership = spec === null ? { workers: 0, participants: null } : startingMembership(spec);
  const nothing = { L: 0, Lmax: 0, cL: 0, Lrow: 0, stepSize: 0, probability: 0, shiftStep: 0 };
  return {
    run,
    runDigest: digest,
    tenure: control.tenure,
    generation: 0,
    status: "failed",
    stoppedBy: "error",
    error: null,
    round: 0,
    referenceRound: 0,
    constants: {
      ...nothing,
      ...promise,
      zeta,
      workers: membership.workers,
      dimension: problem?.parameters.dimension ?? 0,
      rows,
    },
    elastic: startElastic(membership, nothing),
    initialGradientNormSquared: null,
    totals: NO_TOTALS,
    ending: null,
    usage: null,
    ...(spec?.iterate === undefined ? {} : { iterate: spec.iterate }),
    state: { iterate: start },
    records: [],
  };
}

/** How a run ends that this error ends. @param active undefined when the run could not even be loaded. */
export function failureOf(
  error: unknown,
  active?: Pick<ActiveRun, "manifest" | "spec">,
): Pick<UncommittedCheckpoint, "status" | "stoppedBy" | "error"> {
  if (error instanceof StoppedNow) return { status: "stopped", stoppedBy: "user", error: null };
  if (!(error instanceof MarinaError))
    return { status: "failed", stoppedBy: "error", error: `unexpected error: ${describe(error)}` };
  const text =
    error instanceof WorkerFailure && active !== undefined
      ? explainFailure(error, active.manifest, active.spec)
      : error.message;
  if (error.code === "non-finite") return { status: "diverged", stoppedBy: "divergence", error: text };
  return { status: "failed", stoppedBy: "error", error: text };
}

export function codeOf(error: unknown): string {
  return error instanceof MarinaError ? error.code : "defect";
}

/** An error with its stack, where it has one. */
export function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
