/** Where a test puts a bug in, to see that the simulator of faults finds it. Production leaves every hook empty. */
import type {
  AcceptedContribution,
  AnswerObserver,
  ContributionTable,
} from "./exchange/contribution-table.ts";

export interface AggregatorHooks {
  /** Another table for the answers of a run. */
  readonly createTable?: (runDigest: string, observer: AnswerObserver | undefined) => ContributionTable;
  /** Another order in which a round's messages are summed. */
  readonly foldOrder?: (contributions: readonly AcceptedContribution[]) => readonly AcceptedContribution[];
}
