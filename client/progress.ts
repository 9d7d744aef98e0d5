/** What a run tells while it goes on, as something to iterate over. */
import type { CalibrationQuestion } from "../lambdas/aggregator/index.ts";
import type { RoundRecord } from "../shared/protocol/index.ts";
import type { Watcher } from "./engines/engine.ts";

export type Progress =
  /** A step of what a new run has to find out first: spectra of the shards, L_f, Hessians, the starting point, or gradients near it. */
  | {
      readonly kind: "calibration";
      readonly what: CalibrationQuestion;
      readonly step: number;
    }
  | { readonly kind: "round"; readonly round: RoundRecord }
  /** Nothing has happened for so long. */
  | { readonly kind: "quiet"; readonly seconds: number };

/** Hands what an engine tells to everybody who listens. */
export class ProgressFan implements Watcher {
  readonly #inboxes = new Set<Inbox>();

  calibration(what: CalibrationQuestion, step: number): void {
    this.#tell({ kind: "calibration", what, step });
  }

  round(round: RoundRecord): void {
    this.#tell({ kind: "round", round });
  }

  quiet(seconds: number): void {
    this.#tell({ kind: "quiet", seconds });
  }

  /** From now on. */
  listen(): Inbox {
    const inbox = new Inbox(() => this.#inboxes.delete(inbox));
    this.#inboxes.add(inbox);
    return inbox;
  }

  #tell(progress: Progress): void {
    for (const inbox of this.#inboxes) inbox.put(progress);
  }
}

/** Keeps what comes until it is taken. */
export class Inbox {
  readonly #leave: () => void;
  #items: Progress[] = [];
  #ended = false;
  #wake: () => void = () => undefined;

  constructor(leave: () => void) {
    this.#leave = leave;
  }

  put(item: Progress): void {
    this.#items.push(item);
    this.#wake();
  }

  /** No more will come. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /** All that has come since, at least one; none once there will be no more. */
  async take(): Promise<readonly Progress[]> {
    if (this.#items.length === 0 && !this.#ended) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const taken = this.#items;
    this.#items = [];
    return taken;
  }

  close(): void {
    this.#leave();
  }
}
