/** Where a test puts a bug in, to see that the simulator of faults finds it. Production leaves every hook empty. */
import type { DeliveredMessage, Ports } from "../../shared/cloud/index.ts";
import type {
  AcceptedContribution,
  AnswerObserver,
  ContributionTable,
} from "./exchange/contribution-table.ts";
import type { Lease } from "./term/lease.ts";

export interface AggregatorHooks {
  /** Another hold on the control message. */
  readonly createLease?: (ports: Pick<Ports, "queues" | "clock">, message: DeliveredMessage) => Lease;
  /** Another table for the answers of a run. */
  readonly createTable?: (runDigest: string, observer: AnswerObserver | undefined) => ContributionTable;
  /** Another order in which a round's messages are summed. */
  readonly foldOrder?: (contributions: readonly AcceptedContribution[]) => readonly AcceptedContribution[];
}
