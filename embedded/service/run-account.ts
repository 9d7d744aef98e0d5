/**
 * One run's spending on the embedded cloud. The cloud counts everything that its functions and mappings use; a run has
 * a cloud of its own (the command line sees to that), so the run's share is all of it, on top of what an earlier
 * process had stored. Two runs at once in one cloud would see each other's use.
 */
import {
  addUsage,
  PRICES_US_EAST_1,
  parseUsage,
  priceUsd,
  type Spending,
  subtractUsage,
  type Usage,
  zeroUsage,
} from "../../shared/cost/index.ts";
import type { EmbeddedCloud } from "../cloud.ts";
import type { ServiceConfiguration } from "./configuration.ts";

type Cloud = Pick<EmbeddedCloud, "usage" | "live" | "idlePolls" | "clock" | "preparationMilliseconds">;

/** Accounts by run; a later tenure in the same cloud goes on with the account of the one before. */
export function runAccounts(cloud: Cloud, configuration: ServiceConfiguration): (run: string) => Spending {
  const accounts = new Map<string, RunAccount>();
  return (run) => {
    const known = accounts.get(run);
    const account = known ?? new RunAccount(cloud, configuration);
    accounts.set(run, account);
    account.beginTenure();
    return account;
  };
}

const NOTHING: Usage = zeroUsage();

class RunAccount implements Spending {
  readonly #cloud: Cloud;
  readonly #configuration: ServiceConfiguration;
  /** Stored use less what this cloud had used before it took the run over: counts may be negative. */
  #base: Usage = zeroUsage();
  #baseUsd = 0;
  #tenureStart = 0;
  #tenures = 0;

  constructor(cloud: Cloud, configuration: ServiceConfiguration) {
    this.#cloud = cloud;
    this.#configuration = configuration;
  }

  beginTenure(): void {
    this.#tenureStart = this.#cloud.clock.now();
    this.#tenures++;
  }

  usd(ahead: Usage = NOTHING): number {
    const { standardMapping, fifoMapping } = this.#cloud.live;
    const polls = this.#cloud.idlePolls();
    // Counts enter the price linearly, so the stored part is priced once.
    const now = {
      ...this.#cloud.live,
      aggregator: this.#aggregatorNow(this.#cloud.live.aggregator),
      standardMapping: {
        ...standardMapping,
        emptyReceiveRequests: standardMapping.emptyReceiveRequests + polls.standard,
      },
      fifoMapping: { ...fifoMapping, emptyReceiveRequests: fifoMapping.emptyReceiveRequests + polls.fifo },
    };
    const price = (account: Usage["method"]) =>
      priceUsd(account, PRICES_US_EAST_1, this.#configuration).totalUsd;
    return this.#baseUsd + price(now) + (ahead === NOTHING ? 0 : price(ahead.method));
  }

  observationUsd(): number {
    const { evaluation } = addUsage(this.#base, this.#cloud.usage());
    const { aggregator } = evaluation;
    // The aggregator's own time of it is on no account: it is beside the clock.
    const billedMilliseconds = aggregator.billedMilliseconds + this.#cloud.preparationMilliseconds();
    const account = { ...evaluation, aggregator: { ...aggregator, billedMilliseconds } };
    return priceUsd(account, PRICES_US_EAST_1, this.#configuration).totalUsd;
  }

  save(ahead: Usage = NOTHING): unknown {
    const used = addUsage(addUsage(this.#base, this.#cloud.usage()), ahead);
    return { ...used, method: { ...used.method, aggregator: this.#aggregatorNow(used.method.aggregator) } };
  }

  restore(saved: unknown): void {
    // A later tenure in this cloud: everything since is counted already.
    if (this.#tenures > 1 || saved === null) return;
    this.#base = subtractUsage(parseUsage(saved), this.#cloud.usage());
    this.#baseUsd = priceUsd(this.#base.method, PRICES_US_EAST_1, this.#configuration).totalUsd;
  }

  /** The invocation that is under way is billed when it ends: until then by the time it has lasted. */
  #aggregatorNow(aggregator: Usage["method"]["aggregator"]): Usage["method"]["aggregator"] {
    const running = Math.ceil(this.#cloud.clock.now() - this.#tenureStart);
    return { ...aggregator, billedMilliseconds: aggregator.billedMilliseconds + running };
  }
}
