/** Runs a sweep's cells that are not done yet, with a progress bar, and gives all of them back in order. */
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import type { RoundRecord } from "../shared/protocol/index.ts";
import type { Cell } from "./cell.ts";
import { CellStore } from "./cell-store.ts";
import type { Library } from "./library.ts";
import { CellPool } from "./pool.ts";
import type { FinishedCell } from "./summary.ts";

export interface CellRunner {
  /** All cells with their results, in their order. */
  run(cells: readonly Cell[]): Promise<FinishedCell[]>;
  /** The rounds of a cell that has been run. */
  rounds(cell: Cell): RoundRecord[];
  close(): Promise<void>;
}

export interface CellRunnerOptions {
  readonly home: string;
  readonly library: Library;
  readonly jobs?: number;
  readonly progress: CellProgress;
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

export function createCellRunner({ home, library, jobs, progress }: CellRunnerOptions): CellRunner {
  const store = new CellStore(cellFolder(home));
  const pool = new CellPool(library, jobs ?? availableParallelism());
  return {
    async run(cells) {
      const missing = new Map<string, Cell>();
      for (const cell of cells) if (store.get(cell.digest) === undefined) missing.set(cell.digest, cell);
      let done = cells.length - missing.size;
      progress.begin(cells.length, done);
      try {
        await pool.run([...missing.values()], (cell, { result, rounds }) => {
          store.put(result, rounds);
          progress.step(cell, ++done);
        });
      } finally {
        progress.end();
      }
      return cells.map((cell) => ({ cell, result: store.get(cell.digest)! }));
    },
    rounds: ({ digest }) => store.rounds(digest),
    close: () => pool.close(),
  };
}
