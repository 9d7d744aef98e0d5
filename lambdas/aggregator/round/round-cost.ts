/** What a round was, in bits, bytes and messages. */
import { isPair } from "../../../shared/methods/index.ts";
import { storedGradientBytes } from "../../../shared/protocol/index.ts";
import type { AcceptedContribution } from "../exchange/contribution-table.ts";
import type { Exchange } from "../exchange/exchange.ts";
import type { ActiveRun } from "../term/active-run.ts";
import type { Asked } from "./asked.ts";
import { storedEvaluationBytes } from "./evaluate.ts";
import type { ReductionTraffic } from "./reduce.ts";

export interface RoundCost {
  /** This round's uplink, mean over all n workers, the paper's bits. */
  readonly uplinkBitsPerWorker: number;
  readonly uplinkBytes: number;
  readonly downlinkBytes: number;
  readonly evaluationBytes: number;
  /** Contributions that needed the gradients at two points, over all rows; and those whose worker still held the older, or found it in the store. */
  readonly pairs: number;
  readonly reused: number;
  readonly resent: number;
  readonly hedged: number;
  readonly dropped: number;
}

const NO_TRAFFIC: ReductionTraffic = {
  ...{ taskBytes: 0, uplinkBytes: 0, outsideBytes: 0 },
  ...{ resent: 0, hedged: 0, dropped: 0, collectedAgain: [] },
};

/**
 * @param storedBytes of points and deltas.
 * @param traffic of the reduction, where there was one.
 */
export function costOf(
  { plan: { request }, own, ranges, entryBytes }: Asked,
  { accepted, taskBytes, outsideBytes, resent, hedged, dropped }: Exchange,
  { workers, dimension, digest }: Pick<ActiveRun, "workers" | "dimension" | "digest">,
  storedBytes: number,
  traffic = NO_TRAFFIC,
): RoundCost {
  const { bits, reused } = methodOf(accepted);
  // Bits are the method's, whose messages count once; bytes are what has travelled.
  const travelled = [...accepted, ...traffic.collectedAgain];
  const { uplinkBytes, bytesRead, evaluationBytes } = bytesOf(travelled);
  const senders = travelled.flatMap(({ message }) => own[message.slot] ?? []);
  const storedMessages = ranges.message === 0 ? 0 : senders.length * entryBytes * dimension;
  const kept = senders.reduce((count, { reuse }) => count + (reuse?.[0]?.keep === true ? 1 : 0), 0);
  const keptGradients = kept * storedGradientBytes(digest, dimension);
  const storedGradients = storedEvaluationBytes(travelled, dimension);
  return {
    uplinkBitsPerWorker: bits / workers,
    uplinkBytes: uplinkBytes + storedMessages + keptGradients + traffic.uplinkBytes,
    downlinkBytes: taskBytes + storedBytes + bytesRead + traffic.taskBytes,
    evaluationBytes: outsideBytes + evaluationBytes + storedGradients + traffic.outsideBytes,
    pairs: isPair(request) ? own.length : 0,
    reused,
    resent: resent + traffic.resent,
    hedged: hedged + traffic.hedged,
    dropped: dropped + traffic.dropped,
  };
}

/** What the contributions of a round were to the method, in all. */
function methodOf(accepted: readonly AcceptedContribution[]): { bits: number; reused: number } {
  let bits = 0;
  let reused = 0;
  for (const { message } of accepted) {
    if (message.kind !== "contribution") continue;
    bits += message.bits;
    if (message.reused) reused++;
  }
  return { bits, reused };
}

/** Bytes of messages, and those that their workers have read. */
function bytesOf(answers: readonly AcceptedContribution[]) {
  let uplinkBytes = 0;
  let bytesRead = 0;
  let evaluationBytes = 0;
  for (const { message, bytes, evaluationBytes: extra } of answers) {
    // What an evaluation reads is outside the method.
    if (message.kind === "contribution" && message.bits > 0) bytesRead += message.bytesRead ?? 0;
    uplinkBytes += bytes;
    evaluationBytes += extra;
  }
  return { uplinkBytes, bytesRead, evaluationBytes };
}
