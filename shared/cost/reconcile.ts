/** The meter against somebody else's counts: two columns and why they may differ. */
import { ITEMS } from "./items.ts";
import type { ObservedRequests } from "./observed-requests.ts";
import { allUsage, type Counters, type Usage } from "./usage.ts";

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

/** Invocations of the two functions as a local cloud's function logs tell them. */
export interface ObservedInvocations {
  readonly worker: number;
  readonly aggregator: number;
}

/** The bill's request counts against a request log, kind by kind. */
export function reconcileRequests(
  usage: Usage,
  { counts, others }: ObservedRequests,
  invocations: ObservedInvocations | null,
): ReconciledLine[] {
  const all = allUsage(usage);
  const lines = ITEMS.flatMap(({ resource, counter, service, label, seen }): ReconciledLine[] => {
    if (seen === undefined) return [];
    const item = service === "S3" ? `S3: ${label}` : label;
    const metered = (all[resource] as Counters)[counter]!;
    if ("functionLog" in seen) {
      const observed = invocations?.[resource as keyof ObservedInvocations] ?? null;
      const note = observed === null ? "no function log was read" : "";
      return [{ item, unit: "invocations", metered, observed, note }];
    }
    if ("inside" in seen) return [{ item, unit: "requests", metered, observed: null, note: seen.inside }];
    const observed = (counts[resource as keyof typeof counts] as Counters)[counter]!;
    return [{ item, unit: "requests", metered, observed, note: seen.note ?? "" }];
  });
  const unknown = [...others].map(
    ([item, observed]) =>
      ({ item, unit: "requests", metered: 0, observed, note: "of no kind that the meter knows" }) as const,
  );
  return [...lines, ...unknown];
}
