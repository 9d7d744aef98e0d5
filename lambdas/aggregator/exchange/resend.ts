/** When is which task sent again? Pure. Allowed at all only because tasks are deterministic and counted once. */
import {
  HEDGE_AFTER_SHARE,
  HEDGE_DELAY_MILLISECONDS,
  HEDGE_SHARE_LIMIT,
  MAX_SENDS,
  RESEND_AFTER_SECONDS,
} from "../../../shared/protocol/index.ts";

export interface RoundProgress {
  readonly now: number;
  /** When the round's tasks were sent first. */
  readonly sentAt: number;
  /** When HEDGE_AFTER_SHARE of the answers had come in; undefined before. */
  readonly mostInAt: number | undefined;
  /** Slots without an answer. */
  readonly missing: readonly number[];
  /** Slot -> times sent. */
  readonly sends: readonly number[];
  /** Slot -> when sent last. */
  readonly lastSent: readonly number[];
  /** Tasks already sent again as hedges in this round. */
  readonly hedged: number;
}

export interface ResendDecision {
  readonly hedges: readonly number[];
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

export function decideResend(progress: RoundProgress): ResendDecision {
  const { now, missing, sends, lastSent, mostInAt } = progress;
  const patience = 1000 * RESEND_AFTER_SECONDS;
  const late = missing.filter((slot) => now - lastSent[slot]! >= patience);
  const exhausted = late.find((slot) => sends[slot]! >= MAX_SENDS);
  const overdue = late.filter((slot) => sends[slot]! < MAX_SENDS);
  const room = Math.floor(HEDGE_SHARE_LIMIT * sends.length) - progress.hedged;
  const hedging = mostInAt !== undefined && now - mostInAt >= HEDGE_DELAY_MILLISECONDS && room > 0;
  const hedges = hedging
    ? missing.filter((slot) => sends[slot] === 1 && !overdue.includes(slot)).slice(0, room)
    : [];
  const resent = new Set([...overdue, ...hedges]);
  let wait = patience;
  for (const slot of missing) if (!resent.has(slot)) wait = Math.min(wait, lastSent[slot]! + patience - now);
  if (mostInAt !== undefined && !hedging && room > 0 && missing.some((slot) => sends[slot] === 1)) {
    wait = Math.min(wait, mostInAt + HEDGE_DELAY_MILLISECONDS - now);
  }
  return { hedges, overdue, exhausted, waitMilliseconds: Math.max(1, wait) };
}
