/**
 * Runs a sweep's cells on a deployed stack, several at one time, within a budget. Each cell is first run on the embedded
 * cloud: that says what it will cost, and what its bits must be.
 */

import { createRun, type Engine, resumeRun, stopRun, type Watcher } from "../client/index.ts";
import type { ServiceConfiguration } from "../embedded/index.ts";
import { MarinaError } from "../shared/base/index.ts";
import type { RunResult } from "../shared/protocol/index.ts";
import { SweepBudget } from "./budget.ts";
import type { Cell, CellResult } from "./cell.ts";
import { cellResultOf } from "./cell-result.ts";
import type { CellProgress, CellRunner } from "./run-sweep.ts";
import { isSameOnEveryEngine, type StackCellState, stackCellState, stackRunName } from "./stack-cell.ts";
import type { FinishedCell } from "./summary.ts";

/** Between attempts to stop a run that is too young to be told. */
const STOP_INTERVAL_MILLISECONDS = 2000;
const STOP_ATTEMPTS = 60;

export interface StackRunnerOptions {
  readonly engine: Engine;
  /** How the stack's functions are configured. */
  readonly configuration: ServiceConfiguration;
  /** By whose prices the runs are billed. */
  readonly region: string;
  /** Runs cells on the embedded cloud. */
  readonly embedded: CellRunner;
  /** Runs at one time. */
  readonly jobs: number;
  /** Of all cells together, those done before included. */
  readonly maxUsd: number;
  readonly progress: CellProgress;
  /** Told, before anything is started, what the cells that are not done will cost; may refuse it by throwing. */
  readonly announce: (plan: StackPlan) => void | Promise<void>;
  readonly sleep: (milliseconds: number) => Promise<void>;
}

export interface StackPlan {
  readonly cells: number;
  readonly done: number;
  readonly spentUsd: number;
  /** Of the cells that are not done. */
  readonly predictedUsd: number;
}

/** A cell that was not run, or not to its end. */
export interface CellLeft {
  readonly cell: Cell;
  readonly predictedUsd: number;
}

/** What has come of the cells so far. */
export interface StackOutcome {
  readonly finished: readonly FinishedCell[];
  readonly left: readonly CellLeft[];
  readonly spentUsd: number;
  /** Why cells are left, when some are. */
  readonly endedBy: "all done" | "budget" | "interrupt" | "failure";
  /** What ended it, where that was an error: what is done is told nevertheless. */
  readonly failure?: { readonly error: unknown };
}

interface Pending extends CellLeft {
  readonly run: string;
  readonly state: StackCellState;
  readonly expected: CellResult;
}

export class StackRunner {
  readonly #options: StackRunnerOptions;
  readonly #budget: SweepBudget;
  readonly #results = new Map<string, FinishedCell>();
  readonly #underWay = new Set<string>();
  #interrupted = false;
  #overBudget = false;

  constructor(options: StackRunnerOptions) {
    this.#options = options;
    this.#budget = new SweepBudget(options.maxUsd);
  }

  /**
   * Runs what is not done yet, in order, until all is done, the next cell does not fit into the budget any more, or
   * `interrupt` is called; what is under way then comes to its end, or to a round boundary from which it can go on.
   * May be called again with other cells: the budget is that of all of them.
   */
  async run(cells: readonly Cell[]): Promise<StackOutcome> {
    const { announce, progress } = this.#options;
    let pending: Pending[];
    try {
      pending = await this.#pendingOf(cells);
    } catch (error) {
      return this.#unbegun(cells, error);
    }
    const predictedUsd = pending.reduce((sum, cell) => sum + cell.predictedUsd, 0);
    const unique = new Set(cells.map(({ digest }) => digest)).size;
    const before = unique - pending.length;
    await announce({ cells: unique, done: before, spentUsd: this.#budget.spentUsd, predictedUsd });
    progress.begin(unique, before);
    const left = new Map(pending.map((cell) => [cell.cell.digest, cell]));
    let failure: { readonly error: unknown } | undefined;
    try {
      failure = await this.#runAll(pending, (cell) => {
        left.delete(cell.digest);
        progress.step(cell, unique - left.size);
      });
    } finally {
      progress.end();
    }
    return {
      finished: this.#finished(cells),
      left: [...left.values()].map(({ cell, predictedUsd: usd }) => ({ cell, predictedUsd: usd })),
      spentUsd: this.#budget.spentUsd,
      endedBy:
        left.size === 0 ? "all done" : failure ? "failure" : this.#interrupted ? "interrupt" : "budget",
      ...(failure === undefined ? {} : { failure }),
    };
  }

