/** Does a run go on by itself, and how is that known? */

import { seconds } from "../../shared/base/index.ts";
import {
  HEARTBEAT_SECONDS,
  LEASE_SECONDS,
  MAX_SENDS,
  RESEND_AFTER_SECONDS,
} from "../../shared/protocol/index.ts";

export interface Liveness {
  /**
   * `live`: it goes on by itself. `ended`: it has its result. `cut-off`: nothing goes on with it until it is resumed.
   * `silent`: no sign of life for longer than a living run is silent, yet something may still be at work on it.
   */
  readonly state: "live" | "ended" | "cut-off" | "silent";
  /** The evidence, for people. */
  readonly because: string;
}

/** What a stack shows of a run without a result. */
export interface StackEvidence {
  /** Since its checkpoint was written last, by the store's clock; before its first one: since its description was. */
  readonly secondsSinceWrite: number;
  readonly begun: boolean;
  /** Control messages that wait or are being worked on, of all runs together; undefined where that may not be asked. */
  readonly controlMessages: number | undefined;
}

/**
 * A living run writes its checkpoint every round. No round takes longer than its tasks may be sent again; an aggregator
 * that died is replaced when its lease is over.
 */
export const SILENT_SECONDS = MAX_SENDS * RESEND_AFTER_SECONDS + LEASE_SECONDS + HEARTBEAT_SECONDS;

export function judge({ secondsSinceWrite, begun, controlMessages }: StackEvidence): Liveness {
  const since = begun
    ? `its last checkpoint was written ${seconds(secondsSinceWrite)} ago`
    : `it was started ${seconds(secondsSinceWrite)} ago and has no checkpoint yet`;
  // An aggregator works on a run only as long as it holds a control message. SQS counts these with some delay, which
  // matters where one has just been sent or handed over.
  if (controlMessages === 0) {
    return secondsSinceWrite <= HEARTBEAT_SECONDS
      ? { state: "live", because: since }
      : { state: "cut-off", because: `${since} and no control message is left` };
  }
  if (secondsSinceWrite <= SILENT_SECONDS) return { state: "live", because: since };
  // A calibration may last; its power iteration stores nothing until it is done.
  if (!begun && controlMessages !== undefined)
    return { state: "live", because: `${since}; its control message is being worked on` };
  return { state: "silent", because: since };
}
