/** A request log, counted as a bill counts: by kind, a queue's request once for each started 64 KiB. */
import { ITEMS, type Item } from "./items.ts";
import { billedUnits } from "./meter.ts";
import type { RequestLogEntry } from "./request-log.ts";
import { type AccountUsage, type Counters, type MutableAccount, zeroUsage } from "./usage.ts";

export interface ObservedRequests {
  /** What an observer can see: requests on queues and objects; all other counts are zero. */
  readonly counts: Pick<AccountUsage, "standardQueues" | "fifoQueues" | "objects">;
  /** Requests of no known kind, by operation: none, for the deployed functions. */
  readonly others: ReadonlyMap<string, number>;
}

export function countRequests(entries: Iterable<RequestLogEntry>): ObservedRequests {
  const counts = zeroUsage().method;
  const others = new Map<string, number>();
  for (const entry of entries) {
    const item = itemOf(entry);
    if (item === undefined) {
      const name = `${entry.service} ${entry.operation}`;
      others.set(name, 1 + (others.get(name) ?? 0));
      continue;
    }
    const counters: Counters = counts[item.resource as keyof MutableAccount];
    counters[item.counter]! += item.service === "SQS" ? Math.max(1, billedUnits(entry.bytes)) : 1;
  }
  return { counts, others };
}

/** By service ("sqs", "s3") and operation. */
const OF_OPERATION = Map.groupBy(
  ITEMS.flatMap((item: Item) =>
    item.seen !== undefined && "operations" in item.seen
      ? item.seen.operations.map((operation) => ({
          item,
          name: `${item.service.toLowerCase()} ${operation}`,
        }))
      : [],
  ),
  ({ name }) => name,
);

/** The row that counts it; undefined for what no row does. */
function itemOf({ service, operation, resource, messages }: RequestLogEntry): Item | undefined {
  const rows = OF_OPERATION.get(`${service} ${operation}`)?.map(({ item }) => item) ?? [];
  if (service !== "sqs") return rows[0];
  const queues = resource.endsWith(".fifo") ? "fifoQueues" : "standardQueues";
  const ofQueue = rows.filter((item) => item.resource === queues);
  // A receive is counted by what it brought.
  return ofQueue.length < 2 ? ofQueue[0] : ofQueue.find((item) => isOfEmpty(item) === (messages === 0));
}

function isOfEmpty({ seen }: Item): boolean {
  return seen !== undefined && "empty" in seen;
}
