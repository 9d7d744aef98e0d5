/** Where the trials of a search run, and by which rule the best of them is told. */
import { availableParallelism } from "node:os";
import { configurationOf, type EngineOptions, openEmbedded, useDataSets } from "../../client/index.ts";
import { MarinaError } from "../../shared/base/index.ts";
import {
  type Cell,
  type CellSetting,
  createCellProgress,
  createCellRunner,
  type FinishedCell,
  isEnd,
  Library,
  type Measure,
  onInterrupt,
  openStackSession,
  outcomeText,
  PROGRESS_WITHIN,
} from "../../sweep/index.ts";
import type { PrintOptions } from "../output/print.ts";
import { endInterrupted } from "./interrupted.ts";
import { TrialBudget } from "./trial-budget.ts";

/** What `--by` may be, in a word each. */
export const TUNE_MEASURES: Readonly<Record<string, Measure>> = {
  bits: "uplinkBitsPerWorker",
  rounds: "rounds",
  seconds: "seconds",
  usd: "usd",
  accuracy: "relativeGradientNormSquared",
  loss: "loss",
  "held-out-loss": "heldOutLoss",
  "held-out-error": "heldOutError",
};

export interface TuneOptions extends EngineOptions, PrintOptions {
  readonly parameter: readonly string[];
  readonly random?: number;
  readonly searchSeed: number;
  readonly halving?: true;
  readonly maxTrials?: number;
  readonly by: string;
  readonly seeds: readonly number[];
  readonly set?: readonly string[];
  readonly jobs?: number;
  readonly maxUsd?: number;
  readonly yes?: boolean;
}

/** What is best, in the words of the table's caption. */
export function ruleOf({ by }: Pick<TuneOptions, "by">): string {
  const figure = {
    bits: "uplink bits",
    rounds: "rounds",
    seconds: "seconds",
    usd: "dollars",
    accuracy: "|∇f|²/start",
    loss: "loss",
    "held-out-loss": "loss on held-out data",
    "held-out-error": "wrong predictions on held-out data",
  }[by];
  const who = isEnd(TUNE_MEASURES[by]!)
    ? "values whose runs end well"
    : "values with which the accuracy is reached";
  return `best: the least ${figure} (median over the seeds) of all ${who} and the loss comes down at least ${100 * (1 - PROGRESS_WITHIN)} % as far as with any other of them`;
}

/** Why cells can't be run; undefined where they can. */
export function refusalOf(make: () => unknown): string | undefined {
  try {
    make();
    return undefined;
  } catch (error) {
    if (error instanceof MarinaError) return error.message;
    throw error;
  }
}

/** Where the trials run. */
export interface Bench {
  setting(dataSets: Iterable<string>): Promise<CellSetting>;
  /** What is done of them, and what kept the others from it. */
  run(
    cells: readonly Cell[],
  ): Promise<{ readonly finished: readonly FinishedCell[]; readonly error?: unknown }>;
  close(): Promise<void>;
}

/** Searches on a bench that is closed after it. A search that was interrupted ends with the code that says so. */
export async function withBench(
  options: TuneOptions,
  search: (bench: Bench) => Promise<void>,
): Promise<void> {
  const bench = await openBench(options);
  try {
    await search(bench);
  } catch (error) {
    endInterrupted(error);
  } finally {
    await bench.close();
  }
}

async function openBench(options: TuneOptions): Promise<Bench> {
  if (options.on === "embedded") return embeddedBench(options);
  const session = await openStackSession("tune", options);
  return {
    setting: (dataSets) => session.setting(dataSets),
    run: async (cells) => {
      const outcome = await session.run(cells);
      const { finished, left, failure } = outcome;
      if (left.length === 0) return { finished };
      if (failure !== undefined) return { finished, error: failure.error };
      const text = `the search is not at its end; ${outcomeText(outcome, session)}`;
      return { finished, error: new MarinaError("limit", text) };
    },
    close: () => session.close(),
  };
}

async function embeddedBench({ home, jobs, maxUsd, latencies }: TuneOptions): Promise<Bench> {
  const engine = await openEmbedded(home, latencies);
  const library = new Library(engine.objects);
  const progress = createCellProgress("tune", process.stderr);
  const interruption = onInterrupt("stopping; what is done is kept (Ctrl-C again: at once)");
  const { signal } = interruption;
  const runner = createCellRunner({
    home,
    library,
    progress,
    signal,
    ...(jobs === undefined ? {} : { jobs }),
  });
  let unuse = (): void => undefined;
  const budget = new TrialBudget(maxUsd);
  const together = maxUsd === undefined ? Infinity : (jobs ?? availableParallelism());
  return {
    setting: async (dataSets) => {
      const named = [...dataSets];
      unuse = await useDataSets(home, named);
      return { ...(await library.settingFor(named)), configuration: configurationOf(engine) };
    },
    run: async (cells) => {
      const taken: FinishedCell[] = [];
      for (let at = 0; at < cells.length && !budget.isSpent; at += together) {
        const batch = cells.slice(at, at + together);
        try {
          taken.push(...budget.take(await runner.run(batch)));
        } catch (error) {
          return { finished: [...taken, ...budget.take(runner.finished(batch))], error };
        }
      }
      if (taken.length === cells.length) return { finished: taken };
      return { finished: taken, error: budget.spentUp(cells.length - taken.length) };
    },
    close: async () => {
      interruption.dispose();
      await runner.close();
      unuse();
      await engine.close();
    },
  };
}
