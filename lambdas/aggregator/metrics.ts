/** Metrics of the rounds, in CloudWatch's embedded metric format: log lines of which CloudWatch makes metrics. */
import { Metrics, MetricUnit } from "@aws-lambda-powertools/metrics";
import type { RoundRecord } from "../../shared/protocol/round-record.ts";
import { METRICS_NAMESPACE, RoundMetric } from "./round-metric.ts";

/** Rounds in one line: the format takes 100 values of a metric, and lines are billed by their bytes. */
const ROUNDS_PER_LINE = 60;

/**
 * Gathers rounds and writes a line for every sixty. The stack's name is the only dimension: each value of a dimension is
 * a metric of its own on the bill, so runs are none.
 */
export class RoundMetrics {
  readonly #metrics: Metrics;
  #previous: { readonly run: string; readonly record: RoundRecord } | undefined;
  #pending = 0;

  constructor(stack: string) {
    this.#metrics = new Metrics({ namespace: METRICS_NAMESPACE, serviceName: stack });
  }

  /**
   * Told of a round when its messages are in. A record counts what was before its round, so a round's own time and
   * dollars are the difference of two neighbouring records; those of a tenure's last round stay unknown.
   */
  round(run: string, record: RoundRecord): void {
    const previous = this.#previous?.run === run ? this.#previous.record : undefined;
    this.#previous = { run, record };
    this.#metrics.addMetric(RoundMetric.rounds, MetricUnit.Count, 1);
    this.#metrics.addMetric(RoundMetric.resent, MetricUnit.Count, record.resent);
    if (previous !== undefined && previous.round + 1 === record.round) {
      this.#metrics.addMetric(RoundMetric.milliseconds, MetricUnit.Milliseconds, 1000 * (record.seconds - previous.seconds));
      this.#metrics.addMetric(RoundMetric.usd, MetricUnit.NoUnit, record.usd - previous.usd);
    }
    if (++this.#pending >= ROUNDS_PER_LINE) this.#publish();
  }

  /** At the end of a tenure: writes what is left and forgets the run. */
  flush(): void {
    this.#previous = undefined;
    if (this.#pending > 0) this.#publish();
  }

  #publish(): void {
    this.#pending = 0;
    this.#metrics.publishStoredMetrics();
  }
}
