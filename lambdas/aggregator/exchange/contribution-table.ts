/**
 * The answers of the exchange at hand: the first valid one of each slot is accepted, everything else is rejected with a
 * reason. Synchronous, and knows nothing of queues: what is offered twice, late or to the wrong run counts once or not at
 * all, in whatever order it comes.
 */
import type { Ranges, RunMessage } from "../../../shared/protocol/index.ts";

/** A worker's answer to a task. */
export type Answer = Extract<RunMessage, { kind: "contribution" | "answer" | "held-out" | "reduced" }>;
/** Where a worker needs the server's state. */
export type StateNeed = Extract<RunMessage, { kind: "need-state" }>;
export type WorkerError = Extract<RunMessage, { kind: "error" }>;
/** Which answer of which run this is. */
export type Place = Pick<Answer, "runDigest" | "phase" | "round" | "slot" | "worker">;

/** What an exchange waits for. */
export interface Expectation {
  readonly kind: Answer["kind"];
  /** From this slot on the answers are about held-out data; default: none is. */
  readonly heldOutFrom?: number;
  /** Of the workers that were asked. */
  readonly phase: number;
  readonly round: number;
  /** Slot -> worker. */
  readonly workers: Uint32Array;
  /** Slot -> only an evaluation was asked for: a late answer of the other sort must not count. */
  readonly evaluationOnly: readonly boolean[];
  /** Into how many ranges the vectors of every contribution are cut that lie in the store; default: none does. */
  readonly ranges?: Ranges | undefined;
  /** Slot -> what an exchange before this one has brought already. */
  readonly known?: readonly (AcceptedContribution | undefined)[] | undefined;
  /** Why an answer that is otherwise right must be wrong; undefined where it need not. */
  readonly objection?: ((message: Answer) => string | undefined) | undefined;
}

export interface AcceptedContribution {
  readonly message: Answer;
  /** Bytes of the body (and of a stored contribution), evaluation apart. */
  readonly bytes: number;
  readonly evaluationBytes: number;
}

/** Why a message counts for nothing. */
export type Rejection =
  | "unreadable"
  | "no answer of a worker"
  | "of another run"
  | "of another membership or round"
  | "of a slot with another worker, or none"
  | "of a slot that has answered"
  | "of another kind than was asked for"
  | "beyond what an honest worker can answer";

export type Verdict = { readonly accepted: true } | { readonly accepted: false; readonly reason: Rejection };

const NO_PAYLOAD = new Uint8Array(0);
const ACCEPTED: Verdict = { accepted: true };

/** Told what an exchange waits for, and of every answer when it counts. Watches, never controls. */
export interface AnswerObserver {
  readonly expected: (expected: Expectation) => void;
  /** @param answer as it came, whatever was asked for. */
  readonly counted: (answer: Place) => void;
}

/**
 * Of a contribution: are its vectors here, where they were asked for here, and else cut into as many ranges as was asked for?
 * Reducers name ranges by their numbers.
 */
function travelsAsAsked(message: Answer, { message: dense, evaluation: exact }: Ranges = NO_RANGES): boolean {
  if (message.kind !== "contribution") return true;
  const { payload, payloadRanges, evaluation, evaluationRanges } = message;
  if ((evaluationRanges?.length ?? 0) !== exact || (exact > 0 && evaluation !== null)) return false;
  // An evaluation alone has no message.
  const hasMessage = payload.length > 0 || payloadRanges !== undefined;
  return !hasMessage || (payloadRanges?.length ?? 0) === dense;
}

const NO_RANGES: Ranges = { message: 0, evaluation: 0 };

export class ContributionTable {
  readonly runDigest: string;
  readonly #observer: AnswerObserver | undefined;
  #expected: Expectation | undefined;
  #accepted: (AcceptedContribution | undefined)[] = [];
  #count = 0;
  #errors: WorkerError[] = [];
  #needs: StateNeed[] = [];
  #rejected = 0;

  constructor(runDigest: string, observer?: AnswerObserver) {
    this.runDigest = runDigest;
    this.#observer = observer;
  }

  /** Begins anew, with this exchange's slots. */
  expect(expected: Expectation): void {
    this.#expected = expected;
    this.#accepted = new Array(expected.workers.length).fill(undefined);
    this.#count = 0;
    this.#errors = [];
    this.#needs = [];
    this.#observer?.expected(expected);
    expected.known?.forEach((known, slot) => {
      if (known === undefined) return;
      this.#accepted[slot] = known;
      this.#count++;
      this.#observer?.counted(known.message);
    });
  }

