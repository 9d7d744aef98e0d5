/** One run, as a program has it in hand. */
import { setTimeout as sleep } from "node:timers/promises";
import type { RoundRecord, RunResult, RunSpec, WhichIterate } from "../shared/protocol/index.ts";
import type { Engine, Watcher } from "./engines/engine.ts";
import type { Liveness } from "./engines/liveness.ts";
import {
  type EvaluateOptions,
  type Evaluation,
  evaluate,
  predictions,
  type RowPrediction,
} from "./model/evaluate.ts";
import { type Parameters, readParameters } from "./model/parameters.ts";
import { type Progress, ProgressFan } from "./progress.ts";
import { roundBlocks } from "./rounds/read-rounds.ts";
import { requestScale, type ScaleOptions } from "./scale.ts";
import { standingOf, unfinished } from "./standing.ts";
import { stopRun } from "./stop.ts";

/** Between attempts to stop a run that is too young to be told. */
const STOP_INTERVAL_MILLISECONDS = 100;

/** What a run needs to be followed. */
export interface RunSource {
  readonly engine: Engine;
  readonly name: string;
  readonly spec: RunSpec;
  /** Where its rounds are read as they are now. */
  readonly objects: Engine["live"];
  /** Waits for its end; asked once. Absent: the run goes on elsewhere, and is followed from when that is asked for. */
  readonly drive?: (watcher: Watcher) => Promise<RunResult>;
}

/**
 * A run: its rounds as they come, its result, and what it can be told.
 *
 * ```ts
 * for await (const { round, gradientNormSquared } of run.rounds()) console.log(round, gradientNormSquared);
 * const { status, iterateSha256 } = await run.result();
 * ```
 */
export class Run {
  readonly name: string;
  readonly spec: RunSpec;
  readonly #source: RunSource;
  readonly #fan = new ProgressFan();
  #end: Promise<RunResult> | undefined;
  #hasEnded = false;

  constructor(source: RunSource) {
    this.#source = source;
    this.name = source.name;
    this.spec = source.spec;
    if (source.drive !== undefined) this.#begin(source.drive(this.#fan));
  }

  /**
   * Every round once, from round 0 on and in order: what is stored first, then each as it comes, until the run has ended.
   * @throws MarinaError when the run is cut off before its end, or can't be followed any more.
   */
  async *rounds(): AsyncGenerator<RoundRecord, void, undefined> {
    for await (const progress of this.progress()) if (progress.kind === "round") yield progress.round;
  }

  /** The same, and what lies between the rounds. */
  async *progress(): AsyncGenerator<Progress, void, undefined> {
    const inbox = this.#fan.listen();
    try {
      const end = this.result().finally(() => inbox.end());
      // Awaited below; until then somebody may be busy with a round.
      end.catch(() => undefined);
      let next = 0;
      for await (const round of this.#stored(next)) {
        yield { kind: "round", round };
        next = round.round + 1;
      }
      for (let batch = await inbox.take(); batch.length > 0; batch = await inbox.take()) {
        for (const progress of batch) {
          if (progress.kind !== "round") {
            yield progress;
            continue;
          }
          const { round: at } = progress.round;
          if (at < next) continue;
          // Rounds between looks at a checkpoint have moved on into blocks.
          if (at > next) for await (const round of this.#stored(next, at)) yield { kind: "round", round };
          yield progress;
          next = at + 1;
        }
      }
      await end;
      for await (const round of this.#stored(next)) yield { kind: "round", round };
    } finally {
      inbox.close();
    }
  }

  /**
   * Waits until the run has ended, however it ended: see `status`.
   * @throws MarinaError "not-found" for a run that is cut off: resume it; and whatever keeps it from being waited for.
   */
  result(): Promise<RunResult> {
    return this.#end ?? this.#begin(this.#follow());
  }

  /**
   * Its parameters: the last iterate that is stored, or x^0.
   *
   * ```ts
   * const { vector, tensors } = await run.parameters();
   * ```
   * @throws MarinaError "not-found" where no iterate is stored yet.
   */
  parameters({ at = "last" }: { readonly at?: WhichIterate } = {}): Promise<Parameters> {
    return readParameters(this.#source.engine.live, this.name, at);
  }

  /**
   * Loss, gradient and accuracy of its parameters on a data set; computed in this process.
   * @throws MarinaError "usage" for a data set that the parameters do not belong to.
   */
  evaluate(options: EvaluateOptions = {}): Promise<Evaluation> {
    return evaluate(this.#source.engine.live, this.name, options);
  }

  /** What its parameters say of each row of a data set, in its order. @throws MarinaError as `evaluate` */
  predictions(options: EvaluateOptions = {}): AsyncGenerator<RowPrediction, void, undefined> {
    return predictions(this.#source.engine.live, this.name, options);
  }

  /** Does it go on by itself, and how is that known? */
  state(): Promise<Liveness> {
    return this.#source.engine.liveness(this.name);
  }

  /** Asks it to stop at its next round boundary; its checkpoint is kept, and it can be resumed. */
  async stop({ now = false }: { readonly now?: boolean } = {}): Promise<void> {
    const isOver = () => this.#hasEnded;
    const pause = () => sleep(STOP_INTERVAL_MILLISECONDS);
    const { engine, drive } = this.#source;
    // One that was begun here may be too young to be told, and its end is known here.
    if (drive !== undefined) await stopRun(engine, this.name, { now, isOver, pause });
    else await engine.command(this.name, { kind: "stop", now });
  }

  /**
   * Asks it to go on with another number of workers (from a dense round on), or of PP-MARINA's participants.
   * @throws MarinaError "usage" where the run can't follow, with the reason.
   */
  async scale(options: ScaleOptions): Promise<void> {
    await requestScale(this.#source.engine, this.name, options);
  }

  #begin(end: Promise<RunResult>): Promise<RunResult> {
    this.#end = end.finally(() => {
      this.#hasEnded = true;
    });
    // Somebody may ask later.
    this.#end.catch(() => undefined);
    return this.#end;
  }

  async #follow(): Promise<RunResult> {
    const { engine } = this.#source;
    const standing = await standingOf(engine, this.name);
    if (standing.result !== undefined) return standing.result;
    const { state } = standing.liveness;
    const result = state === "live" ? await engine.attach(this.name, this.#fan) : undefined;
    if (result !== undefined) return result;
    const last = await standingOf(engine, this.name);
    if (last.result !== undefined) return last.result;
    throw unfinished(this.name, last);
  }

  /** Stored rounds from this one on, up to another. */
  async *#stored(from: number, to = Infinity): AsyncGenerator<RoundRecord, void, undefined> {
    for await (const block of roundBlocks(this.#source.objects, this.name, { from, to })) yield* block;
  }
}
