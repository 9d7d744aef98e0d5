/**
 * What the run's own queue brings, filed: answers go to the table of contributions, commands of the user to `commands`.
 * The way of a message: poller.ts -> here -> contribution-table.ts or user-commands.ts.
 */
import {
  type Log,
  type ObjectStore,
  type Ports,
  type QueueAddress,
  readChecked,
} from "../../../shared/cloud/index.ts";
import {
  decodeVector,
  evaluationBytesOfFrame,
  PARALLEL_POLLS,
  parseRunMessage,
  type RunMessage,
} from "../../../shared/protocol/index.ts";
import type { AggregatorHooks } from "../hooks.ts";
import {
  type AnswerObserver,
  ContributionTable,
  type Expectation,
  type StateNeed,
  type WorkerError,
} from "./contribution-table.ts";
import { type PolledMessage, Poller } from "./poller.ts";
import { ResettableTimer } from "./resettable-timer.ts";
import { StoppedNow, UserCommands } from "./user-commands.ts";

/** What `next` came back with. */
export type InboxEvent =
  | { readonly kind: "complete" }
  | { readonly kind: "error"; readonly error: WorkerError }
  /** Workers that have answered that they need the server's state. */
  | { readonly kind: "need-state"; readonly needs: readonly StateNeed[] }
  | { readonly kind: "progress" };

/** What an aggregator has of its run. */
export interface RunHold {
  /** @throws when another aggregator may be driving the run. */
  check(): void;
  /** Makes sure that no other aggregator can go on with the run. @throws when one has. */
  confirm(): Promise<void>;
}

export interface InboxSetting {
  readonly runDigest: string;
  /** The incarnation that commands of the user are meant for. */
  readonly incarnation: number;
  readonly lease: RunHold;
  readonly observer?: AnswerObserver | undefined;
  readonly createTable?: AggregatorHooks["createTable"];
}

/** Bytes of a message, the method's and the others. */
interface Sizes {
  readonly bytes: number;
  readonly evaluationBytes: number;
}

const NO_BYTES: Sizes = { bytes: 0, evaluationBytes: 0 };

/** Is all of it here? Nearly every message is, and should not have to wait for those that are not. */
function isWhole(message: RunMessage): boolean {
  return message.kind === "contribution" ? message.evaluationKey === undefined : message.kind !== "pack";
}

export class Inbox {
  readonly contributions: ContributionTable;
  readonly commands: UserCommands;
  readonly #objects: ObjectStore;
  readonly #log: Log;
  readonly #poller: Poller;
  readonly #lease: RunHold;
  readonly #timer: ResettableTimer;
  readonly #clock: Ports["clock"];
  #heardAt = 0;
  readonly #reading: Promise<void>[] = [];
  #threshold = 0;
  #failure: unknown;
  #wake: (() => void) | undefined;
  #counted: () => void = () => undefined;

  constructor(
    ports: Pick<Ports, "queues" | "objects" | "clock" | "log">,
    queue: QueueAddress,
    { runDigest, incarnation, lease, observer, createTable }: InboxSetting,
  ) {
    this.#objects = ports.objects;
    this.#log = ports.log;
    this.#timer = new ResettableTimer(ports.clock);
    this.#clock = ports.clock;
    this.#poller = new Poller(ports, queue, lease);
    this.#lease = lease;
    this.contributions = createTable?.(runDigest, observer) ?? new ContributionTable(runDigest, observer);
    this.commands = new UserCommands(this.#poller, runDigest, incarnation);
  }

  /** Begins to wait for an exchange's answers. @param counted called after each batch of messages. */
  expect(expected: Expectation, counted: () => void = () => undefined): void {
    this.#heardAt = this.#clock.now();
    this.#counted = counted;
    this.contributions.expect(expected);
  }

  /** When a worker of this exchange was heard last, by an answer or by an error; its beginning before. */
  get heardAt(): number {
    return this.#heardAt;
  }

  /** Begins to poll. */
  open(): void {
    for (let i = 0; i < PARALLEL_POLLS; i++) this.#reading.push(this.#read());
  }

  /** Called when answers are overdue. @throws MarinaError "lease-lost" when another aggregator goes on with the run. */
  async confirmHold(): Promise<void> {
    await this.#lease.confirm();
  }

  /** Receive requests that have not come back yet. */
  get pollsUnderWay(): number {
    return this.#poller.pollsUnderWay;
  }

  /**
   * No new polls; resolves when those under way have come back and what they brought is visible again. A poll left behind
   * would swallow answers of the aggregator that drives the run next, which would miss them until they are overdue.
   */
  async close(): Promise<void> {
    this.#poller.close();
    if (!this.#poller.detached) await Promise.all(this.#reading);
  }

  /** No new polls, and no waiting, not even by `close`: the queue is about to be deleted. */
  detach(): void {
    this.#poller.detach();
  }

  /** From now on polls are short, so that `close` is quick. */
  drain(): void {
    this.#poller.drain();
  }

  /**
   * Resolves when at least `count` slots have answered, at a worker's error, or after `milliseconds`.
   * @throws what made a poll fail; StoppedNow when the user wants that.
   */
  async next(milliseconds: number, count: number): Promise<InboxEvent> {
    this.#threshold = count;
    if (!this.#interesting()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        this.#timer.set(milliseconds, resolve);
      });
      this.#wake = undefined;
      this.#timer.clear();
    }
    if (this.#failure !== undefined) throw this.#failure;
    if (this.commands.stopNow) throw new StoppedNow(`run stopped by the user`);
    const error = this.contributions.takeError();
    if (error !== undefined) return { kind: "error", error };
    const needs = this.contributions.takeNeeds();
    if (needs.length > 0) return { kind: "need-state", needs };
    return { kind: this.contributions.complete ? "complete" : "progress" };
  }

  #interesting(): boolean {
    const { hasError, hasNeed, count } = this.contributions;
    const asked = hasError || hasNeed;
    return this.#failure !== undefined || this.commands.stopNow || asked || count >= this.#threshold;
  }

