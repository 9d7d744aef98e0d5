/** A function of the embedded cloud: its environments, its concurrency, its bill. */
import type { DeliveredMessage, Handler, Ports } from "../../shared/cloud/index.ts";
import type { FunctionRole } from "../../shared/cost/index.ts";
import { Environment, type Outcome } from "./environment.ts";
import type { Services } from "./shared-services.ts";

export interface FunctionOptions {
  readonly name: FunctionRole;
  readonly memoryMb: number;
  readonly timeoutSeconds: number;
  /** Most invocations at one time; as many as come when not given. */
  readonly reservedConcurrency?: number;
  /** Called once for each environment: what it keeps between invocations lives in its closure. */
  readonly create: (ports: Ports) => Handler;
}

/**
 * Evaluation invocations begin and end at one instant, so their number at a time changes nothing but how many
 * environments keep their caches in this process's memory.
 */
const EVALUATION_CONCURRENCY = 8;

/** Environments of one account; the one that was used last is taken first, as Lambda does. */
interface Pool {
  readonly evaluation: boolean;
  readonly limit: number;
  readonly idle: Environment[];
  busy: number;
}

export class EmbeddedFunction {
  readonly options: FunctionOptions;
  readonly #services: Services;
  readonly #method: Pool;
  /** Apart, so that watching a run leaves the state of its environments alone. */
  readonly #evaluation: Pool;
  readonly #released: (() => void)[] = [];
  #requests = 0;

  constructor(options: FunctionOptions, services: Services) {
    this.options = options;
    this.#services = services;
    const limit = options.reservedConcurrency ?? Number.POSITIVE_INFINITY;
    this.#method = { evaluation: false, limit, idle: [], busy: 0 };
    this.#evaluation = { evaluation: true, limit: EVALUATION_CONCURRENCY, idle: [], busy: 0 };
  }

  /** Environments that exist, busy or idle, without those of the evaluation. */
  get environments(): number {
    return this.#method.busy + this.#method.idle.length;
  }

  hasCapacity(evaluation: boolean): boolean {
    const pool = evaluation ? this.#evaluation : this.#method;
    return pool.busy < pool.limit;
  }

  /** Calls back whenever an invocation has ended. */
  onRelease(listener: () => void): void {
    this.#released.push(listener);
  }

  /**
   * Invokes the handler in an idle environment or, after its INIT, in a new one. Needs capacity.
   * Billed: handler start to end, rounded up to 1 ms; and INIT.
   * @param ahead of an evaluation that answers a question of preparation, see PreparationTime.
   */
  invoke(
    messages: readonly DeliveredMessage[],
    evaluation: boolean,
    done: (outcome: Outcome) => void,
    ahead: number | null = null,
  ): void {
    const pool = evaluation ? this.#evaluation : this.#method;
    pool.busy++;
    const { chance, clock, profile, meter, plan } = this.#services;
    const { name } = this.options;
    const usage = meter.account(evaluation)[name];
    usage.invocations++;
    const requestId = `${name}-${this.#requests++}`;
    const cold = evaluation ? undefined : plan?.strike("coldStarted", requestId);
    const wantsNew =
      cold !== undefined || (!evaluation && profile.coldChance > 0 && chance.happens(profile.coldChance));
    const idle = wantsNew ? undefined : pool.idle.pop();
    if (idle !== undefined) {
      this.#run(pool, idle, messages, requestId, ahead, done);
      return;
    }
    if (evaluation) {
      this.#run(pool, this.#newEnvironment(true), messages, requestId, ahead, done);
      return;
    }
    const initMilliseconds = chance.coldStart() * (cold === undefined ? 1 : 1 + 7 * cold.nextUniform());
    usage.coldStarts++;
    usage.initMilliseconds += Math.ceil(initMilliseconds);
    const start = (): void => this.#run(pool, this.#newEnvironment(false), messages, requestId, ahead, done);
    if (initMilliseconds > 0) clock.at(clock.now() + initMilliseconds, start);
    else start();
  }

  #newEnvironment(evaluation: boolean): Environment {
    const { name, memoryMb, create } = this.options;
    return new Environment(this.#services, name, memoryMb, evaluation, create);
  }

  #run(
    pool: Pool,
    environment: Environment,
    messages: readonly DeliveredMessage[],
    requestId: string,
    ahead: number | null,
    done: (outcome: Outcome) => void,
  ): void {
    const { clock, meter, plan } = this.#services;
    const { name, timeoutSeconds } = this.options;
    const startedAt = clock.now();
    const slow = name === "worker" ? plan?.strike("workerSlow", requestId) : undefined;
    const slowdown = slow === undefined ? 1 : 5 + 195 * slow.nextUniform();
    environment.invoke(messages, requestId, timeoutSeconds, slowdown, ahead, (outcome) => {
      const elapsed = clock.now() - startedAt + environment.takeUnchargedMilliseconds();
      const usage = meter.account(pool.evaluation)[name];
      usage.billedMilliseconds += Math.max(1, Math.ceil(elapsed));
      pool.busy--;
      if (outcome.kind !== "answered") usage.errors++;
      // After a time-out or a crash the platform throws the environment away; after an error it keeps it.
      if (outcome.kind === "answered" || outcome.kind === "threw") pool.idle.push(environment);
      done(outcome);
      for (const listener of this.#released) listener();
    });
  }
}
