/** One environment of a function: runs its handler, one invocation at a time, until it ends, times out or dies. */
import type { DeliveredMessage, Handler, Invocation, Ports } from "../../shared/cloud/index.ts";
import type { FunctionRole } from "../../shared/cost/index.ts";
import type { Timer } from "../clock/timers.ts";
import { faultyPorts } from "../faults/faulty-ports.ts";
import { Machine } from "./environment-host.ts";
import { computePort } from "./host-compute.ts";
import { objectPort } from "./host-objects.ts";
import { queuePort } from "./host-queues.ts";
import type { Services } from "./shared-services.ts";

/** How an invocation ended. */
export type Outcome =
  | { readonly kind: "answered"; readonly failedMessageIds: readonly string[] }
  | { readonly kind: "threw"; readonly error: unknown }
  | { readonly kind: "timed out" }
  /** The environment died: a fault. */
  | { readonly kind: "crashed" };

const SETTLED = Promise.resolve();

export class Environment {
  readonly ports: Ports;
  readonly #services: Services;
  readonly #machine: Machine;
  readonly #handler: Handler;
  #invoked = false;
  /** When the invocation under way runs out of time. */
  #expiry: { readonly deadline: number; readonly expire: () => void; readonly timer: Timer } | undefined;
  /** Ends the invocation that is under way. */
  #crash: (() => void) | undefined;

  constructor(
    services: Services,
    role: FunctionRole,
    memoryMb: number,
    evaluation: boolean,
    create: (ports: Ports) => Handler,
  ) {
    this.#services = services;
    const machine = new Machine(services, memoryMb, evaluation);
    this.#machine = machine;
    machine.preparation.changed = () => this.#moveExpiry();
    const { clock, plan } = services;
    const ports: Ports = {
      objects: objectPort(machine, services),
      queues: queuePort(machine, services),
      clock: {
        now: () => clock.now(),
        sleep: (milliseconds) => {
          const now = clock.now();
          return machine.request(now, now + Math.max(0, milliseconds), () => undefined);
        },
      },
      compute: computePort(machine, services),
      log: services.log,
    };
    this.ports =
      plan === undefined
        ? ports
        : faultyPorts(ports, role, plan, {
            killIn: (milliseconds) => this.#killIn(milliseconds),
            stall: (milliseconds, holdsCall) => machine.stall(milliseconds, holdsCall),
          });
    this.#handler = create(this.ports);
  }

  /** Preparation takes of an invocation's time, too. */
  #moveExpiry(): void {
    if (this.#expiry === undefined) return;
    const { clock } = this.#services;
    const { deadline, expire, timer } = this.#expiry;
    clock.cancel(timer);
    const at = deadline - this.#machine.preparation.milliseconds;
    this.#expiry = { deadline, expire, timer: clock.at(at, expire) };
  }

  #cancelExpiry(): void {
    if (this.#expiry !== undefined) this.#services.clock.cancel(this.#expiry.timer);
    this.#expiry = undefined;
  }

  #killIn(milliseconds: number): void {
    const { clock } = this.#services;
    if (milliseconds === 0) this.#crash?.();
    else clock.at(clock.now() + milliseconds, () => this.#crash?.());
  }

  /** Evaluation: CPU milliseconds since the last call of this, that were not charged to the clock. */
  takeUnchargedMilliseconds(): number {
    return this.#machine.takeUnchargedMilliseconds();
  }

  /**
   * Runs the handler; `done` is called once: at its end, at its time-out, or when the environment dies.
   * @param slowdown factor on its computing time.
   * @param ahead see PreparationTime; null where nothing is prepared.
   */
  invoke(
    messages: readonly DeliveredMessage[],
    requestId: string,
    timeoutSeconds: number,
    slowdown: number,
    ahead: number | null,
    done: (outcome: Outcome) => void,
  ): void {
    const { clock, chance, profile } = this.#services;
    const machine = this.#machine;
    const deadline = clock.now() + timeoutSeconds * 1000;
    const invocation: Invocation = {
      remainingMilliseconds: () => deadline - clock.now() - machine.preparation.milliseconds,
      requestId,
      cold: !this.#invoked,
    };
    this.#invoked = true;
    machine.requestId = requestId;
    machine.preparation.begin(ahead);
    if (!machine.evaluation) {
      machine.straggler = chance.straggler() * slowdown;
      machine.beginRuntime(profile.runtimeMilliseconds);
    }
    machine.thaw();

    const die = (outcome: Outcome): void => {
      machine.die();
      this.#expiry = undefined;
      this.#crash = undefined;
      done(outcome);
    };
    const expire = (): void => die({ kind: "timed out" });
    this.#expiry = { deadline, expire, timer: clock.at(deadline - machine.preparation.milliseconds, expire) };
    this.#crash = () => {
      this.#cancelExpiry();
      die({ kind: "crashed" });
    };
    const end = (outcome: Outcome): void => {
      if (machine.dead) return;
      this.#cancelExpiry();
      this.#crash = undefined;
      machine.freeze();
      done(outcome);
    };
    // What the engine has to do at this instant comes first: so the order of its draws does not depend on how far a
    // handler gets before it waits.
    SETTLED.then(() => this.#handler(messages, invocation)).then(
      ({ failedMessageIds }) => end({ kind: "answered", failedMessageIds }),
      (error: unknown) => end({ kind: "threw", error }),
    );
  }
}