  /** Starts nothing more, and stops what is under way at its next round boundary. */
  interrupt(): void {
    this.#interrupted = true;
    this.#stopAll();
  }

  /** Nothing was begun: what the cells would cost, or what the stack holds, is not known. */
  #unbegun(cells: readonly Cell[], error: unknown): StackOutcome {
    const finished = this.#finished(cells);
    const left = cells.filter(({ digest }) => !this.#results.has(digest));
    return {
      finished,
      left: left.map((cell) => ({ cell, predictedUsd: 0 })),
      spentUsd: this.#budget.spentUsd,
      endedBy: this.#interrupted ? "interrupt" : "failure",
      ...(this.#interrupted ? {} : { failure: { error } }),
    };
  }

  #finished(cells: readonly Cell[]): FinishedCell[] {
    return cells.flatMap((cell) => {
      const done = this.#results.get(cell.digest);
      return done === undefined ? [] : [{ ...done, cell }];
    });
  }

  /** Cells that are not done, with what they will cost; those that are done are put among the results. */
  async #pendingOf(cells: readonly Cell[]): Promise<Pending[]> {
    const { engine, embedded } = this.#options;
    const pending = new Map<string, Pending>();
    for (const { cell, result: expected } of await embedded.run(cells)) {
      if (pending.has(cell.digest) || this.#results.has(cell.digest)) continue;
      const run = stackRunName(cell);
      const state = await stackCellState(engine.objects, run);
      if (state.kind === "ended") {
        // What it has cost counts, whether it goes on or not.
        this.#budget.end(run, totalUsd(this.#figures(cell, state.result, expected, 0)));
        if (state.result.status === "done" || state.result.status === "diverged") {
          this.#keep(cell, run, state.result, expected, 0);
          continue;
        }
      }
      const already = state.kind === "ended" ? totalUsd(this.#figures(cell, state.result, expected, 0)) : 0;
      pending.set(cell.digest, {
        cell,
        run,
        state,
        expected,
        predictedUsd: Math.max(0, totalUsd(expected) - already),
      });
    }
    return [...pending.values()];
  }

  /** @returns the first error that a cell met: then no further one is begun, those under way come to their ends. */
  async #runAll(
    pending: readonly Pending[],
    onDone: (cell: Cell) => void,
  ): Promise<{ readonly error: unknown } | undefined> {
    const queue = [...pending];
    const lanes = new Set<Promise<void>>();
    let failure: { readonly error: unknown } | undefined;
    while (failure === undefined && !this.#interrupted && !this.#overBudget) {
      const next = queue[0];
      const fits = next !== undefined && this.#budget.fits(next.predictedUsd);
      if (next === undefined || !fits) {
        // What is under way may cost less than was predicted; when nothing is, that's it.
        if (lanes.size === 0) break;
        await Promise.race(lanes);
        continue;
      }
      if (lanes.size >= this.#options.jobs) {
        await Promise.race(lanes);
        continue;
      }
      queue.shift();
      this.#budget.begin(next.run, next.predictedUsd);
      const lane: Promise<void> = this.#runOne(next, onDone)
        .catch((error: unknown) => {
          failure ??= { error };
        })
        .finally(() => lanes.delete(lane));
      lanes.add(lane);
    }
    await Promise.all(lanes);
    return failure;
  }

