/** The checkpoint: the one object from which a run goes on, on whatever engine. */
import * as z from "zod";
import { MarinaError, stored } from "../../base/index.ts";
import { type IteratePrecision, precisionOf, type Vectors } from "../../methods/index.ts";
import { FrameReader, FrameWriter } from "../frames/frame.ts";
import type { HeldOut } from "../spec/held-out.ts";
import { decodeRounds, encodeRounds, type RoundRecord } from "./round-record.ts";

export type RunStatus = "running" | "stopped" | "done" | "failed" | "diverged";

/** What ended a run, in one word; absent while it runs. */
export type StoppedBy =
  | "rounds"
  | "relativeGradientNormSquared"
  | "gradientNormSquared"
  | "usd"
  | "seconds"
  | "user"
  | "error"
  | "divergence";

/** The constants a run works with; resolved once, in its calibration. */
export interface Constants {
  /** L = sqrt(mean_i L_i^2); absent, like the other constants, where the problem's are not known. */
  readonly L?: number;
  /** L_f, where the step size needed it. */
  readonly Lf?: number;
  readonly Lmax?: number;
  /** cL, average smoothness; this and the next are not among what is measured. */
  readonly cL?: number;
  readonly Lrow?: number;
  /** L_pm, where it was found out. */
  readonly Lpm?: number;
  /** L, L_f, L_max and L_pm are estimates near x^0: the step size has no guarantee. */
  readonly measured?: true;
  /** Of an unbiased compressor; of a contractive one there is `alpha` in its place. */
  readonly omega?: number;
  readonly alpha?: number;
  readonly zeta: number;
  /** gamma */
  readonly stepSize: number;
  /** p (MARINA family), q (VR-DIANA), 1 elsewhere. */
  readonly probability: number;
  /** alpha */
  readonly shiftStep: number;
  /** L_i of every worker, where they are drawn in proportion to them. */
  readonly Li?: readonly number[];
  /** mu of the Polyak-Lojasiewicz condition, where the step size is made for it. */
  readonly mu?: number;
  /** Rounds after which the theorem guarantees the accuracy aimed at, in expectation, where the spec aims at one. */
  readonly guaranteedRounds?: number;
  /** n */
  readonly workers: number;
  /** d */
  readonly dimension: number;
  /** N, rows used. */
  readonly rows: number;
}

/** A stretch of rounds with the same workers (and participants, step size and probability). */
export interface MembershipEpoch {
  /** Numbers the run's memberships, in tasks and contributions. One that was given up before it took effect has used its number up. */
  readonly phase: number;
  /** Its first round. */
  readonly round: number;
  /** n */
  readonly workers: number;
  /** r of PP-MARINA; null for the other methods. */
  readonly participants: number | null;
  /** gamma */
  readonly stepSize: number;
  /** p */
  readonly probability: number;
  readonly cause: EpochCause;
  /** Its first round is dense whatever the coin says: the workers changed. */
  readonly dense: boolean;
  /** Totals of the run when it began. */
  readonly seconds: number;
  readonly usd: number;
}

/** The run's start; the spec's schedule or target of dollars; `marina scale`. */
export type EpochCause = "start" | "schedule" | "usd-per-round" | "user";

/** A change that waits for its round. Stored before anything is asked of the new membership, so its number is its alone. */
export interface PendingChange {
  readonly phase: number;
  readonly workers: number;
  readonly participants: number | null;
  readonly cause: EpochCause;
  readonly denseRound: "wait" | "force";
}

/** Where a run is with the changes of its workers. */
export interface Elastic {
  /** In force so far; the last is the one at work. */
  readonly phases: readonly MembershipEpoch[];
  readonly pending: PendingChange | null;
  /** The highest phase number given out. */
  readonly lastPhase: number;
  /** Entries of the spec's schedules that have come to count. */
  readonly passed: { readonly workers: number; readonly participants: number };
  /** The lowest |grad f(x^t)|^2 / |grad f(x^0)|^2 evaluated so far. */
  readonly lowestRelative: number | null;
  /** The last request of the user that was taken in; 0: none. */
  readonly lastRequest: number;
}

