/**
 * One run's spending on the embedded cloud. The cloud counts everything that its functions and mappings use; a run has
 * a cloud of its own (the command line sees to that), so the run's share is all of it, on top of what an earlier
 * process had stored. Two runs at once in one cloud would see each other's use.
 */
import {
  addUsage,
  type Prices,
  parseUsage,
  pricesOf,
  priceUsd,
  type Spending,
  subtractUsage,
  type Usage,
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
    account.beginTerm();
    return account;
  };
}

class RunAccount implements Spending {
  readonly #cloud: Cloud;
  readonly #configuration: ServiceConfiguration;
  readonly #prices: Prices;
  /**
   * Stored use less what this cloud had used before it took the run over: counts may be negative. Absent for a run that
   * began here.
   */
  #base: Usage | undefined;
  #baseUsd = 0;
  #tenureStart = 0;
  #tenures = 0;

  constructor(cloud: Cloud, configuration: ServiceConfiguration) {
    this.#cloud = cloud;
    this.#configuration = configuration;
    this.#prices = pricesOf(configuration.region ?? "us-east-1").prices;
  }

  beginTerm(): void {
    this.#tenureStart = this.#cloud.clock.now();
    this.#tenures++;
  }

  usd(ahead?: Usage): number {
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
    return this.#baseUsd + this.#price(now) + (ahead === undefined ? 0 : this.#price(ahead.method));
  }

  observationUsd(): number {
    const here = this.#cloud.usage();
    const { evaluation } = this.#base === undefined ? here : addUsage(this.#base, here);
    const { aggregator } = evaluation;
    // The aggregator's own time of it is on no account: it is beside the clock.
    const billedMilliseconds = aggregator.billedMilliseconds + this.#cloud.preparationMilliseconds();
    const account = { ...evaluation, aggregator: { ...aggregator, billedMilliseconds } };
    return priceUsd(account, this.#prices, this.#configuration).totalUsd;
  }

  save(ahead?: Usage): unknown {
    const here = this.#cloud.usage();
    const soFar = this.#base === undefined ? here : addUsage(this.#base, here);
    const used = ahead === undefined ? soFar : addUsage(soFar, ahead);
    return { ...used, method: { ...used.method, aggregator: this.#aggregatorNow(used.method.aggregator) } };
  }

  restore(saved: unknown): void {
    // A later tenure in this cloud: everything since is counted already.
    if (this.#tenures > 1 || saved === null) return;
    this.#base = subtractUsage(parseUsage(saved), this.#cloud.usage());
    this.#baseUsd = this.#price(this.#base.method);
  }

  #price(account: Usage["method"]): number {
    return priceUsd(account, this.#prices, this.#configuration).totalUsd;
  }

  /** The invocation that is under way is billed when it ends: until then by the time it has lasted. */
  #aggregatorNow(aggregator: Usage["method"]["aggregator"]): Usage["method"]["aggregator"] {
    const running = Math.ceil(this.#cloud.clock.now() - this.#tenureStart);
    return { ...aggregator, billedMilliseconds: aggregator.billedMilliseconds + running };
  }
}
