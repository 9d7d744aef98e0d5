/** What is kept of every round: a row of numbers, stored in blocks. */
import { MessageError } from "../../base/index.ts";
import { FrameReader, FrameWriter } from "../frames/frame.ts";
import type { HeldOut } from "../spec/held-out.ts";

/**
 * Round t as it was when x^t had been formed and its messages had come in. All totals are of the method alone (no
 * evaluation traffic) and count what happened before x^t could be formed, so row t is a point of every curve.
 */
export interface RoundRecord {
  readonly round: number;
  /** The messages of round t were dense. */
  readonly dense: boolean;
  /** Slots of round t. */
  readonly slots: number;
  /** f(x^t); null where no worker looked at all rows. */
  readonly loss: number | null;
  /** |grad f(x^t)|^2; null where it was not evaluated. */
  readonly gradientNormSquared: number | null;
  /** U_t: uplink bits per worker (mean over all n), the paper's accounting. */
  readonly uplinkBitsPerWorker: number;
  /** Bytes of contributions' bodies, all workers. */
  readonly uplinkBytes: number;
  /** Bytes of tasks' bodies and of stored iterates, all workers. */
  readonly downlinkBytes: number;
  /** Seconds since the run began, by the engine's clock. */
  readonly seconds: number;
  readonly usd: number;
  /** Tasks sent again in round t: hedges, overdue ones, and those whose worker failed. */
  readonly resent: number;
  /** How many of these were hedges. */
  readonly hedged: number;
  /** Contributions dropped in round t: duplicates, late ones, foreign or corrupt ones. */
  readonly dropped: number;
  /** At x^t, where it was evaluated on held-out data. */
  readonly heldOut?: HeldOut;
  /** sqrt(mean_i |D_i|^2 - |Dbar|^2)/|x^t - x^{t-1}| <= L_pm, where it was measured. */
  readonly measuredLpm?: number;
}

const COLUMNS = 13;
/** Of the table of held-out figures, which only those rounds have a row of that were evaluated so: round, rows, loss, correct. */
const HELD_OUT_COLUMNS = 4;
/** Of the table of measured L_pm, likewise: round, L_pm. */
const MEASURED_COLUMNS = 2;
/** Rounds in one stored block. */
export const ROUNDS_PER_BLOCK = 64;

export function encodeRounds(records: readonly RoundRecord[]): Uint8Array {
  const table = new Float64Array(COLUMNS * records.length);
  let at = 0;
  for (const r of records) {
    table[at++] = r.round;
    table[at++] = r.dense ? 1 : 0;
    table[at++] = r.slots;
    table[at++] = r.loss ?? Number.NaN;
    table[at++] = r.gradientNormSquared ?? Number.NaN;
    table[at++] = r.uplinkBitsPerWorker;
    table[at++] = r.uplinkBytes;
    table[at++] = r.downlinkBytes;
    table[at++] = r.seconds;
    table[at++] = r.usd;
    table[at++] = r.resent;
    table[at++] = r.hedged;
    table[at++] = r.dropped;
  }
  const heldOut = Float64Array.from(
    records.flatMap(({ round, heldOut: of }) =>
      of === undefined ? [] : [round, of.rows, of.loss ?? Number.NaN, of.correct ?? Number.NaN],
    ),
  );
  const measured = Float64Array.from(
    records.flatMap(({ round, measuredLpm }) => (measuredLpm === undefined ? [] : [round, measuredLpm])),
  );
  const bytes = 128 + table.byteLength + heldOut.byteLength + measured.byteLength;
  const writer = new FrameWriter("rounds", bytes).vector(table);
  // Without held-out data and measured L_pm blocks are what they were before there was any.
  if (heldOut.length + measured.length > 0) writer.vector(heldOut);
  if (measured.length > 0) writer.vector(measured);
  return writer.finish();
}

/** @throws MessageError, or MarinaError "version". */
export function decodeRounds(bytes: Uint8Array, key: string): RoundRecord[] {
  const reader = new FrameReader("rounds", bytes, key);
  const table = reader.vector();
  const heldOut = reader.atEnd ? new Map<number, HeldOut>() : heldOutOf(reader.vector(), key);
  const measured = reader.atEnd ? new Map<number, number>() : measuredOf(reader.vector(), key);
  reader.end();
  if (table.length % COLUMNS !== 0) throw new MessageError(`${key}: expected rows of ${COLUMNS} numbers`);
  const records: RoundRecord[] = [];
  for (let at = 0; at < table.length; at += COLUMNS) {
    const loss = table[at + 3]!;
    const norm = table[at + 4]!;
    records.push({
      round: table[at]!,
      dense: table[at + 1] === 1,
      slots: table[at + 2]!,
      loss: Number.isNaN(loss) ? null : loss,
      gradientNormSquared: Number.isNaN(norm) ? null : norm,
      uplinkBitsPerWorker: table[at + 5]!,
      uplinkBytes: table[at + 6]!,
      downlinkBytes: table[at + 7]!,
      seconds: table[at + 8]!,
      usd: table[at + 9]!,
      resent: table[at + 10]!,
      hedged: table[at + 11]!,
      dropped: table[at + 12]!,
      ...(heldOut.has(table[at]!) ? { heldOut: heldOut.get(table[at]!)! } : {}),
      ...(measured.has(table[at]!) ? { measuredLpm: measured.get(table[at]!)! } : {}),
    });
  }
  return records;
}

/** By round. @throws MessageError */
function measuredOf(table: Float64Array, key: string): ReadonlyMap<number, number> {
  if (table.length % MEASURED_COLUMNS !== 0) {
    throw new MessageError(`${key}: expected rows of ${MEASURED_COLUMNS} numbers of measured L_pm`);
  }
  const found = new Map<number, number>();
  for (let at = 0; at < table.length; at += MEASURED_COLUMNS) found.set(table[at]!, table[at + 1]!);
  return found;
}

/** By round. @throws MessageError */
function heldOutOf(table: Float64Array, key: string): ReadonlyMap<number, HeldOut> {
  if (table.length % HELD_OUT_COLUMNS !== 0) {
    throw new MessageError(`${key}: expected rows of ${HELD_OUT_COLUMNS} numbers of held-out data`);
  }
  const found = new Map<number, HeldOut>();
  for (let at = 0; at < table.length; at += HELD_OUT_COLUMNS) {
    const [round, rows, loss, correct] = table.subarray(at, at + HELD_OUT_COLUMNS) as unknown as number[];
    found.set(round!, {
      rows: rows!,
      loss: Number.isNaN(loss) ? null : loss!,
      correct: Number.isNaN(correct) ? null : correct!,
    });
  }
  return found;
}