/** Running totals of the method (evaluation apart) over all tenures. */
export interface Totals {
  /** U_t */
  readonly uplinkBitsPerWorker: number;
  readonly uplinkBytes: number;
  readonly downlinkBytes: number;
  readonly evaluationBytes: number;
  readonly seconds: number;
  /** Contributions that needed the gradients at two points, over all rows, */
  readonly pairs: number;
  /** and those among them whose worker still held the gradient at the older point, or found it in the store: half the work, the same bits. */
  readonly reused: number;
  /** Tasks sent again: hedges, overdue ones, and those whose worker failed. */
  readonly resent: number;
  /** How many of these were hedges. */
  readonly hedged: number;
  /** Messages that counted for nothing: duplicates, late ones, foreign or corrupt ones. */
  readonly dropped: number;
}

/** What a run's result says beyond its last checkpoint, kept with it: whoever finds an ended run can write its result. */
export interface Ending {
  /** f and |grad f|^2 at the final iterate; null where they could not be evaluated. */
  readonly loss: number | null;
  readonly gradientNormSquared: number | null;
  /** At the final iterate, where held-out data was looked at. */
  readonly heldOut?: HeldOut;
  readonly usd: number;
}

/** A state by what leads to it. */
export interface CheckpointBase {
  /** s: that of the base. */
  readonly round: number;
  /** Keys of the vectors of S_s, in the order of `serverStateNames`, and their CRC-32. */
  readonly keys: readonly string[];
  readonly sums: readonly number[];
  /** Frames of the deltas of rounds s, s + 1, ... up to the checkpoint's. */
  readonly deltas: readonly Uint8Array[];
}

export interface Checkpoint {
  /** Who wrote this: tells a lost reply of one's own write from a lost race. */
  readonly commit: string;
  readonly run: string;
  readonly runDigest: string;
  readonly tenure: number;
  /** How often the run was resumed. */
  readonly generation: number;
  readonly status: RunStatus;
  readonly stoppedBy: StoppedBy | null;
  /** Why the run failed or diverged, for people. */
  readonly error: string | null;
  /** t: the next round to do; `state` is the one before it. */
  readonly round: number;
  /** VR-DIANA: the round whose iterate the reference point is; 0 elsewhere. */
  readonly referenceRound: number;
  /** Of the phase at work. */
  readonly constants: Constants;
  readonly elastic: Elastic;
  readonly initialGradientNormSquared: number | null;
  readonly totals: Totals;
  /** What was used so far, as the meter writes it down. */
  readonly usage: unknown;
  /** In which numbers the iterates of the state, or of its base, are stored; absent: float64. */
  readonly iterate?: IteratePrecision;
  /** Empty where there is a base. */
  readonly state: Vectors;
  /** The state by what leads to it: of runs that go on only. */
  readonly base?: CheckpointBase;
  /** Null while the run goes on. */
  readonly ending: Ending | null;
  /** Records not yet in a stored block, oldest first. */
  readonly records: readonly RoundRecord[];
}

/** A run that ended before its calibration was done has no constants yet: it begins anew. */
export function isCalibrated({ constants }: Pick<Checkpoint, "constants">): boolean {
  return constants.stepSize > 0;
}

