/** When is which task sent again? Pure. Allowed at all only because tasks are deterministic and counted once. */
import {
  HEDGE_AFTER_SHARE,
  HEDGE_DELAY_MILLISECONDS,
  HEDGE_DELAY_SHARE,
  HEDGE_PROMPT_MILLISECONDS,
  HEDGE_SHARE_LIMIT,
  MAX_SENDS,
  RESEND_AFTER_SECONDS,
} from "../../../shared/protocol/index.ts";

export interface RoundProgress {
  readonly now: number;
  /** When the round's tasks were sent first. */
  readonly sentAt: number;
  /**
   * When it was last seen that workers are at work: any answer of the round, or tasks that wait in the queue. There may be
   * fewer workers than tasks, so until then nobody can say that a task is lost: it may not have been begun.
   */
  readonly aliveAt: number;
  /** When HEDGE_AFTER_SHARE of the answers had come in; undefined before. */
  readonly mostInAt: number | undefined;
  /** Slots without an answer. */
  readonly missing: readonly number[];
  /** Slot -> times sent. */
  readonly sends: readonly number[];
  /** Slot -> when sent last. */
  readonly lastSent: readonly number[];
  /** Slot -> its worker has failed: when to send it again. */
  readonly retryAt: readonly (number | undefined)[];
  /** Tasks already sent again as hedges in this round. */
  readonly hedged: number;
  /** How many tasks, the first ones, may be sent again as hedges; default: all. */
  readonly hedgeable?: number;
}

export interface ResendDecision {
  readonly hedges: readonly number[];
  /** Slots whose worker has failed, after a pause. */
  readonly retries: readonly number[];
  /** Slots that nothing was heard of: lost, unless tasks wait in the queue. */
  readonly overdue: readonly number[];
  /** A slot that was sent as often as allowed and has not answered in time: the run fails. */
  readonly exhausted: number | undefined;
  /** Look again after so many milliseconds at the latest. */
  readonly waitMilliseconds: number;
}

/** Answers needed before hedging begins: with few workers all of them, so none is hedged. */
export function hedgeThreshold(slots: number): number {
  return Math.max(1, Math.ceil(HEDGE_AFTER_SHARE * slots));
}

/** How long the last tenth of a round's answers may take longer than the rest. */
export function hedgeDelay(mostInMilliseconds: number): number {
  return Math.max(
    HEDGE_DELAY_MILLISECONDS,
    HEDGE_DELAY_SHARE * (mostInMilliseconds - HEDGE_PROMPT_MILLISECONDS),
  );
}

export function decideResend(progress: RoundProgress): ResendDecision {
  const { now, sentAt, aliveAt, missing, sends, lastSent, retryAt, mostInAt } = progress;
  const { hedgeable = sends.length } = progress;
  const patience = 1000 * RESEND_AFTER_SECONDS;
  const lateAt = (slot: number): number => Math.max(lastSent[slot]!, aliveAt) + patience;
  const retries = missing.filter((slot) => (retryAt[slot] ?? Number.POSITIVE_INFINITY) <= now);
  const late = missing.filter((slot) => lateAt(slot) <= now && !retries.includes(slot));
  const exhausted = late.find((slot) => sends[slot]! >= MAX_SENDS);
  const overdue = late.filter((slot) => sends[slot]! < MAX_SENDS);
  const room = Math.floor(HEDGE_SHARE_LIMIT * hedgeable) - progress.hedged;
  const hedgeAt =
    mostInAt === undefined ? Number.POSITIVE_INFINITY : mostInAt + hedgeDelay(mostInAt - sentAt);
  const hedging = now >= hedgeAt && room > 0;
  const again = new Set([...retries, ...overdue]);
  const hedges = hedging
    ? missing.filter((slot) => slot < hedgeable && sends[slot] === 1 && !again.has(slot)).slice(0, room)
    : [];
  for (const slot of hedges) again.add(slot);
  let wait = patience;
  for (const slot of missing) {
    if (again.has(slot)) continue;
    wait = Math.min(wait, lateAt(slot) - now, (retryAt[slot] ?? Number.POSITIVE_INFINITY) - now);
  }
  if (
    mostInAt !== undefined &&
    !hedging &&
    room > 0 &&
    missing.some((slot) => slot < hedgeable && sends[slot] === 1)
  ) {
    wait = Math.min(wait, hedgeAt - now);
  }
  return { hedges, retries, overdue, exhausted, waitMilliseconds: Math.max(1, wait) };
}
