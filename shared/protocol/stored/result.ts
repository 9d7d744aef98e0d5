/** `runs/<run>/result.json`: written last, when a run has ended for whatever reason. */
import * as z from "zod";
import { stored } from "../../base/index.ts";
import type { HeldOut } from "../spec/held-out.ts";
import type { RunSpec } from "../spec/spec.ts";
import type { Preparation } from "./calibration.ts";
import type { Constants, MembershipEpoch, RunStatus, StoppedBy } from "./checkpoint.ts";

export interface RunResult {
  readonly version: 1;
  readonly run: string;
  /** Of the aggregator that ended the run: a run that was resumed has a later one. */
  readonly tenure: number;
  readonly status: Exclude<RunStatus, "running">;
  /**
   * The run's end could not be stored in its checkpoint (it can't be read, or the program has a defect): the figures are
   * those of the last checkpoint that could be read, or of a run that has not begun where there was none.
   */
  readonly provisional?: true;
  readonly stoppedBy: StoppedBy | null;
  readonly error: string | null;
  /** T: x^T is the final iterate. */
  readonly rounds: number;
  /** f(x^T) and |grad f(x^T)|^2, exact; null when the run ended before they could be evaluated. */
  readonly loss: number | null;
  readonly gradientNormSquared: number | null;
  /** At x^T, on held-out data. */
  readonly heldOut?: HeldOut;
  readonly initialGradientNormSquared: number | null;
  readonly relativeGradientNormSquared: number | null;
  /** U_T: the paper's accounting, dense start included, mean over workers. */
  readonly uplinkBitsPerWorker: number;
  /** Bytes of message bodies and stored points as they travelled (base64), all workers, evaluation apart. */
  readonly uplinkBytesMeasured: number;
  readonly downlinkBytesMeasured: number;
  /** Traffic of exact evaluations: not the method's, not in any other figure. */
  readonly evaluationBytesMeasured: number;
  /** By the engine's clock: predicted on the embedded cloud, real elsewhere. */
  readonly seconds: number;
  readonly usd: number;
  /**
   * What calibration took; absent where none was needed. On the embedded cloud it is in no other figure; elsewhere the
   * aggregator's own part of it is in `seconds` and `usd` as well.
   */
  readonly preparation?: Preparation;
  /** The counts that `usd` was priced from, as the meter writes them down. */
  readonly usage?: unknown;
  /** Tasks sent again: hedges, overdue ones, and those whose worker failed. */
  readonly resentTasks: number;
  readonly hedgedTasks: number;
  /** Contributions that needed gradients at two points, and those whose worker still held the older one, or found it in the store. */
  readonly pairedGradients: number;
  readonly reusedGradients: number;
  /** Contributions that counted for nothing: duplicates, late ones, foreign or corrupt ones. */
  readonly droppedMessages: number;
  /** SHA-256 of the final iterate's little-endian float64 bytes. */
  readonly iterateSha256: string;
  /** Of the last phase. */
  readonly constants: Constants;
  /** Stretches of rounds with the same workers; one, for a run that is not elastic. */
  readonly phases: readonly MembershipEpoch[];
  /** Null where the run's description can't be read: the error says so. */
  readonly spec: RunSpec | null;
}

const head = z.looseObject({
  version: z.literal(1),
  run: z.string(),
  tenure: z.int(),
  status: z.enum(["stopped", "done", "failed", "diverged"]),
  rounds: z.number(),
  iterateSha256: z.string(),
  seconds: z.number(),
  usd: z.number(),
  uplinkBitsPerWorker: z.number(),
});

export function encodeResult(result: RunResult): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(result, null, 2)}\n`);
}

/** Not in what versions without elastic runs wrote. */
const UNKNOWN = { phases: [], pairedGradients: 0, reusedGradients: 0 };
const storedResult = stored<Omit<RunResult, keyof typeof UNKNOWN>>(head, {
  problem: "expected a run's result as JSON, got other bytes",
});

/** @throws MarinaError "corrupt" or "spec". */
export function decodeResult(bytes: Uint8Array, key: string): RunResult {
  return { ...UNKNOWN, ...storedResult.decode(bytes, key) };
}
