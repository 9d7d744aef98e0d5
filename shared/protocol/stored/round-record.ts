/** What is kept of every round: a row of numbers, stored in blocks. */
import { MessageError } from "../../base/index.ts";
import { FrameReader, FrameWriter } from "../frames/frame.ts";

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
}

const COLUMNS = 13;
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
  return new FrameWriter("rounds", 64 + table.byteLength).vector(table).finish();
}

/** @throws MessageError, or MarinaError "version". */
export function decodeRounds(bytes: Uint8Array, key: string): RoundRecord[] {
  const reader = new FrameReader("rounds", bytes, key);
  const table = reader.vector();
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
    });
  }
  return records;
}
