/** The user's commands to a run (stop, stop now, scale), which come between the workers' answers. */
import type { RunMessage, ScaleRequest } from "../../../shared/protocol/index.ts";
import type { Poller } from "./poller.ts";

export type UserCommand = Extract<RunMessage, { kind: "stop" | "scale" }>;

/** The user wants the run to stop at once, whatever it waits for. */
export class StoppedNow extends Error {
  override readonly name = "StoppedNow";
}

/** A command's message is deleted only when what it asks for is stored, so that a crash can't lose it. */
export class UserCommands {
  readonly #poller: Poller;
  readonly #runDigest: string;
  readonly #incarnation: number;
  #stopRequested = false;
  #stopNow = false;
  readonly #stopReceipts: string[] = [];
  #scale: ScaleRequest | undefined;
  #scaleReceipts: { readonly request: number; readonly receipt: string }[] = [];

  /** @param incarnation whose commands are meant: how often the run was resumed. */
  constructor(poller: Poller, runDigest: string, incarnation: number) {
    this.#poller = poller;
    this.#runDigest = runDigest;
    this.#incarnation = incarnation;
  }

  /** True once the user has asked the run to stop. */
  get stopRequested(): boolean {
    return this.#stopRequested;
  }

  /** True once the user has asked the run to stop in the middle of a round. */
  get stopNow(): boolean {
    return this.#stopNow;
  }

  /** The user's last request for another number of workers or slots, whether it was taken in or not. */
  get scaleRequest(): ScaleRequest | undefined {
    return this.#scale;
  }

  /** Is this a command to this run, of whatever incarnation? */
  isCommand(message: RunMessage | undefined): message is UserCommand {
    return (message?.kind === "stop" || message?.kind === "scale") && message.runDigest === this.#runDigest;
  }

  /** Must this message stay in the queue? A command for this incarnation, or for a later one that another aggregator drives. */
  keeps(message: RunMessage | undefined): boolean {
    return this.isCommand(message) && message.generation >= this.#incarnation;
  }

  /** Takes note of a command to this run, if it is for this incarnation. */
  hear(command: UserCommand, receipt: string): void {
    if (command.generation !== this.#incarnation) return;
    if (command.kind === "stop") {
      this.#stopRequested = true;
      this.#stopNow ||= command.now;
      this.#poller.drain();
      this.#stopReceipts.push(receipt);
      return;
    }
    const { request, workers, participants, now } = command;
    if (this.#scale === undefined || request > this.#scale.request)
      this.#scale = { request, workers, participants, now };
    this.#scaleReceipts.push({ request, receipt });
  }

  /** Forgets the command to stop, once the run has stopped for good. */
  async forgetStop(): Promise<void> {
    await this.#poller.delete(this.#stopReceipts);
  }

  /** Forgets requests up to this one: what they ask for is stored. */
  async forgetScale(taken: number): Promise<void> {
    const done = this.#scaleReceipts.filter(({ request }) => request <= taken).map(({ receipt }) => receipt);
    if (done.length === 0) return;
    this.#scaleReceipts = this.#scaleReceipts.filter(({ request }) => request > taken);
    await this.#poller.discard(done);
  }
}