  /** Slot -> what was accepted, for the exchange at hand. */
  get accepted(): readonly (AcceptedContribution | undefined)[] {
    return this.#accepted;
  }

  /** Slots that have answered. */
  get count(): number {
    return this.#count;
  }

  get complete(): boolean {
    return this.#count === this.#accepted.length;
  }

  /** Messages (or parts of them) that counted for nothing, since the beginning. */
  get rejected(): number {
    return this.#rejected;
  }

  /** Is there a failure of a slot that has not answered? */
  get hasError(): boolean {
    return this.#errors.length > 0;
  }

  /** The oldest such failure, once. */
  takeError(): WorkerError | undefined {
    return this.#errors.shift();
  }

  /** Does a slot that has not answered need the server's state? */
  get hasNeed(): boolean {
    return this.#needs.length > 0;
  }

  /** All such slots, once. */
  takeNeeds(): readonly StateNeed[] {
    return this.#needs.splice(0).filter(({ slot }) => !this.hasAnswered(slot));
  }

  /** Would an answer of this place be accepted, if it is of the kind that was asked for? */
  awaits(place: Place): boolean {
    return this.#reasonAgainst(place) === undefined;
  }

  /**
   * @param bytes of the message, evaluation apart: what an accepted contribution is said to have travelled with.
   */
  offer(message: RunMessage, bytes: number, evaluationBytes: number): Verdict {
    if (message.runDigest !== this.runDigest) return this.reject("of another run");
    if (message.kind === "stop" || message.kind === "scale") return this.reject("no answer of a worker");
    const reason = this.#reasonAgainst(message);
    if (reason !== undefined) return this.reject(reason);
    if (message.kind === "stored" || message.kind === "pack") return this.reject("no answer of a worker");
    if (message.kind === "error") {
      this.#errors.push(message);
      return ACCEPTED;
    }
    if (message.kind === "need-state") {
      this.#needs.push(message);
      return ACCEPTED;
    }
    const evaluationOnly =
      message.kind === "contribution" && message.payload.length === 0 && message.payloadRanges === undefined;
    const expected = this.#expected!;
    const { kind, heldOutFrom = Number.POSITIVE_INFINITY } = expected;
    const asked = message.slot >= heldOutFrom ? "held-out" : kind;
    if (
      message.kind !== asked ||
      expected.evaluationOnly[message.slot] !== evaluationOnly ||
      !travelsAsAsked(message, expected.ranges)
    ) {
      return this.reject("of another kind than was asked for");
    }
    const objection = expected.objection?.(message);
    if (objection !== undefined) {
      // As a worker's failure that may pass: its task is sent again, so often and no more.
      const { runDigest, phase, round, slot, worker } = message;
      const place = { runDigest, phase, round, slot, worker };
      this.#errors.push({ kind: "error", code: "corrupt", message: objection, retryable: true, ...place });
      return this.reject("beyond what an honest worker can answer");
    }
    this.#accepted[message.slot] = { message, bytes, evaluationBytes };
    this.#count++;
    this.#observer?.counted(message);
    // A slot that has answered after all needs no second task, and must not fail the run.
    if (this.#errors.length > 0) this.#errors = this.#errors.filter(({ slot }) => slot !== message.slot);
    return ACCEPTED;
  }

  /** A slot's message has been made use of: its bits and its loss are kept, its bytes are not. */
  forgetPayload(slot: number): void {
    const accepted = this.#accepted[slot];
    if (accepted?.message.kind !== "contribution") return;
    this.#accepted[slot] = { ...accepted, message: { ...accepted.message, payload: NO_PAYLOAD } };
  }

  /** Counts a message that counts for nothing. */
  reject(reason: Rejection): Verdict {
    this.#rejected++;
    return { accepted: false, reason };
  }

  /** Is this an answer to what was asked now, and not to an earlier round or membership? */
  protected answersNow({ phase, round }: Place, expected: Expectation): boolean {
    return phase === expected.phase && round === expected.round;
  }

  protected hasAnswered(slot: number): boolean {
    return this.#accepted[slot] !== undefined;
  }

  #reasonAgainst(place: Place): Rejection | undefined {
    const expected = this.#expected;
    const { runDigest, slot, worker } = place;
    if (runDigest !== this.runDigest) return "of another run";
    if (expected === undefined || !this.answersNow(place, expected)) return "of another membership or round";
    if (expected.workers[slot] !== worker) return "of a slot with another worker, or none";
    return this.hasAnswered(slot) ? "of a slot that has answered" : undefined;
  }
}
