/**
 * What an environment runs on: one thread, one network interface, and whether it lives. A call waits for the thread,
 * then for the network interface, then for the service; its answer reaches the living only.
 */
import { cpuShare } from "./compute-charge.ts";
import { PreparationTime } from "./preparation-time.ts";
import type { Services } from "./shared-services.ts";

export class Machine {
  /** An evaluation environment's calls take no time and go to the evaluation's account. */
  readonly evaluation: boolean;
  /** Of the invocation under way, or of the last one. */
  requestId = "";
  /** Factor on computing time. */
  straggler = 1;
  readonly preparation: PreparationTime;
  readonly #services: Services;
  readonly #cpuShare: number;
  /** Of objects: the network interface's, or what this share of a vCPU decrypts. */
  readonly #objectBytesPerMillisecond: number;
  /** When it was killed: a request that has left by then still takes effect, its answer reaches nobody. */
  #diedAt = Number.POSITIVE_INFINITY;
  /** Between invocations an environment is frozen: answers wait until the next one. */
  #frozen = true;
  readonly #frozenAnswers: (() => void)[] = [];
  #cpuFreeAt = 0;
  #networkFreeAt = 0;
  /** Evaluation: what its calls and computing would have taken of the CPU. */
  #unchargedMilliseconds = 0;
  /** A fault: it stands still until then. */
  #stalledUntil = 0;

  constructor(services: Services, memoryMb: number, evaluation: boolean) {
    this.#services = services;
    this.#cpuShare = cpuShare(memoryMb);
    const { networkBytesPerMillisecond, vcpuObjectBytesPerMillisecond } = services.profile;
    this.#objectBytesPerMillisecond = Math.min(
      networkBytesPerMillisecond,
      this.#cpuShare * vcpuObjectBytesPerMillisecond,
    );
    this.evaluation = evaluation;
    this.preparation = new PreparationTime(services.profile, services.preparation);
  }

  get dead(): boolean {
    return this.#diedAt !== Number.POSITIVE_INFINITY;
  }

  /** Had it died before a request that was to leave then? */
  diedBefore(leavesAt: number): boolean {
    return this.#diedAt < leavesAt;
  }

  die(): void {
    this.#diedAt = this.#services.clock.now();
    this.#frozenAnswers.length = 0;
  }

  freeze(): void {
    this.#frozen = true;
  }

  thaw(): void {
    this.#frozen = false;
    if (this.#frozenAnswers.length === 0) return;
    for (const answer of this.#frozenAnswers.splice(0)) answer();
  }

  /** It stands still: no answer reaches it meanwhile. @param holdsCall the call at hand leaves only afterwards. */
  stall(milliseconds: number, holdsCall: boolean): void {
    this.#stalledUntil = Math.max(this.#stalledUntil, this.#services.clock.now() + milliseconds);
    if (holdsCall) this.#cpuFreeAt = Math.max(this.#cpuFreeAt, this.#stalledUntil);
  }

  /** What it asks for now leaves only when it moves again. */
  get standsStill(): boolean {
    return this.#stalledUntil > this.#services.clock.now();
  }

  /** The runtime's own time before the handler is called. */
  beginRuntime(milliseconds: number): void {
    this.#cpuFreeAt = Math.max(this.#cpuFreeAt, this.#services.clock.now() + milliseconds / this.#cpuShare);
  }

  /** Evaluation: CPU milliseconds since the last call of this, that were not charged to the clock. */
  takeUnchargedMilliseconds(): number {
    const milliseconds = this.#unchargedMilliseconds;
    this.#unchargedMilliseconds = 0;
    return milliseconds;
  }

  /** Occupies the thread for so long (of a whole vCPU) and returns when it is done. */
  occupyCpu(milliseconds: number): number {
    const own = milliseconds / this.#cpuShare;
    const now = this.#services.clock.now();
    if (this.evaluation) {
      this.#unchargedMilliseconds += own;
      this.preparation.spend(own);
      return now;
    }
    this.#cpuFreeAt = Math.max(now, this.#cpuFreeAt) + own;
    return this.#cpuFreeAt;
  }

  /** Occupies the network interface from `start` on and returns when the last byte is through. */
  occupyNetwork(start: number, bytes: number): number {
    this.#networkFreeAt =
      Math.max(start, this.#networkFreeAt) + bytes / this.#services.profile.networkBytesPerMillisecond;
    return this.#networkFreeAt;
  }

  /** The same for an object's bytes. */
  occupyObjectNetwork(start: number, bytes: number): number {
    this.#networkFreeAt = Math.max(start, this.#networkFreeAt) + bytes / this.#objectBytesPerMillisecond;
    return this.#networkFreeAt;
  }

  /** Settles a promise of the environment's, if it lives: at once, or when it is thawed or moves again. */
  answer<T>(settle: (value: T) => void, value: T): void {
    if (this.dead) return;
    const { clock } = this.#services;
    if (this.#frozen) this.#frozenAnswers.push(() => settle(value));
    else if (this.#stalledUntil <= clock.now()) settle(value);
    else if (this.#stalledUntil < Number.POSITIVE_INFINITY) {
      clock.at(this.#stalledUntil, () => this.answer(settle, value));
    }
  }

  /** A promise of a dead environment never settles, and nothing is done for it. */
  promise<T>(start: (resolve: (value: T) => void, reject: (error: unknown) => void) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      if (!this.dead) start(resolve, reject);
    });
  }

  /** A request that leaves at one time and takes effect, and is answered, at another. */
  request<T>(leavesAt: number, doneAt: number, effect: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.dead) return;
      this.#services.clock.at(doneAt, () => {
        if (this.#diedAt < leavesAt) return;
        let value: T;
        try {
          value = effect();
        } catch (error) {
          this.answer(reject, error);
          return;
        }
        this.answer(resolve, value);
      });
    });
  }
}
