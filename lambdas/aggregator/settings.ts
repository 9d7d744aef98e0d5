/** What an aggregator is given beside its ports. */
import type { QueueAddress } from "../../shared/cloud/index.ts";
import type { Spending } from "../../shared/cost/index.ts";
import type { Descriptions } from "../../shared/data/index.ts";
import type { RoundRecord } from "../../shared/protocol/index.ts";
import type { Question } from "./calibration/calibration.ts";
import type { AnswerObserver } from "./exchange/contribution-table.ts";
import type { AggregatorHooks } from "./hooks.ts";

/** Told at each step, as a power iteration may take thousands. */
export type CalibrationObserver = (what: Question, step: number) => void;

export interface AggregatorSettings {
  readonly taskQueue: QueueAddress;
  /** First part of the names of run queues: tells stacks in one account apart. */
  readonly queuePrefix: string;
  /** A run's own counts; a new one for each term. */
  readonly spendingOf: (run: string) => Spending;
  readonly observer?: RunObserver;
  /** Send late tasks again before they are overdue; true by default. */
  readonly hedging?: boolean;
  readonly hooks?: AggregatorHooks;
  /** An engine that runs many of them in one process may have them share it. */
  readonly descriptions?: Descriptions;
}

/** What can be watched: a progress line, metrics. Never control. */
export interface RunObserver {
  readonly calibration?: CalibrationObserver;
  /** @param requestId of the invocation: one that was replaced may be at work still. */
  readonly round?: (run: string, record: RoundRecord, requestId: string) => void;
  /** The observer of this invocation's answers. */
  readonly answers?: (run: string, requestId: string) => AnswerObserver;
}
