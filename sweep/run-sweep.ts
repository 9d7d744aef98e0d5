/** Runs a sweep's cells that are not done yet, with a progress bar, and gives all of them back in order. */
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { MarinaError } from "../shared/base/index.ts";
import type { RoundRecord } from "../shared/protocol/index.ts";
import type { Cell, CellResult } from "./cell.ts";
import { CellStore } from "./cell-store.ts";
import type { Library } from "./library.ts";
import { type CellFailure, CellPool } from "./pool.ts";
import type { CellOutcome } from "./run-cell.ts";
import type { FinishedCell } from "./summary.ts";

export interface CellRunner {
  /**
   * All cells with their results, in their order.
   * @throws CellsLeft when some could not be run, or were not run because of an interruption
   */
  run(cells: readonly Cell[]): Promise<FinishedCell[]>;
  /** Those of the cells that are done and can be read, in their order. */
  finished(cells: readonly Cell[]): FinishedCell[];
  /** The rounds of a cell that has been run. */
  rounds(cell: Cell): RoundRecord[];
  close(): Promise<void>;
}

/** Not all cells were run; those that were are kept. */
export class CellsLeft extends MarinaError {
  override readonly name = "CellsLeft";
  readonly interrupted: boolean;
  constructor(left: number, all: number, failures: readonly CellFailure[], interrupted: boolean) {
    const kept = `${left} of ${all} runs are left`;
    const [first] = failures;
    const why =
      first === undefined
        ? `${kept}: interrupted; go on with the same command`
        : `${kept}; ${failures.map(({ error }) => told(error)).join("\n")}`;
    super(first?.error instanceof MarinaError ? first.error.code : "unavailable", why, {
      cause: first?.error,
    });
    this.interrupted = interrupted;
  }
}

export interface CellRunnerOptions {
  readonly home: string;
  readonly library: Library;
  readonly jobs?: number;
  readonly progress: CellProgress;
  /** Ends the work: cells that are being run are given up. */
  readonly signal?: AbortSignal | undefined;
}

/** Told of how far a batch of cells is. */
export interface CellProgress {
  begin(total: number, done: number): void;
  step(cell: Cell, done: number): void;
  end(): void;
}

/** Finished cells of all sweeps of a home lie in one folder: sweeps that have cells in common share them. */
export function cellFolder(home: string): string {
  return join(resolve(home), "sweeps", "cells");
}

export function createCellRunner({ home, library, jobs, progress, signal }: CellRunnerOptions): CellRunner {
  const store = new CellStore(cellFolder(home));
  const pool = new CellPool(library, jobs ?? availableParallelism());
  const finished = (cells: readonly Cell[]): FinishedCell[] =>
    cells.flatMap((cell) => {
      const result = readable(store, cell.digest);
      return result === undefined ? [] : [{ cell, result }];
    });
  return {
    async run(cells) {
      const missing = new Map<string, Cell>();
      for (const cell of cells) if (store.get(cell.digest) === undefined) missing.set(cell.digest, cell);
      const begun = cells.length - missing.size;
      let done = begun;
      let failures: CellFailure[];
      progress.begin(cells.length, done);
      try {
        const keep = (cell: Cell, { result, rounds }: CellOutcome): void => {
          store.put(result, rounds);
          progress.step(cell, ++done);
        };
        failures = await pool.run([...missing.values()], keep, signal);
      } finally {
        progress.end();
      }
      const left = missing.size - (done - begun);
      if (left > 0) throw new CellsLeft(left, cells.length, failures, signal?.aborted === true);
      return finished(cells);
    },
    finished,
    rounds: ({ digest }) => store.rounds(digest),
    close: () => pool.close(),
  };
}

/** Undefined also for a damaged file: whoever needs that cell has been told. */
function readable(store: CellStore, digest: string): CellResult | undefined {
  try {
    return store.get(digest);
  } catch (error) {
    if (error instanceof MarinaError) return undefined;
    throw error;
  }
}

function told(error: unknown): string {
  if (error instanceof MarinaError) return error.message;
  return `unexpected error, please report it: ${error instanceof Error ? error.message : String(error)}`;
}
