/** `marina tune`: the power of two of a parameter with which a spec reaches its accuracy for the least. */

import { type EngineOptions, openEmbedded, readSpec } from "../../client/index.ts";
import { MarinaError, short } from "../../shared/base/index.ts";
import type { RunSpec } from "../../shared/protocol/index.ts";
import {
  allowedScale,
  bestTrial,
  type Cell,
  type CellSetting,
  CellsLeft,
  cellsOf,
  createCellProgress,
  createCellRunner,
  type FinishedCell,
  type Group,
  groupsOf,
  Library,
  type Measure,
  onInterrupt,
  openStackSession,
  outcomeText,
  PROGRESS_WITHIN,
  parseSweep,
  scaleOf,
  searchPowersOfTwo,
  sweepText,
} from "../../sweep/index.ts";

/** What `--by` may be, in a word each. */
export const TUNE_MEASURES: Readonly<Record<string, Measure>> = {
  bits: "uplinkBitsPerWorker",
  rounds: "rounds",
  seconds: "seconds",
  usd: "usd",
  accuracy: "relativeGradientNormSquared",
};

export interface TuneOptions extends EngineOptions {
  readonly parameter: string;
  readonly by: string;
  readonly seeds: readonly number[];
  readonly set?: readonly string[];
  readonly jobs?: number;
  readonly maxUsd?: number;
  readonly yes?: boolean;
  readonly json?: boolean;
}

export async function tune(path: string, options: TuneOptions): Promise<void> {
  const spec = readSpec(path, options.set ?? []);
  const measure = TUNE_MEASURES[options.by]!;
  checkTarget(spec, measure);
  const field = options.parameter === "stepSize" ? "algorithm.stepSize" : options.parameter;
  const wanted = scaleOf(field, valueAt(spec, field));
  const bench = await openBench(options);
  const tried: Group[] = [];
  try {
    const setting = await bench.setting([spec.data]);
    const cellsFor = (values: readonly unknown[]): Cell[] => {
      const grid = { [field]: values };
      return cellsOf(
        parseSweep({ name: "tune", base: {}, grid, seeds: options.seeds }, "tune"),
        spec,
        setting,
      );
    };
    // The spec's own value must be good; where the others end is told.
    cellsFor([wanted.at(0)]);
    const scale = allowedScale(
      wanted,
      (value) => refusalOf(() => cellsFor([value])),
      ({ refused, last, reason }) => {
        const [one] = reason.split("\n").slice(-1);
        console.error(
          `${field}: ends at ${JSON.stringify(last)}, as ${JSON.stringify(refused)} is refused: ${one}`,
        );
      },
    );
    const trials = await searchPowersOfTwo(
      scale,
      async (values) => {
        const { finished, error } = await bench.run(cellsFor(values));
        const groups = groupsOf(finished);
        tried.push(...groups);
        if (error !== undefined) throw error;
        return groups.map(({ figures, progress }) => ({
          cost: figures[measure].median,
          progress: progress.median,
        }));
      },
      PROGRESS_WITHIN,
    ).catch((error: unknown) => {
      if (tried.length > 0) console.log(sweepText(tried));
      throw error;
    });
    const best = bestTrial(trials, PROGRESS_WITHIN);
    if (best === undefined) {
      console.log(sweepText(tried));
      throw new MarinaError(
        "not-found",
        `no value of ${field} that was tried reaches the accuracy within ${spec.stop.rounds} rounds; allow more (--set stop.rounds=...)`,
      );
    }
    const order = new Map(trials.map(({ value, exponent }) => [JSON.stringify(value), exponent]));
    const exponent = ({ axes }: Group): number => order.get(JSON.stringify(axes[field])) ?? 0;
    console.log(sweepText([...tried].sort((a, b) => exponent(a) - exponent(b))));
    console.log(
      `\nbest by ${options.by}: --set '${field}=${JSON.stringify(best.value)}' (median ${short(best.cost)})`,
    );
    if (options.json === true) {
      console.log(
        JSON.stringify({ parameter: field, by: options.by, value: best.value, cost: best.cost, trials }),
      );
    }
  } catch (error) {
    if (!(error instanceof CellsLeft) || !error.interrupted) throw error;
    console.error(`marina: ${error.message}`);
    process.exitCode = 130;
  } finally {
    await bench.close();
  }
}

/** Why cells can't be run; undefined where they can. */
function refusalOf(make: () => unknown): string | undefined {
  try {
    make();
    return undefined;
  } catch (error) {
    if (error instanceof MarinaError) return error.message;
    throw error;
  }
}

/** Where the trials run. */
interface Bench {
  setting(dataSets: Iterable<string>): Promise<CellSetting>;
  /** What is done of them, and what kept the others from it. */
  run(
    cells: readonly Cell[],
  ): Promise<{ readonly finished: readonly FinishedCell[]; readonly error?: unknown }>;
  close(): Promise<void>;
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

async function embeddedBench({ home, jobs, maxUsd }: TuneOptions): Promise<Bench> {
  if (maxUsd !== undefined) {
    throw new MarinaError(
      "usage",
      "--max-usd: runs on the embedded cloud cost nothing; give it with --on aws or --on localstack",
    );
  }
  const engine = await openEmbedded(home);
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
  return {
    setting: (dataSets) => library.settingFor(dataSets),
    run: async (cells) => {
      try {
        return { finished: await runner.run(cells) };
      } catch (error) {
        return { finished: runner.finished(cells), error };
      }
    },
    close: async () => {
      interruption.dispose();
      await runner.close();
      await engine.close();
    },
  };
}

/** Runs without a target can be compared by how accurate they end only. */
function checkTarget({ stop }: RunSpec, measure: Measure): void {
  const aimed = stop.relativeGradientNormSquared !== undefined || stop.gradientNormSquared !== undefined;
  if (aimed || measure === "relativeGradientNormSquared") return;
  throw new MarinaError(
    "usage",
    "the spec has no accuracy to reach: set stop.relativeGradientNormSquared (or stop.gradientNormSquared), or compare how accurate runs of equal length end: --by accuracy",
  );
}

function valueAt(spec: RunSpec, field: string): unknown {
  let here: unknown = spec;
  for (const part of field.split(".")) {
    if (typeof here !== "object" || here === null) return undefined;
    here = (here as Readonly<Record<string, unknown>>)[part];
  }
  return here;
}
