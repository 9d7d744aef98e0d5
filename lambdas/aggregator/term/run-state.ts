/** A run between two steps of a term: everything that the next step is decided by and begins from. Never changed, only replaced. */
import type { Vectors } from "../../../shared/methods/index.ts";
import type {
  CheckpointBase,
  Constants,
  Elastic,
  HeldOut,
  RoundRecord,
  RunSpec,
  RunStatus,
  StoppedBy,
  Totals,
} from "../../../shared/protocol/index.ts";
import type { Calibration } from "../calibration/calibration.ts";
import type { UncommittedCheckpoint } from "../checkpoints/uncommitted-checkpoint.ts";
import type { Budget, Spent } from "./budget.ts";

export interface RunState {
  readonly spec: RunSpec;
  /** N of the whole data set. */
  readonly datasetRows: number;
  /** What a checkpoint says of the run and of the term that writes it. */
  readonly identity: Pick<UncommittedCheckpoint, "run" | "runDigest" | "tenure" | "generation">;

  /** t: the next round to do. */
  readonly round: number;
  /** VR-DIANA: the round whose iterate the reference point is; 0 elsewhere. */
  readonly referenceRound: number;
  /** The method's state, the iterate among it. */
  readonly vectors: Vectors;
  /** Of the membership at work; step size 0 before the first calibration. */
  readonly constants: Constants;
  /** L_i of the membership at work, where this term's calibration has found them: a checkpoint holds L_max alone. */
  readonly Li: readonly number[] | undefined;
  readonly elastic: Elastic;
  readonly initialGradientNormSquared: number | null;
  readonly totals: Totals;
  /** Records not yet in a stored block, oldest first. */
  readonly records: readonly RoundRecord[];

  /** The calibration that is under way, or done and not in force yet. */
  readonly calibration: Calibration | null;
  /** The round that this term began with. */
  readonly firstRound: number;
  /** Has this term made anything durable that a successor need not do again? */
  readonly advanced: boolean;
  /** Seconds of the run that were counted at this time of the clock, in milliseconds. */
  readonly counted: { readonly seconds: number; readonly at: number };
  /** Of the rounds of this term: none is begun that would not leave room for another one so long. */
  readonly longestRoundSeconds: number;
  /** What the run had spent when this round began, and after what was done since. */
  readonly atBoundary: Spent;
  readonly spent: Spent;
  readonly budget: Budget;
  /** Rounds of the reference points in use since the durable checkpoint, oldest first. */
  readonly references: readonly number[];
  /** The last round whose state this term has stored or begun to store; -1 for none. And when it was, in milliseconds. */
  readonly storedRound: number;
  readonly storedAt: number;

  /** Null while the run goes on. */
  readonly ending: RunEnding | null;
}

export interface RunEnding {
  readonly status: Exclude<RunStatus, "running">;
  readonly stoppedBy: StoppedBy;
  readonly error: string | null;
  /** f and |grad f|^2 at the final iterate; null where they could not be evaluated any more. */
  readonly loss: number | null;
  readonly gradientNormSquared: number | null;
  /** At the final iterate, where held-out data was looked at. */
  readonly heldOut?: HeldOut;
}

/** Seconds since the run began, preparation before its first round included. */
export function secondsAt({ counted }: RunState, milliseconds: number): number {
  return counted.seconds + (milliseconds - counted.at) / 1000;
}

/**
 * The state as a checkpoint.
 * @param usage counts of what the run has used.
 * @param base what leads to the vectors, in their place.
 */
export function checkpointOf(state: RunState, usage: unknown, base?: CheckpointBase): UncommittedCheckpoint {
  const { spec, identity, round, referenceRound, constants, elastic, totals, records, vectors } = state;
  return {
    ...identity,
    status: state.ending?.status ?? "running",
    stoppedBy: state.ending?.stoppedBy ?? null,
    error: state.ending?.error ?? null,
    round,
    referenceRound,
    constants,
    elastic,
    initialGradientNormSquared: state.initialGradientNormSquared,
    totals,
    ending: null,
    usage,
    ...(spec.iterate === undefined ? {} : { iterate: spec.iterate }),
    state: base === undefined ? vectors : {},
    records,
    ...(base === undefined ? {} : { base }),
  };
}
