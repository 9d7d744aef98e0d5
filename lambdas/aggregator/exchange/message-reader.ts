/** What the messages of a run's queue hold: read, fetched, unpacked, and told to whom they concern. */
import {
  type Log,
  type ObjectStore,
  type Ports,
  type ReceivedMessage,
  readChecked,
} from "../../../shared/cloud/index.ts";
import {
  decodeIncoming,
  evaluationBytesOfContribution,
  evaluationBytesOfFrame,
  type Incoming,
  parseIncoming,
} from "../../../shared/protocol/index.ts";
import type { RunQueue } from "./run-queue.ts";
import type { UserCommands } from "./user-commands.ts";

export type Contribution = Extract<Incoming, { kind: "contribution" | "answer" }>;
export type WorkerError = Extract<Incoming, { kind: "error" }>;
/** Which answer this is. */
export type Place = Pick<Contribution, "phase" | "round" | "slot" | "worker">;

/** Whoever takes the answers of the exchange at hand. */
export interface AnswerTaker {
  /** Is this the answer of a slot that has not answered yet? */
  readonly awaited: (place: Place) => boolean;
  /**
   * Takes an awaited answer. @returns whether it counted
   * @param bytes of the body (and of a stored contribution), evaluation apart.
   */
  readonly arrive: (message: Contribution, bytes: number, evaluationBytes: number) => boolean;
  /** An awaited slot's worker says that it can't answer. */
  readonly fail: (error: WorkerError) => void;
  /** A message, or a part of one, counts for nothing. */
  readonly drop: () => void;
}

export class MessageReader {
  readonly #objects: ObjectStore;
  readonly #log: Log;
  readonly #queue: RunQueue;
  readonly #runDigest: string;
  readonly #commands: UserCommands;
  readonly #answers: AnswerTaker;

  constructor(
    { objects, log }: Pick<Ports, "objects" | "log">,
    queue: RunQueue,
    runDigest: string,
    commands: UserCommands,
    answers: AnswerTaker,
  ) {
    this.#objects = objects;
    this.#log = log;
    this.#queue = queue;
    this.#runDigest = runDigest;
    this.#commands = commands;
    this.#answers = answers;
  }

  /** Takes what a poll brought. */
  async take(messages: readonly ReceivedMessage[]): Promise<void> {
    const decoded = messages.map((message) => this.#decode(message));
    // Eager: the queue is transport, not state. A crash recovers from the checkpoint and asks again; what comes again is
    // dropped as a duplicate.
    const done = messages.filter((_, i) => !this.#commands.keeps(decoded[i])).map(({ receipt }) => receipt);
    if (done.length > 0) void this.#queue.discard(done);
    for (let i = 0; i < messages.length; i++) {
      const message = decoded[i];
      if (message === undefined) continue;
      const { body, receipt } = messages[i]!;
      const evaluationBytes = evaluationBytesOfContribution(body);
      const methodBytes = body.length - evaluationBytes;
      if (message.kind === "stored" && this.#answers.awaited(message)) {
        await this.#fetch(message.key, methodBytes, receipt);
      } else this.#accept(message, methodBytes, evaluationBytes, receipt);
    }
  }

  /** Undefined, and counted, for what can't be read. */
  #decode({ body }: ReceivedMessage): Incoming | undefined {
    try {
      return decodeIncoming(body);
    } catch (error) {
      this.#unreadable(error);
      return undefined;
    }
  }

  #unreadable(error: unknown): void {
    this.#answers.drop();
    this.#log.warn("contribution-unreadable", { error: String(error) });
  }

  /** A contribution that lies in the object store. @param pointerBytes of the message that names it. */
  async #fetch(key: string, pointerBytes: number, receipt: string): Promise<void> {
    let stored: { readonly frame: Uint8Array; readonly message: Incoming };
    try {
      const { value } = await readChecked(this.#objects, key, (frame) => ({
        frame,
        message: parseIncoming(frame),
      }));
      stored = value;
    } catch (error) {
      this.#unreadable(error);
      return;
    }
    const { frame, message } = stored;
    const evaluationBytes = evaluationBytesOfFrame(frame);
    this.#accept(message, pointerBytes + frame.length - evaluationBytes, evaluationBytes, receipt, key);
  }

  /** @param storedAt where a contribution lay that came through the object store. */
  #accept(
    message: Incoming,
    methodBytes: number,
    evaluationBytes: number,
    receipt: string,
    storedAt?: string,
  ): void {
    if (message.runDigest !== this.#runDigest) {
      this.#answers.drop();
      return;
    }
    if (message.kind === "stop" || message.kind === "scale") {
      this.#commands.hear(message, receipt);
      return;
    }
    if (message.kind === "pack") {
      this.#unpack(message.parts, methodBytes, evaluationBytes);
      if (storedAt !== undefined) void this.#forget(storedAt);
      return;
    }
    if (message.kind === "stored" || !this.#answers.awaited(message)) {
      this.#answers.drop();
      return;
    }
    if (message.kind === "error") {
      this.#answers.fail(message);
      return;
    }
    const counted = this.#answers.arrive(message, methodBytes, evaluationBytes);
    if (counted && storedAt !== undefined) void this.#forget(storedAt);
  }

  /** The parts of a packed answer, each as if it had come alone; the bytes are the first one's that counts. */
  #unpack(parts: readonly Uint8Array[], bytes: number, evaluationBytes: number): void {
    let [ownBytes, ownEvaluationBytes] = [bytes, evaluationBytes];
    for (const part of parts) {
      let message: Incoming;
      try {
        message = parseIncoming(part);
      } catch (error) {
        this.#unreadable(error);
        continue;
      }
      if (
        (message.kind !== "contribution" && message.kind !== "answer") ||
        message.runDigest !== this.#runDigest ||
        !this.#answers.awaited(message)
      ) {
        this.#answers.drop();
        continue;
      }
      if (this.#answers.arrive(message, ownBytes, ownEvaluationBytes))
        [ownBytes, ownEvaluationBytes] = [0, 0];
    }
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