  async #runOne(pending: Pending, onDone: (cell: Cell) => void): Promise<void> {
    const { cell, run, state, expected, predictedUsd } = pending;
    const watcher: Watcher = {
      calibration: () => undefined,
      round: ({ usd }) => {
        this.#budget.see(run, usd - earlierUsd);
        if (!this.#budget.overdrawn || this.#overBudget) return;
        this.#overBudget = true;
        this.#stopAll();
      },
    };
    const earlier = state.kind === "ended" ? state.result : undefined;
    const earlierUsd = earlier?.usd ?? 0;
    const earlierTotal = earlier === undefined ? 0 : totalUsd(this.#figures(cell, earlier, expected, 0));
    const started = performance.now();
    try {
      const result = await this.#driveOrFollow(pending, watcher);
      const wallSeconds = (performance.now() - started) / 1000;
      this.#budget.end(run, totalUsd(this.#figures(cell, result, expected, wallSeconds)) - earlierTotal);
      if (result.status === "stopped") return;
      this.#keep(cell, run, result, expected, wallSeconds);
      onDone(cell);
    } catch (error) {
      // Nobody knows what it has cost: as much as was predicted, for the runs that are still under way.
      this.#budget.end(run, predictedUsd);
      throw error;
    } finally {
      this.#underWay.delete(run);
    }
  }

  /** A cell that an earlier sweep left live on the stack is followed, not started again. */
  async #driveOrFollow({ cell, run, state }: Pending, watcher: Watcher): Promise<RunResult> {
    const { engine } = this.#options;
    if (state.kind !== "new" && (await engine.liveness(run)).state === "live") {
      this.#underWay.add(run);
      const result = await engine.attach(run, watcher);
      if (result !== undefined) return result;
    }
    const { control } =
      state.kind === "new"
        ? await createRun(engine.objects, { ...cell.spec, name: run })
        : await resumeRun(engine.objects, run);
    if (control.run !== run) throw taken(run);
    this.#underWay.add(run);
    return engine.drive(control, watcher);
  }

  #figures(cell: Cell, result: RunResult, { startLoss }: CellResult, wallSeconds: number): CellResult {
    const { configuration, region } = this.#options;
    // The region is not in the cell's own configuration, whose digest names its run.
    const billed = { ...configuration, region };
    return cellResultOf(cell.digest, cell.spec, result, billed, wallSeconds, startLoss);
  }

  #keep(cell: Cell, run: string, result: RunResult, expected: CellResult, wallSeconds: number): void {
    this.#results.set(cell.digest, {
      cell,
      result: this.#figures(cell, result, expected, wallSeconds),
      deployed: {
        run,
        predictedSeconds: expected.seconds,
        predictedUsd: totalUsd(expected),
        sameBits: isSameOnEveryEngine(cell.spec) ? result.iterateSha256 === expected.iterateSha256 : null,
      },
    });
  }

  #stopAll(): void {
    for (const run of this.#underWay) void this.#stop(run);
  }

  /** A run so young that it has no queue yet can't be told: then again. */
  async #stop(run: string): Promise<void> {
    const { engine, sleep } = this.#options;
    let attempts = 0;
    await stopRun(engine, run, {
      isOver: () => !this.#underWay.has(run) || attempts++ === STOP_ATTEMPTS,
      // Whatever it was: a run that is not stopped goes on spending.
      isPassing: () => true,
      pause: () => sleep(STOP_INTERVAL_MILLISECONDS),
    });
  }
}

/** What a run costs whoever pays it: the method, and watching it. */
function totalUsd({ usd, evaluationUsd }: CellResult): number {
  return usd + evaluationUsd;
}

function taken(run: string): MarinaError {
  return new MarinaError(
    "unavailable",
    `run ${run}: another process has just begun this cell; wait until it is done, and run the sweep again`,
  );
}

/** @throws MarinaError "spec": a stack has one configuration. */
export function checkConfiguration({ configuration }: Cell, stack: ServiceConfiguration): void {
  const { attack = "none" } = configuration;
  if (attack !== "none") {
    throw new MarinaError(
      "spec",
      `expected cloud.attack to be left out, got ${attack}: workers lie on the embedded cloud only`,
    );
  }
  for (const name of ["workerMemoryMb", "aggregatorMemoryMb", "architecture"] as const) {
    if (configuration[name] === stack[name]) continue;
    throw new MarinaError(
      "spec",
      `expected cloud.${name} ${stack[name]}, as the stack is deployed, got ${configuration[name]}; leave it out, or deploy a stack with it`,
    );
  }
}
