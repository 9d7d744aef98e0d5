/** The meter against somebody else's counts: two columns and why they may differ. */
import type { ObservedQueues, ObservedRequests } from "./observed-requests.ts";
import type { AccountUsage, QueueUsage, Usage } from "./usage.ts";

export interface ReconciledLine {
  /** As in the bill. */
  readonly item: string;
  readonly unit: "requests" | "messages" | "invocations" | "ms";
  /** By the meter, evaluation included: whoever observes can't tell it apart. */
  readonly metered: number;
  /** By the observer; null where it can't see it. */
  readonly observed: number | null;
  /** Why the two are not equal, or need not be; "" where they must be. */
  readonly note: string;
}

/** Counts of both accounts together. */
export function allUsage({ method, evaluation }: Usage): AccountUsage {
  const add = (a: object, b: object): object =>
    Object.fromEntries(
      Object.entries(a).map(([name, value]) => {
        const other: unknown = (b as Record<string, unknown>)[name];
        return [name, typeof value === "number" ? value + (other as number) : add(value, other as object)];
      }),
    );
  return add(method, evaluation) as AccountUsage;
}

/** Invocations of the two functions as a local cloud's function logs tell them. */
export interface ObservedInvocations {
  readonly worker: number;
  readonly aggregator: number;
}

const INSIDE = "made by the cloud inside itself: does not pass the observer";
const IDLE =
  "polls of an idle queue are billed whether runs go on or not; the deployed meter leaves them out, the embedded one models them";

/** The bill's request counts against a request log, kind by kind. */
export function reconcileRequests(
  usage: Usage,
  observed: ObservedRequests,
  invocations: ObservedInvocations | null,
): ReconciledLine[] {
  const { worker, aggregator, standardQueues, fifoQueues, standardMapping, fifoMapping, objects } =
    allUsage(usage);
  const line = (item: string, metered: number, seen: number | null, note = ""): ReconciledLine => ({
    item,
    unit: "requests",
    metered,
    observed: seen,
    note,
  });
  const queues = (name: string, metered: QueueUsage, seen: ObservedQueues): ReconciledLine[] => [
    line(`${name}: send`, metered.sendRequests, seen.send),
    line(`${name}: receive`, metered.receiveRequests, seen.receive),
    line(`${name}: empty receive`, metered.emptyReceiveRequests, seen.emptyReceive),
    line(`${name}: delete`, metered.deleteRequests, seen.delete),
    line(`${name}: change visibility`, metered.extendRequests, seen.extend),
    line(`${name}: create, look up, destroy`, metered.manageRequests, seen.manage),
  ];
  const counted = (item: string, metered: number, seen: number | undefined): ReconciledLine => ({
    item,
    unit: "invocations",
    metered,
    observed: seen ?? null,
    note: seen === undefined ? "no function log was read" : "",
  });
  return [
    counted("worker: invocations", worker.invocations, invocations?.worker),
    counted("aggregator: invocations", aggregator.invocations, invocations?.aggregator),
    ...queues("standard queues", standardQueues, observed.standardQueues),
    ...queues("FIFO queues", fifoQueues, observed.fifoQueues),
    line("worker's mapping: receive", standardMapping.receiveRequests, null, INSIDE),
    line("worker's mapping: empty receive", standardMapping.emptyReceiveRequests, null, `${INSIDE}; ${IDLE}`),
    line("worker's mapping: delete", standardMapping.deleteRequests, null, INSIDE),
    line("aggregator's mapping: receive", fifoMapping.receiveRequests, null, INSIDE),
    line("aggregator's mapping: empty receive", fifoMapping.emptyReceiveRequests, null, `${INSIDE}; ${IDLE}`),
    line("aggregator's mapping: delete", fifoMapping.deleteRequests, null, INSIDE),
    line("S3: put", objects.putRequests, observed.objects.put),
    line("S3: list", objects.listRequests, observed.objects.list),
    line("S3: get", objects.getRequests, observed.objects.get),
    line("S3: delete", objects.deleteRequests, observed.objects.delete, "free of charge"),
    ...[...observed.others].map(([item, seen]) => line(item, 0, seen, "of no kind that the meter knows")),
  ];
}
