/** What a search on the embedded cloud may come to, in the dollars that its trials are predicted to cost on AWS. */
import { dollars, MarinaError } from "../../shared/base/index.ts";
import type { FinishedCell } from "../../sweep/index.ts";

/**
 * A trial counts when those before it, in the order of the search, have not used the budget up: whatever ran at one time, so
 * that a search has the same outcome on any machine, also when parts of it were run before.
 */
export class TrialBudget {
  readonly #maxUsd: number;
  #spentUsd = 0;
  #trials = 0;

  constructor(maxUsd = Infinity) {
    this.#maxUsd = maxUsd;
  }

  get isSpent(): boolean {
    return this.#spentUsd >= this.#maxUsd;
  }

  /** Those of the trials that count. */
  take(trials: readonly FinishedCell[]): FinishedCell[] {
    return trials.filter(({ result }) => {
      if (this.isSpent) return false;
      this.#spentUsd += result.usd;
      this.#trials++;
      return true;
    });
  }

  /** Why the others are not run. */
  spentUp(left: number): MarinaError {
    const trials = this.#trials === 1 ? "1 trial" : `${this.#trials} trials`;
    return new MarinaError(
      "limit",
      `the search is not at its end: --max-usd ${this.#maxUsd} is used up after ${trials}, predicted to cost $${dollars(this.#spentUsd)} on AWS; ${left} more were to come`,
    );
  }
}