  async #read(): Promise<void> {
    try {
      for await (const batch of this.#poller.messages()) {
        await this.#file(batch);
        this.#counted();
        if (this.#interesting()) this.#wake?.();
      }
    } catch (error) {
      this.#failure ??= error;
      this.#wake?.();
    }
  }

  async #file(batch: readonly PolledMessage[]): Promise<void> {
    // Eager: the queue is transport, not state. A crash recovers from the checkpoint and asks again; what comes again is
    // rejected as a duplicate.
    const done = batch.filter(({ message }) => !this.commands.keeps(message)).map(({ receipt }) => receipt);
    if (done.length > 0) void this.#poller.discard(done);
    for (const { message, error, receipt, bytes, evaluationBytes } of batch) {
      if (message === undefined) this.#unreadable(error);
      else if (this.commands.isCommand(message)) this.commands.hear(message, receipt);
      else if (message.kind === "stored" && this.contributions.awaits(message))
        await this.#fetch(message, { bytes, evaluationBytes });
      else if (isWhole(message)) this.#counts(message, { bytes, evaluationBytes });
      else await this.#offer(message, { bytes, evaluationBytes });
    }
  }

  #unreadable(error: unknown): void {
    this.contributions.reject("unreadable");
    this.#log.warn("contribution-unreadable", { error: String(error) });
  }

  /** A contribution that lies in the object store. @param named sizes of the message that names it. */
  async #fetch({ key }: Extract<RunMessage, { kind: "stored" }>, named: Sizes): Promise<void> {
    let stored: { readonly frame: Uint8Array; readonly message: RunMessage };
    try {
      const { value } = await readChecked(this.#objects, key, (frame) => ({
        frame,
        message: parseRunMessage(frame),
      }));
      stored = value;
    } catch (error) {
      this.#unreadable(error);
      return;
    }
    const { frame, message } = stored;
    const evaluationBytes = evaluationBytesOfFrame(frame);
    const accepted = await this.#offer(message, {
      bytes: named.bytes + frame.length - evaluationBytes,
      evaluationBytes: named.evaluationBytes + evaluationBytes,
    });
    if (accepted) void this.#forget(key);
  }

  /** @returns true where it counted, or a part of it. */
  async #offer(message: RunMessage, sizes: Sizes): Promise<boolean> {
    if (message.kind !== "pack" || message.runDigest !== this.contributions.runDigest)
      return this.#offerWhole(message, sizes);
    // The parts of a packed answer, each as if it had come alone; the bytes are the first one's that is accepted.
    let any = false;
    for (const bytesOfPart of message.parts) {
      let part: RunMessage;
      try {
        part = parseRunMessage(bytesOfPart);
      } catch (error) {
        this.#unreadable(error);
        continue;
      }
      const own = any ? NO_BYTES : sizes;
      if (!any && part.kind === "contribution" && message.bytesRead !== undefined)
        part = { ...part, bytesRead: message.bytesRead };
      if (isWhole(part) ? this.#counts(part, own) : await this.#offerWhole(part, own)) any = true;
    }
    return any;
  }

  /** Fetches the exact gradient of a contribution where that lies apart; a copy of one that has answered needs none. */
  async #offerWhole(message: RunMessage, sizes: Sizes): Promise<boolean> {
    if (isWhole(message) || message.kind !== "contribution" || !this.contributions.awaits(message))
      return this.#counts(message, sizes);
    const { evaluationKey, ...rest } = message;
    let fetched: { readonly evaluation: Float64Array; readonly bytes: number };
    try {
      const { value } = await readChecked(this.#objects, evaluationKey!, (body) => ({
        evaluation: decodeVector(body, undefined, evaluationKey!),
        bytes: body.length,
      }));
      fetched = value;
    } catch (error) {
      this.#unreadable(error);
      return false;
    }
    const accepted = this.#counts(
      { ...rest, evaluation: fetched.evaluation },
      { ...sizes, evaluationBytes: sizes.evaluationBytes + fetched.bytes },
    );
    if (accepted) void this.#forget(evaluationKey!);
    return accepted;
  }

  #counts(message: RunMessage, { bytes, evaluationBytes }: Sizes): boolean {
    const { accepted } = this.contributions.offer(message, bytes, evaluationBytes);
    if (accepted) this.#heardAt = this.#clock.now();
    return accepted;
  }

  /** A large contribution that has been counted: a task done again would store it again. */
  async #forget(key: string): Promise<void> {
    try {
      await this.#objects.delete(key);
    } catch (error) {
      this.#log.warn("contribution-not-deleted", { key, error: String(error) });
    }
  }
}
