/**
 * One environment of a function: what its handler sees of the cloud, and what that costs it in time. A call waits for
 * the environment's single thread, then for its network interface, then for the service.
 */
import type {
  Compute,
  DeliveredMessage,
  Handler,
  Invocation,
  Log,
  MessageQueue,
  ObjectStore,
  Ports,
  QueueAddress,
  ReceivedMessage,
  Work,
} from "../shared/cloud/ports.ts";
import type { Meter } from "../shared/cost/meter.ts";
import type { FunctionRole } from "../shared/cost/usage.ts";
import type { Chance } from "./chance.ts";
import type { ComputeCharge } from "./compute-charge.ts";
import { cpuShare, modelMilliseconds } from "./compute-charge.ts";
import type { FaultPlan } from "./faults.ts";
import { faultyPorts } from "./faulty-ports.ts";
import type { LatencyProfile } from "./latencies.ts";
import type { Message } from "./message-list.ts";
import type { EmbeddedObjects } from "./object-store.ts";
import { gather } from "./object-store.ts";
import type { EmbeddedQueue } from "./queue.ts";
import type { Batch } from "./queue-rules.ts";
import { checkReceive, queueNotFound } from "./queue-rules.ts";
import type { EmbeddedQueues } from "./queues.ts";
import type { VirtualClock } from "./virtual-clock.ts";

/** Told of what invocations do that a run's safety depends on, when it takes effect. */
export interface EffectWatcher {
  /** An object was written. @param requestId of the invocation that did it. */
  stored(key: string, body: Uint8Array, requestId: string): void;
  destroyed(queue: QueueAddress, requestId: string): void;
}

/** What all environments share. */
export interface Services {
  readonly clock: VirtualClock;
  readonly chance: Chance;
  readonly profile: LatencyProfile;
  readonly charge: ComputeCharge;
  readonly objects: EmbeddedObjects;
  readonly queues: EmbeddedQueues;
  readonly meter: Meter;
  readonly log: Log;
  readonly plan: FaultPlan | undefined;
  readonly watcher: EffectWatcher | undefined;
}

/** A poll of the method's that evaluation messages used up: its successor takes its place as if nothing had been. */
interface PollCredit {
  readonly arriveAt: number;
  readonly deadline: number;
  readonly latency: number;
  readonly order: number;
}

/** How an invocation ended. */
export type Outcome =
  | { readonly kind: "answered"; readonly failedMessageIds: readonly string[] }
  | { readonly kind: "threw"; readonly error: unknown }
  | { readonly kind: "timed out" }
  /** The environment died: a fault. */
  | { readonly kind: "crashed" };

export class Environment {
  /** An evaluation environment's calls take no time and go to the evaluation's account. */
  readonly evaluation: boolean;
  readonly ports: Ports;
  readonly #services: Services;
  readonly #cpuShare: number;
  readonly #handler: Handler;
  /** When it was killed: a request that has left by then still takes effect, its answer reaches nobody. */
  #diedAt = Number.POSITIVE_INFINITY;
  /** Between invocations an environment is frozen: answers wait until the next one. */
  #frozen = true;
  readonly #frozenAnswers: (() => void)[] = [];
  #cpuFreeAt = 0;
  #networkFreeAt = 0;
  #straggler = 1;
  /** Evaluation: what its calls and computing would have taken of the CPU. */
  #unchargedMilliseconds = 0;
  readonly #credits = new Map<QueueAddress, PollCredit[]>();
  #invoked = false;
  #requestId = "";
  /** Ends the invocation that is under way. */
  #crash: (() => void) | undefined;
  /** A fault: it stands still until then. */
  #stalledUntil = 0;