const finite = z.number();
const count = z.int().min(0);
const cause = z.enum(["start", "schedule", "usd-per-round", "user"]);
const headSchema = z.strictObject({
  commit: z.string(),
  run: z.string(),
  runDigest: z.string(),
  tenure: z.int().min(0),
  generation: z.int().min(0),
  status: z.enum(["running", "stopped", "done", "failed", "diverged"]),
  stoppedBy: z
    .enum([
      "rounds",
      "relativeGradientNormSquared",
      "gradientNormSquared",
      "usd",
      "seconds",
      "user",
      "error",
      "divergence",
    ])
    .nullable(),
  error: z.string().nullable(),
  round: z.int().min(0),
  referenceRound: z.int().min(0),
  constants: z.strictObject({
    L: finite.exactOptional(),
    Lf: finite.exactOptional(),
    Lmax: finite.exactOptional(),
    cL: finite.exactOptional(),
    Lrow: finite.exactOptional(),
    Lpm: finite.exactOptional(),
    measured: z.literal(true).exactOptional(),
    omega: finite.exactOptional(),
    alpha: finite.exactOptional(),
    zeta: finite,
    stepSize: finite,
    probability: finite,
    shiftStep: finite,
    Li: z.array(finite).exactOptional(),
    mu: finite.exactOptional(),
    guaranteedRounds: finite.exactOptional(),
    workers: z.int(),
    dimension: z.int(),
    rows: z.int(),
  }),
  elastic: z.strictObject({
    phases: z.array(
      z.strictObject({
        phase: count,
        round: count,
        workers: count,
        participants: count.nullable(),
        stepSize: finite,
        probability: finite,
        cause,
        dense: z.boolean(),
        seconds: finite,
        usd: finite,
      }),
    ),
    pending: z
      .strictObject({
        phase: count,
        workers: count,
        participants: count.nullable(),
        cause,
        denseRound: z.enum(["wait", "force"]),
      })
      .nullable(),
    lastPhase: count,
    passed: z.strictObject({ workers: count, participants: count }),
    lowestRelative: finite.nullable(),
    lastRequest: finite,
  }),
  initialGradientNormSquared: finite.nullable(),
  totals: z.strictObject({
    uplinkBitsPerWorker: finite,
    uplinkBytes: finite,
    downlinkBytes: finite,
    evaluationBytes: finite,
    seconds: finite,
    pairs: finite,
    reused: finite,
    resent: finite,
    hedged: finite,
    dropped: finite,
  }),
  ending: z
    .strictObject({
      loss: finite.nullable(),
      gradientNormSquared: finite.nullable(),
      heldOut: z
        .strictObject({ rows: count, loss: finite.nullable(), correct: count.nullable() })
        .exactOptional(),
      usd: finite,
    })
    .nullable(),
  usage: z.unknown(),
  iterate: z.enum(["float64", "float32"]).exactOptional(),
});

const storedHead = stored<Omit<Checkpoint, "state" | "records" | "base">>(headSchema, {
  code: "message",
  problem: "the checkpoint's head is not JSON",
});

export function encodeCheckpoint(checkpoint: Checkpoint): Uint8Array {
  const { state, records, base, ...head } = checkpoint;
  const names = Object.keys(state);
  const dimension = names.length > 0 ? state[names[0]!]!.length : 0;
  const writer = new FrameWriter(
    "checkpoint",
    2048 + 8 * (dimension + 1) * names.length + 96 * records.length + bytesOf(base),
  );
  writer.text(JSON.stringify(head)).u32(names.length);
  for (const name of names) {
    writer.text(name);
    if (precisionOf(name, head) === "float32") writer.floats(state[name]!);
    else writer.vector(state[name]!);
  }
  writer.bytes(encodeRounds(records));
  if (base === undefined) return writer.finish();
  writer.u32(base.round).u8(base.keys.length);
  for (const [i, key] of base.keys.entries()) writer.text(key).u32(base.sums[i]!);
  writer.u32(base.deltas.length);
  for (const delta of base.deltas) writer.bytes(delta);
  return writer.finish();
}

function bytesOf(base: CheckpointBase | undefined): number {
  return base?.deltas.reduce((sum, delta) => sum + 4 + delta.length, 512) ?? 0;
}

/** The last field of all. */
function readBase(reader: FrameReader): CheckpointBase {
  const round = reader.u32();
  const keys: string[] = [];
  const sums: number[] = [];
  for (let left = reader.u8(); left > 0; left--) {
    keys.push(reader.text());
    sums.push(reader.u32());
  }
  const deltas: Uint8Array[] = [];
  for (let left = reader.u32(); left > 0; left--) deltas.push(reader.bytes());
  return { round, keys, sums, deltas };
}

/** @throws MarinaError: "version", "message" (torn or foreign bytes) or "spec" (fields of another program). */
export function decodeCheckpoint(bytes: Uint8Array, key: string): Checkpoint {
  const reader = new FrameReader("checkpoint", bytes, key);
  const head = storedHead.decode(reader.text(), key);
  const state: Record<string, Float64Array> = {};
  const vectors = reader.u32();
  for (let i = 0; i < vectors; i++) {
    const name = reader.text();
    const vector = precisionOf(name, head) === "float32" ? reader.floats() : reader.vector();
    if (vector.length !== head.constants.dimension) {
      throw new MarinaError(
        "message",
        `${key}: vector "${name}" has ${vector.length} entries, expected ${head.constants.dimension}`,
      );
    }
    state[name] = vector;
  }
  const records = decodeRounds(reader.bytes(), key);
  const base = reader.atEnd ? undefined : readBase(reader);
  reader.end();
  return { ...head, state, records, ...(base === undefined ? {} : { base }) };
}
