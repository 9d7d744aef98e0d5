/** What SQS accepts and what it refuses, before anything is done. */
import { Buffer } from "node:buffer";
import { MarinaError } from "../../shared/base/index.ts";
import type { OutgoingMessage, QueueAddress } from "../../shared/cloud/index.ts";
import { BATCH_LIMIT, LONG_POLL_LIMIT_SECONDS, MESSAGE_LIMIT_BYTES } from "../../shared/protocol/index.ts";

/** Messages checked and measured, ready to be accepted when the request reaches the queue. */
export interface Batch {
  readonly messages: readonly OutgoingMessage[];
  readonly bytes: readonly number[];
  readonly evaluationBytes: readonly number[];
  readonly methodBytes: number;
  readonly totalBytes: number;
}

/**
 * Checks a batch as SQS does before anything of it is accepted.
 * @throws MarinaError `limit` for more than 10 messages or 1 MiB, `usage` for what the kind of queue can't take.
 */
export function measureBatch(
  queue: QueueAddress,
  fifo: boolean,
  messages: readonly OutgoingMessage[],
  evaluationBytesOf: (body: string) => number,
): Batch {
  const where = `queue ${queue}: send`;
  if (messages.length === 0 || messages.length > BATCH_LIMIT) {
    throw new MarinaError(
      "limit",
      `${where}: expected 1 to ${BATCH_LIMIT} messages a batch, got ${messages.length}`,
    );
  }
  const bytes: number[] = [];
  const evaluationBytes: number[] = [];
  let totalBytes = 0;
  let methodBytes = 0;
  for (let i = 0; i < messages.length; i++) {
    const { body, group, deduplicationId } = messages[i]!;
    if (body.length === 0)
      throw new MarinaError("usage", `${where}: message ${i} is empty; SQS refuses such`);
    if (fifo && (group === undefined || deduplicationId === undefined)) {
      throw new MarinaError(
        "usage",
        `${where}: message ${i} needs a group and a deduplicationId: the queue is FIFO`,
      );
    }
    if (!fifo && deduplicationId !== undefined) {
      throw new MarinaError(
        "usage",
        `${where}: message ${i} has a deduplicationId, but the queue is not FIFO`,
      );
    }
    const size = Buffer.byteLength(body);
    const evaluation = Math.min(size, evaluationBytesOf(body));
    bytes.push(size);
    evaluationBytes.push(evaluation);
    totalBytes += size;
    methodBytes += size - evaluation;
  }
  if (totalBytes > MESSAGE_LIMIT_BYTES) {
    throw new MarinaError(
      "limit",
      `${where}: expected at most ${MESSAGE_LIMIT_BYTES} bytes a batch, got ${totalBytes}: send larger ones through S3`,
    );
  }
  return { messages, bytes, evaluationBytes, methodBytes, totalBytes };
}

/** What every call on a missing queue throws. */
export function queueNotFound(queue: string): MarinaError {
  return new MarinaError(
    "not-found",
    `queue ${queue}: no such queue: it was never created, or it was deleted`,
  );
}

/** @throws MarinaError `limit` for what SQS would refuse. */
export function checkReceive(
  queue: string,
  { max, waitSeconds }: { readonly max: number; readonly waitSeconds: number },
): void {
  if (!(Number.isInteger(max) && max >= 1 && max <= BATCH_LIMIT)) {
    throw new MarinaError(
      "limit",
      `queue ${queue}: receive: expected max from 1 to ${BATCH_LIMIT}, got ${max}`,
    );
  }
  if (!(waitSeconds >= 0 && waitSeconds <= LONG_POLL_LIMIT_SECONDS)) {
    throw new MarinaError(
      "limit",
      `queue ${queue}: receive: expected waitSeconds from 0 to ${LONG_POLL_LIMIT_SECONDS}, got ${waitSeconds}`,
    );
  }
}