  constructor(
    services: Services,
    role: FunctionRole,
    memoryMb: number,
    evaluation: boolean,
    create: (ports: Ports) => Handler,
  ) {
    this.#services = services;
    this.#cpuShare = cpuShare(memoryMb);
    this.evaluation = evaluation;
    const { clock } = services;
    const ports: Ports = {
      objects: this.#objects(),
      queues: this.#queues(),
      clock: {
        now: () => clock.now(),
        sleep: (milliseconds) =>
          this.#promise((resolve) => {
            const time = clock.now() + Math.max(0, milliseconds);
            clock.at(time, () => this.#answer(resolve, undefined));
          }),
      },
      compute: this.#compute(),
      log: services.log,
    };
    const { plan } = services;
    this.ports =
      plan === undefined
        ? ports
        : faultyPorts(ports, role, plan, {
            killIn: (milliseconds) => this.#killIn(milliseconds),
            stall: (milliseconds, holdsCall) => this.#stall(milliseconds, holdsCall),
          });
    this.#handler = create(this.ports);
  }

  #killIn(milliseconds: number): void {
    const { clock } = this.#services;
    if (milliseconds === 0) this.#crash?.();
    else clock.at(clock.now() + milliseconds, () => this.#crash?.());
  }

  #stall(milliseconds: number, holdsCall: boolean): void {
    this.#stalledUntil = Math.max(this.#stalledUntil, this.#services.clock.now() + milliseconds);
    if (holdsCall) this.#cpuFreeAt = Math.max(this.#cpuFreeAt, this.#stalledUntil);
  }

  /** Evaluation: CPU milliseconds since the last call of this, that were not charged to the clock. */
  takeUnchargedMilliseconds(): number {
    const milliseconds = this.#unchargedMilliseconds;
    this.#unchargedMilliseconds = 0;
    return milliseconds;
  }

  /**
   * Runs the handler; `done` is called once: at its end, at its time-out, or when the environment dies.
   * @param slowdown factor on its computing time.
   */
  invoke(
    messages: readonly DeliveredMessage[],
    requestId: string,
    timeoutSeconds: number,
    slowdown: number,
    done: (outcome: Outcome) => void,
  ): void {
    const { clock, chance, profile } = this.#services;
    const startedAt = clock.now();
    const deadline = startedAt + timeoutSeconds * 1000;
    const invocation: Invocation = {
      remainingMilliseconds: () => deadline - clock.now(),
      requestId,
      cold: !this.#invoked,
    };
    this.#invoked = true;
    this.#requestId = requestId;
    if (!this.evaluation) {
      this.#straggler = chance.straggler() * slowdown;
      this.#cpuFreeAt = Math.max(this.#cpuFreeAt, startedAt + profile.runtimeMilliseconds / this.#cpuShare);
    }
    this.#thaw();

    const die = (outcome: Outcome): void => {
      this.#diedAt = clock.now();
      this.#frozenAnswers.length = 0;
      this.#crash = undefined;
      done(outcome);
    };
    const timeout = clock.at(deadline, () => die({ kind: "timed out" }));
    this.#crash = () => {
      clock.cancel(timeout);
      die({ kind: "crashed" });
    };
    const end = (outcome: Outcome): void => {
      if (this.#dead) return;
      clock.cancel(timeout);
      this.#crash = undefined;
      this.#frozen = true;
      done(outcome);
    };
    let answer: ReturnType<Handler>;
    try {
      answer = this.#handler(messages, invocation);
    } catch (error) {
      end({ kind: "threw", error });
      return;
    }
    answer.then(
      ({ failedMessageIds }) => end({ kind: "answered", failedMessageIds }),
      (error: unknown) => end({ kind: "threw", error }),
    );
  }

  get #dead(): boolean {
    return this.#diedAt !== Number.POSITIVE_INFINITY;
  }

  #thaw(): void {
    this.#frozen = false;
    for (const answer of this.#frozenAnswers.splice(0)) answer();
  }

  #answer<T>(settle: (value: T) => void, value: T): void {
    if (this.#dead) return;
    const { clock } = this.#services;
    if (this.#frozen) this.#frozenAnswers.push(() => settle(value));
    else if (this.#stalledUntil <= clock.now()) settle(value);
    else if (this.#stalledUntil < Number.POSITIVE_INFINITY) {
      clock.at(this.#stalledUntil, () => this.#answer(settle, value));
    }
  }

  /** A promise of a dead environment never settles, and nothing is done for it. */
  #promise<T>(start: (resolve: (value: T) => void, reject: (error: unknown) => void) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      if (!this.#dead) start(resolve, reject);
    });
  }

  /** Occupies the thread for so long (of a whole vCPU) and returns when it is done. */
  #occupyCpu(milliseconds: number): number {
    const own = milliseconds / this.#cpuShare;
    const now = this.#services.clock.now();
    if (this.evaluation) {
      this.#unchargedMilliseconds += own;
      return now;
    }
    this.#cpuFreeAt = Math.max(now, this.#cpuFreeAt) + own;
    return this.#cpuFreeAt;
  }

  /** Occupies the network interface from `start` on and returns when the last byte is through. */
  #occupyNetwork(start: number, bytes: number): number {
    this.#networkFreeAt =
      Math.max(start, this.#networkFreeAt) + bytes / this.#services.profile.networkBytesPerMillisecond;
    return this.#networkFreeAt;
  }

  /** A request that leaves at one time and takes effect, and is answered, at another. */
  #request<T>(leavesAt: number, doneAt: number, effect: () => T): Promise<T> {
    return this.#promise((resolve, reject) => {
      this.#services.clock.at(doneAt, () => {
        if (this.#diedAt < leavesAt) return;
        let value: T;
        try {
          value = effect();
        } catch (error) {
          this.#answer(reject, error);
          return;
        }
        this.#answer(resolve, value);
      });
    });
  }

  #compute(): Compute {
    const { charge, clock } = this.#services;
    return {
      run: <T>(work: (result: T) => Work, compute: () => T): Promise<T> =>
        this.#promise((resolve, reject) => {
          let result: T;
          let milliseconds: number;
          try {
            if (charge.kind === "measured") {
              const from = charge.wallClock();
              result = compute();
              milliseconds = (charge.wallClock() - from) * charge.slowdown;
            } else {
              result = compute();
              milliseconds = modelMilliseconds(charge.rates, work(result));
            }
          } catch (error) {
            reject(error);
            return;
          }
          const doneAt = this.#occupyCpu(milliseconds * this.#straggler);
          clock.at(doneAt, () => this.#answer(resolve, result));
        }),
    };
  }

  #objects(): ObjectStore {
    const { objects, meter, chance, profile, clock, watcher } = this.#services;
    const { evaluation } = this;
    const { objectMilliseconds } = profile.clientCpu;
    const upload = (bytes: number, effect: () => string): Promise<string> => {
      const leavesAt = this.#occupyCpu(objectMilliseconds);
      if (evaluation) return this.#request(leavesAt, leavesAt, effect);
      const uploadedAt = Math.max(
        leavesAt + bytes / profile.putBytesPerMillisecond,
        this.#occupyNetwork(leavesAt, bytes),
      );
      return this.#request(leavesAt, uploadedAt + chance.objectPut(), effect);
    };
    return {
      get: (key, options) =>
        this.#promise((resolve, reject) => {
          const leavesAt = this.#occupyCpu(objectMilliseconds);
          const firstByteAt = evaluation ? leavesAt : leavesAt + chance.objectGet();
          clock.at(firstByteAt, () => {
            if (this.#diedAt < leavesAt) return;
            try {
              const object = objects.get(key, options);
              const bytes = object.body.length;
              meter.getObject(bytes, evaluation);
              if (evaluation) {
                this.#answer(resolve, object);
                return;
              }
              const lastByteAt = Math.max(
                firstByteAt + bytes / profile.getBytesPerMillisecond,
                this.#occupyNetwork(firstByteAt, bytes),
              );
              clock.at(lastByteAt, () => this.#answer(resolve, object));
            } catch (error) {
              meter.getObject(0, evaluation);
              this.#answer(reject, error);
            }
          });
        }),
      put: (key, body, condition) =>
        upload(body.length, () => {
          meter.putObject(body.length, evaluation);
          const etag = objects.put(key, body, condition);
          watcher?.stored(key, body, this.#requestId);
          return etag;
        }),
      putStream: async (key, chunks) => {
        const body = await gather(chunks);
        return upload(body.length, () => {
          meter.putObjectStream(body.length, evaluation);
          return objects.put(key, body);
        });
      },
      delete: (key) => {
        const leavesAt = this.#occupyCpu(objectMilliseconds);
        return this.#request(leavesAt, evaluation ? leavesAt : leavesAt + chance.objectGet(), () => {
          meter.deleteObject(evaluation);
          objects.delete(key);
        });
      },
      list: (prefix) => {
        const leavesAt = this.#occupyCpu(objectMilliseconds);
        return this.#request(leavesAt, evaluation ? leavesAt : leavesAt + chance.objectPut(), () => {
          const keys = objects.list(prefix);
          meter.listObjects(keys.length, evaluation);
          return keys;
        });
      },
    };
  }

  #queues(): MessageQueue {
    const { queues, meter, chance, profile, clock, watcher } = this.#services;
    const cpu = profile.clientCpu;
    const { evaluation } = this;
    /** A call of the queue's management or on one message. */
    const call = <T>(free: boolean, cpuMilliseconds: number, effect: () => T): Promise<T> => {
      const leavesAt = free ? clock.now() : this.#occupyCpu(cpuMilliseconds);
      return this.#request(leavesAt, free ? leavesAt : leavesAt + chance.queueCall(), effect);
    };
    return {
      create: (name, options) =>
        call(evaluation, cpu.deleteMilliseconds, () => {
          meter.manage(name as QueueAddress, evaluation);
          return queues.create(name, options).address;
        }),
      address: (name) =>
        call(evaluation, cpu.deleteMilliseconds, () => {
          meter.manage(name as QueueAddress, evaluation);
          return queues.get(name).address;
        }),
      destroy: (queue) =>
        call(evaluation, cpu.deleteMilliseconds, () => {
          meter.manage(queue, evaluation);
          queues.destroy(queue);
          watcher?.destroyed(queue, this.#requestId);
        }),
      send: (address, messages) => {
        let queue: EmbeddedQueue;
        let batch: Batch;
        try {
          queue = queues.get(address);
          batch = queue.measure(messages);
        } catch (error) {
          return Promise.reject(error);
        }
        const { totalBytes } = batch;
        const methodBytes = evaluation ? 0 : batch.methodBytes;
        const free = methodBytes === 0;
        const from = clock.now();
        const leavesAt = free
          ? from
          : this.#occupyNetwork(
              this.#occupyCpu(cpu.sendMilliseconds + methodBytes * cpu.perMessageByteMilliseconds),
              methodBytes,
            );
        return this.#request(leavesAt, free ? leavesAt : leavesAt + chance.queueCall(), () => {
          meter.send(address, { methodBytes, evaluationBytes: totalBytes - methodBytes });
          queue.accept(batch, leavesAt);
        });
      },
      receive: (address, options) => this.#receive(address, options),
      delete: (address, receipts) => {
        const free = evaluation || queues.find(address)?.isEvaluation(receipts) === true;
        return call(free, cpu.deleteMilliseconds, () => {
          meter.delete(address, free);
          queues.get(address).delete(receipts);
        });
      },
      extend: (address, receipt, seconds) => {
        const free = evaluation || queues.find(address)?.isEvaluation([receipt]) === true;
        return call(free, cpu.deleteMilliseconds, () => {
          meter.extend(address, free);
          queues.get(address).extend(receipt, seconds);
        });
      },
    };
  }

  #receive(
    address: QueueAddress,
    options: { readonly max: number; readonly waitSeconds: number },
  ): Promise<readonly ReceivedMessage[]> {
    const { queues, chance, clock, profile } = this.#services;
    const { clientCpu } = profile;
    return this.#promise((resolve, reject) => {
      checkReceive(address, options);
      const credit = this.evaluation ? undefined : this.#credits.get(address)?.shift();
      const free = this.evaluation;
      const latency = credit?.latency ?? (free ? 0 : chance.queueCall());
      const leavesAt = credit === undefined ? this.#occupyCpu(clientCpu.receiveMilliseconds) : clock.now();
      const arriveAt = credit === undefined ? leavesAt + latency / 2 : Math.max(clock.now(), credit.arriveAt);
      const deadline = credit?.deadline ?? arriveAt + options.waitSeconds * 1000;

      const returnMessages = (messages: readonly Message[], order: number): void => {
        this.#meterReceive(address, messages);
        const received = messages.map(({ body, receipt, receiveCount }) => ({
          body,
          receipt: receipt!,
          receiveCount,
        }));
        if (free) {
          this.#answer(resolve, received);
          return;
        }
        if (messages.length > 0 && messages[0]!.evaluation) {
          this.#keepCredit(address, { arriveAt, deadline, latency, order });
          this.#answer(resolve, received);
          return;
        }
        let methodBytes = 0;
        for (const { bytes, evaluationBytes } of messages) methodBytes += bytes - evaluationBytes;
        clock.at(clock.now() + latency / 2, () => {
          if (this.#dead) return;
          const throughAt = this.#occupyNetwork(clock.now(), methodBytes);
          const parsedAt = this.#occupyCpu(
            messages.length * clientCpu.receivePerMessageMilliseconds +
              methodBytes * clientCpu.perMessageByteMilliseconds,
          );
          const doneAt = Math.max(throughAt, parsedAt);
          if (doneAt <= clock.now()) this.#answer(resolve, received);
          else clock.at(doneAt, () => this.#answer(resolve, received));
        });
      };

      const queue = queues.find(address);
      if (queue === undefined) {
        clock.at(arriveAt, () => this.#answer(reject, queueNotFound(address)));
        return;
      }
      queue.poll({
        max: options.max,
        arriveAt,
        deadline,
        order: credit?.order,
        answer: returnMessages,
        refuse: (error) => this.#answer(reject, error),
        neverLeft: () => this.#diedAt < leavesAt,
      });
    });
  }

  #keepCredit(address: QueueAddress, credit: PollCredit): void {
    const credits = this.#credits.get(address);
    if (credits === undefined) this.#credits.set(address, [credit]);
    else credits.push(credit);
  }

  #meterReceive(address: QueueAddress, messages: readonly Message[]): void {
    const { meter } = this.#services;
    if (messages.length === 0) {
      meter.emptyReceive(address, this.evaluation);
      return;
    }
    let methodBytes = 0;
    let totalBytes = 0;
    for (const { bytes, evaluationBytes } of messages) {
      totalBytes += bytes;
      if (!this.evaluation) methodBytes += bytes - evaluationBytes;
    }
    meter.receive(address, { methodBytes, evaluationBytes: totalBytes - methodBytes });
  }
}
