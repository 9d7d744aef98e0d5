/** What a run has used, as the aggregator function counts it: one tenure on top of those before. */
import type { Clock } from "../cloud/index.ts";
import { type BillingConfiguration, priceUsd } from "./bill.ts";
import type { Meter } from "./meter.ts";
import type { Prices } from "./prices.ts";
import type { Spending } from "./spending.ts";
import { addUsage, parseUsage, type Usage, zeroUsage } from "./usage.ts";
import { INIT_MILLISECONDS } from "./worker-estimate.ts";

/**
 * Counts one tenure, whose meter counts nothing else (`metered-term.ts`). The aggregator's own requests are counted at
 * its ports, its own time by the clock, and its workers as `worker-estimate.ts` says. What a tenure does after its counts
 * are written down is foreseen by `closing.ts`, but for its time.
 */
export class TermSpending {
  readonly #meter: Meter;
  readonly #clock: Clock;
  readonly #prices: Prices;
  readonly #billing: BillingConfiguration;
  #startedAt = 0;
  #cold = false;

  constructor(meter: Meter, clock: Clock, prices: Prices, billing: BillingConfiguration) {
    this.#meter = meter;
    this.#clock = clock;
    this.#prices = prices;
    this.#billing = billing;
  }

  /** The invocation begins. @param cold it had to wait for a new environment. */
  begin(cold: boolean): void {
    this.#startedAt = this.#clock.now();
    this.#cold = cold;
  }

  /** The counts of the run that this invocation drives. */
  ofRun(): Spending {
    const startedAt = this.#startedAt;
    const cold = this.#cold;
    let before: Usage = zeroUsage();
    const used = (ahead?: Usage): Usage => {
      const own = this.#meter.usage();
      const aggregator = {
        ...own.method.aggregator,
        invocations: 1,
        billedMilliseconds: Math.ceil(this.#clock.now() - startedAt),
        coldStarts: cold ? 1 : 0,
        initMilliseconds: cold ? INIT_MILLISECONDS : 0,
      };
      // Of the control message that this invocation was made for.
      const fifoMapping = { ...own.method.fifoMapping, receiveRequests: 1 };
      const now = addUsage(before, { ...own, method: { ...own.method, aggregator, fifoMapping } });
      return ahead === undefined ? now : addUsage(now, ahead);
    };
    return {
      usd: (ahead) => priceUsd(used(ahead).method, this.#prices, this.#billing).totalUsd,
      observationUsd: () => priceUsd(used().evaluation, this.#prices, this.#billing).totalUsd,
      save: used,
      restore(saved) {
        before = saved === null ? zeroUsage() : parseUsage(saved);
      },
    };
  }
}
