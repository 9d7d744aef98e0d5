/** What a sweep on a deployed stack may spend: what is spent, what is under way, and whether one more run fits. */

export class SweepBudget {
  readonly maxUsd: number;
  #spentUsd = 0;
  readonly #underWay = new Map<string, { readonly predictedUsd: number; seenUsd: number }>();

  /** @param maxUsd Infinity: no limit */
  constructor(maxUsd: number) {
    this.maxUsd = maxUsd;
  }

  /** Of runs that have ended, for good or for now. */
  get spentUsd(): number {
    return this.#spentUsd;
  }

  /** Is nothing under way? Then what does not fit now never will. */
  get idle(): boolean {
    return this.#underWay.size === 0;
  }

  /** Would a run of this predicted price stay within the budget, if those under way cost what they are predicted to? */
  fits(predictedUsd: number): boolean {
    let expected = this.#spentUsd + predictedUsd;
    for (const run of this.#underWay.values()) expected += Math.max(run.predictedUsd, run.seenUsd);
    return expected <= this.maxUsd;
  }

  /** Has more been spent than the budget, whatever was predicted? Then runs under way must stop. */
  get overdrawn(): boolean {
    let seen = this.#spentUsd;
    for (const { seenUsd } of this.#underWay.values()) seen += seenUsd;
    return seen > this.maxUsd;
  }

  begin(run: string, predictedUsd: number): void {
    this.#underWay.set(run, { predictedUsd, seenUsd: 0 });
  }

  /** A run under way says what it has cost so far. */
  see(run: string, usd: number): void {
    const entry = this.#underWay.get(run);
    if (entry !== undefined) entry.seenUsd = Math.max(entry.seenUsd, usd);
  }

  /** A run has ended and has cost this. */
  end(run: string, usd: number): void {
    this.#underWay.delete(run);
    this.#spentUsd += usd;
  }
}
