/** Metrics of the rounds, in CloudWatch's embedded metric format: log lines of which CloudWatch makes metrics. */
import { Metrics, MetricUnit } from "@aws-lambda-powertools/metrics";
import { METRICS_NAMESPACE, RoundMetric, type RoundRecord } from "../../../shared/protocol/index.ts";

/** Rounds in one line: the format takes 100 values of a metric, and lines are billed by their bytes. */
const ROUNDS_PER_LINE = 60;

/**
 * Gathers rounds and writes a line for every sixty. The stack's name is the only dimension: each value of a dimension is
 * a metric of its own on the bill, so runs are none.
 */
export class RoundMetrics {
  readonly #metrics: Metrics;
  #previous: { readonly run: string; readonly record: RoundRecord } | undefined;
  #rounds = 0;
  #resent = 0;
  #hedged = 0;
  #dropped = 0;

  constructor(stack: string) {
    this.#metrics = new Metrics({ namespace: METRICS_NAMESPACE, serviceName: stack });
  }

  /**
   * Told of a round when its messages are in. A record counts what was before its round, so a round's own time and
   * dollars are the difference of two neighbouring records; those of a term's last round stay unknown.
   */
  round(run: string, record: RoundRecord): void {
    const previous = this.#previous?.run === run ? this.#previous.record : undefined;
    this.#previous = { run, record };
    this.#rounds++;
    this.#resent += record.resent;
    this.#hedged += record.hedged;
    this.#dropped += record.dropped;
    if (previous !== undefined && previous.round + 1 === record.round) {
      const milliseconds = 1000 * (record.seconds - previous.seconds);
      this.#metrics.addMetric(RoundMetric.milliseconds, MetricUnit.Milliseconds, rounded(milliseconds));
      this.#metrics.addMetric(RoundMetric.usd, MetricUnit.NoUnit, rounded(record.usd - previous.usd));
    }
    if (this.#rounds >= ROUNDS_PER_LINE) this.#publish();
  }

  /** At the end of a term: writes what is left and forgets the run. */
  flush(): void {
    this.#previous = undefined;
    if (this.#rounds > 0) this.#publish();
  }

  #publish(): void {
    this.#metrics.addMetric(RoundMetric.rounds, MetricUnit.Count, this.#rounds);
    this.#metrics.addMetric(RoundMetric.resent, MetricUnit.Count, this.#resent);
    this.#metrics.addMetric(RoundMetric.hedged, MetricUnit.Count, this.#hedged);
    this.#metrics.addMetric(RoundMetric.dropped, MetricUnit.Count, this.#dropped);
    this.#rounds = 0;
    this.#resent = 0;
    this.#hedged = 0;
    this.#dropped = 0;
    this.#metrics.publishStoredMetrics();
  }
}

/** Four digits are enough to look at, and every character is billed. */
function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
