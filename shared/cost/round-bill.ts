/** A run's dollars spread over its rounds: the sum over the rounds, start and end included, is the run's. */

/** The columns of a round's record that a bill needs: totals before the round's tasks were sent. */
export interface RoundTotals {
  readonly round: number;
  readonly dense: boolean;
  readonly slots: number;
  readonly seconds: number;
  readonly usd: number;
}

export interface RoundBill {
  /** What this row is for: before the first round, a round, or after the last (final checkpoint, hand-overs). */
  readonly part: "start" | "round" | "end";
  readonly round: number | null;
  readonly dense: boolean | null;
  readonly slots: number | null;
  readonly seconds: number;
  readonly usd: number;
}

/**
 * Differences of neighbouring records. The last record's own round ends with the run where the run took its step; a run
 * that met its stopping rule there took none, and the round's messages are in the last row all the same.
 *
 * @param records of every round from 0 on, in order
 * @param end the run's totals
 */
export function billByRound(
  records: readonly RoundTotals[],
  end: { readonly seconds: number; readonly usd: number },
): RoundBill[] {
  const first = records[0];
  if (first === undefined) {
    return [{ part: "end", round: null, dense: null, slots: null, seconds: end.seconds, usd: end.usd }];
  }
  const rows: RoundBill[] = [
    { part: "start", round: null, dense: null, slots: null, seconds: first.seconds, usd: first.usd },
  ];
  records.forEach((record, i) => {
    const next = records[i + 1];
    const { round, dense, slots } = record;
    if (next !== undefined) {
      const seconds = next.seconds - record.seconds;
      rows.push({ part: "round", round, dense, slots, seconds, usd: next.usd - record.usd });
    } else {
      const [seconds, usd] = [end.seconds - record.seconds, end.usd - record.usd];
      rows.push({ part: "end", round, dense, slots, seconds, usd });
    }
  });
  return rows;
}
