/** A request log, counted as a bill counts: by kind, a queue's request once for each started 64 KiB. */
import type { RequestLogEntry } from "./request-log.ts";

/** Requests on queues of one sort. */
export interface ObservedQueues {
  send: number;
  receive: number;
  emptyReceive: number;
  delete: number;
  extend: number;
  manage: number;
}

export interface ObservedRequests {
  readonly standardQueues: ObservedQueues;
  readonly fifoQueues: ObservedQueues;
  readonly objects: { put: number; list: number; get: number; delete: number };
  /** Requests of no known kind, by operation: none, for the deployed functions. */
  readonly others: Map<string, number>;
}

/** SQS bills a started 64 KiB of payload as a request. */
const UNIT_BYTES = 65_536;

const noQueues = (): ObservedQueues => ({
  send: 0,
  receive: 0,
  emptyReceive: 0,
  delete: 0,
  extend: 0,
  manage: 0,
});

export function countRequests(entries: Iterable<RequestLogEntry>): ObservedRequests {
  const counts: ObservedRequests = {
    standardQueues: noQueues(),
    fifoQueues: noQueues(),
    objects: { put: 0, list: 0, get: 0, delete: 0 },
    others: new Map(),
  };
  for (const entry of entries) {
    const known =
      entry.service === "sqs"
        ? countQueueRequest(
            entry.resource.endsWith(".fifo") ? counts.fifoQueues : counts.standardQueues,
            entry,
          )
        : entry.service === "s3" && countObjectRequest(counts.objects, entry);
    if (known) continue;
    const name = `${entry.service} ${entry.operation}`;
    counts.others.set(name, 1 + (counts.others.get(name) ?? 0));
  }
  return counts;
}

function countQueueRequest(queues: ObservedQueues, { operation, messages, bytes }: RequestLogEntry): boolean {
  const units = Math.max(1, Math.ceil(bytes / UNIT_BYTES));
  switch (operation) {
    case "SendMessage":
    case "SendMessageBatch":
      queues.send += units;
      return true;
    case "ReceiveMessage":
      if (messages === 0) queues.emptyReceive++;
      else queues.receive += units;
      return true;
    case "DeleteMessage":
    case "DeleteMessageBatch":
      queues.delete++;
      return true;
    case "ChangeMessageVisibility":
    case "ChangeMessageVisibilityBatch":
      queues.extend++;
      return true;
    case "CreateQueue":
    case "DeleteQueue":
    case "GetQueueUrl":
    case "GetQueueAttributes":
      queues.manage++;
      return true;
    default:
      return false;
  }
}

function countObjectRequest(objects: ObservedRequests["objects"], { operation }: RequestLogEntry): boolean {
  switch (operation) {
    case "PutObject":
    case "CreateMultipartUpload":
    case "UploadPart":
    case "CompleteMultipartUpload":
      objects.put++;
      return true;
    case "ListObjectsV2":
      objects.list++;
      return true;
    case "GetObject":
    case "HeadObject":
      objects.get++;
      return true;
    case "DeleteObject":
    case "AbortMultipartUpload":
      objects.delete++;
      return true;
    default:
      return false;
  }
}
