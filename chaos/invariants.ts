/** What must hold at every event of a run, whatever goes wrong. */

import type { EffectWatcher } from "../embedded/index.ts";
import type { Log, QueueAddress } from "../shared/cloud/index.ts";
import {
  type Checkpoint,
  checkpointKey,
  decodeCheckpoint,
  decodeResult,
  isCalibrated,
  type RoundRecord,
  resultKey,
} from "../shared/protocol/index.ts";
import {
  epochFingerprint,
  fingerprint,
  isSameState,
  RUN,
  recordFingerprint,
  type Stage,
} from "./baseline.ts";
import { Tally } from "./exactly-once.ts";

type Ending = Pick<Checkpoint, "tenure" | "status" | "round">;

/**
 * - Each (round, slot) that enters the state is counted exactly once: see `exactly-once.ts`.
 * - Every stored checkpoint and every record is that of the run without faults at the same round: so each (round, worker)
 *   was summed in the right order, with the right draws.
 * - Who takes part changes at the rounds at which it changes without faults.
 * - The checkpoint's round never goes back, and an ended run's checkpoint is not written again.
 * - Whoever was replaced writes no checkpoint and no result but that of the ending that it has itself stored before (its write
 *   may have been on its way since; whoever waits for a later term does not take it for the answer); whose lease is over takes
 *   no messages: see `lease-law.ts`.
 * - The run's queue is destroyed only when the run is over.
 * - Handlers never throw, and nothing fails in a way that nobody thought of.
 */
export class Invariants implements EffectWatcher {
  readonly #stage: Stage;
  readonly #note: (line: () => string) => void;
  readonly #intactOf: (body: Uint8Array) => Uint8Array;
  readonly #onViolation: (what: string) => void;
  readonly #violations: string[] = [];
  readonly #replaced = new Set<string>();
  /** What was stored as a run's end, by whom. */
  readonly #ended = new Map<string, Ending>();
  #owner: string | undefined;
  #last: Checkpoint | undefined;

  readonly tally: Tally;
  /** Terms that failed, whether the run did or went on. */
  failedTerms = 0;

  /**
   * @param note told of each event that is worth a line of the trace; makes the line if anybody reads it.
   * @param intactOf what was meant to be stored, where a fault had something else stored.
   */
  constructor(
    stage: Stage,
    note: (line: () => string) => void,
    intactOf: (body: Uint8Array) => Uint8Array = (body) => body,
    onViolation: (what: string) => void = () => undefined,
  ) {
    this.#stage = stage;
    this.#note = note;
    this.#intactOf = intactOf;
    this.#onViolation = onViolation;
    this.tally = new Tally(stage.answerers, (what) => this.violated(what));
  }

  get violations(): readonly string[] {
    return this.#violations;
  }

  violated(what: string): void {
    this.#violations.push(what);
    this.#note(() => `VIOLATION ${what}`);
    this.#onViolation(what);
  }

  /** Handlers' log. */
  readonly log: Log = {
    info: (event, fields) => this.#note(() => `${event} ${JSON.stringify(fields)}`),
    warn: (event, fields) => {
      const error = String(fields.error ?? "");
      this.#note(() => `${event} ${error === "" ? JSON.stringify(fields) : (error.split("\n")[0] ?? "")}`);
      if (event === "term-failed") this.failedTerms++;
      if (event.startsWith("handler threw")) this.violated(`a handler threw: ${error}`);
      if (fields.code === "defect" || /^(Type|Range|Reference|Syntax)Error/.test(error)) {
        this.violated(`a defect, not a fault: ${error}`);
      }
    },
  };

  stored(key: string, bytes: Uint8Array, requestId: string): void {
    const body = this.#intactOf(bytes);
    if (key === resultKey(RUN)) {
      const { status, tenure, rounds } = decodeResult(body, key);
      this.#note(() => `${requestId} writes the result: ${status} at round ${rounds}, tenure ${tenure}`);
      const own = this.#ended.get(requestId);
      const isOwnEnding = own?.tenure === tenure && own.status === status && own.round === rounds;
      if (this.#replaced.has(requestId) && !isOwnEnding)
        this.violated(`${requestId} wrote the result after it had lost its lease`);
      return;
    }
    if (key !== checkpointKey(RUN)) return;
    const checkpoint = decodeCheckpoint(body, key);
    // Not the invocation that is there when the write takes effect: it may be one that an earlier invocation has left.
    const writer = checkpoint.commit.slice(0, checkpoint.commit.lastIndexOf("/"));
    this.#note(
      () => `${writer} commits round ${checkpoint.round}, ${checkpoint.status}, tenure ${checkpoint.tenure}`,
    );
    this.#checkpoint(checkpoint, writer);
    if (isCalibrated(checkpoint)) this.tally.stored(this.#last?.round ?? 0, checkpoint.round, writer);
    this.#last = checkpoint;
    if (checkpoint.status !== "running") this.#ended.set(writer, checkpoint);
    if (this.#owner !== undefined && this.#owner !== writer) this.#replaced.add(this.#owner);
    this.#owner = writer;
  }

  #checkpoint(checkpoint: Checkpoint, requestId: string): void {
    const { round } = checkpoint;
    const last = this.#last;
    if (this.#replaced.has(requestId))
      this.violated(`${requestId} wrote the checkpoint after it had lost its lease`);
    if (last !== undefined) {
      if (round < last.round) this.violated(`the checkpoint went back from round ${last.round} to ${round}`);
      if (checkpoint.tenure < last.tenure)
        this.violated(`the tenure went back from ${last.tenure} to ${checkpoint.tenure}`);
      if (last.status === "done") this.violated(`${requestId} wrote the checkpoint of a run that was done`);
    }
    if (!isCalibrated(checkpoint)) return;
    this.#phases(checkpoint);
    const expected = this.#stage.checkpoints.get(round);
    if (!isSameState(fingerprint(checkpoint), expected)) {
      this.violated(
        `the checkpoint of round ${round} is not that of the run without faults: state or counts differ`,
      );
    }
  }

  /** Changes of who takes part: those before this round have been made, those at it may have been, no others. */
  #phases({ round, elastic: { phases } }: Checkpoint): void {
    const made = phases.map(epochFingerprint);
    const usual = this.#stage.phases.map(epochFingerprint);
    const due = this.#stage.phases.filter((phase) => phase.round < round).length;
    if (made.some((phase, at) => phase !== usual[at]) || made.length < due)
      this.violated(
        `the checkpoint of round ${round} has the phases ${made}, without faults they are ${usual}`,
      );
  }

  destroyed(queue: QueueAddress, requestId: string): void {
    this.#note(() => `${requestId} destroys ${queue}`);
    const status = this.#last?.status;
    if (status !== "done" && status !== "diverged")
      this.violated(`${requestId} destroyed ${queue} of a run that is ${status}`);
  }

  round(record: RoundRecord, requestId: string): void {
    this.tally.summed(record, requestId);
    if (this.#stage.records.get(record.round) !== recordFingerprint(record)) {
      this.violated(`the record of round ${record.round} is not that of the run without faults`);
    }
  }
}
