/** `marina tune`: the power of two of a parameter with which a spec reaches its accuracy for the least. */

import { EmbeddedEngine, readSpec } from "../../client/index.ts";
import { DEFAULT_CONFIGURATION, type ServiceConfiguration } from "../../embedded/index.ts";
import { MarinaError, short } from "../../shared/base/index.ts";
import type { RunSpec } from "../../shared/protocol/index.ts";
import {
  bestTrial,
  type Cell,
  cellsOf,
  createCellProgress,
  createCellRunner,
  type FinishedCell,
  type Group,
  groupsOf,
  Library,
  type Measure,
  openStackSession,
  outcomeText,
  PROGRESS_WITHIN,
  parseSweep,
  scaleOf,
  searchPowersOfTwo,
  sweepText,
} from "../../sweep/index.ts";
import type { CommonOptions } from "../main.ts";

/** What `--by` may be, in a word each. */
export const TUNE_MEASURES: Readonly<Record<string, Measure>> = {
  bits: "uplinkBitsPerWorker",
  rounds: "rounds",
  seconds: "seconds",
  usd: "usd",
  accuracy: "relativeGradientNormSquared",
};

export interface TuneOptions extends CommonOptions {
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
  const scale = scaleOf(field, valueAt(spec, field));
  const bench = await openBench(options);
  const tried: Group[] = [];
  try {
    const sha256 = await bench.library.sha256(spec.data);
    const trials = await searchPowersOfTwo(
      scale,
      async (values) => {
        const sweep = parseSweep(
          { name: "tune", base: {}, grid: { [field]: values }, seeds: options.seeds },
          "tune",
        );
        const cells = cellsOf(sweep, spec, () => sha256, bench.configuration);
        const groups = groupsOf(await bench.run(cells));
        tried.push(...groups);
        return groups.map(({ figures, progress }) => ({
          cost: figures[measure].median,
          progress: progress.median,
        }));
      },
      PROGRESS_WITHIN,
    );
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
  } finally {
    await bench.close();
  }
}

/** Where the trials run. */
interface Bench {
  readonly library: Library;
  readonly configuration: ServiceConfiguration;
  run(cells: readonly Cell[]): Promise<FinishedCell[]>;
  close(): Promise<void>;
}

async function openBench(options: TuneOptions): Promise<Bench> {
  if (options.on === "embedded") return embeddedBench(options);
  const session = await openStackSession("tune", options);
  return {
    library: session.library,
    configuration: session.configuration,
    run: async (cells) => {
      const outcome = await session.run(cells);
      if (outcome.left.length === 0) return [...outcome.finished];
      throw new MarinaError("limit", `the search is not at its end; ${outcomeText(outcome, session)}`);
    },
    close: () => session.close(),
  };
}

function embeddedBench({ home, jobs, maxUsd }: TuneOptions): Bench {
  if (maxUsd !== undefined) {
    throw new MarinaError(
      "usage",
      "--max-usd: runs on the embedded cloud cost nothing; give it with --on aws or --on localstack",
    );
  }
  const engine = new EmbeddedEngine(home);
  const library = new Library(engine.objects);
  const progress = createCellProgress("tune", process.stderr);
  const runner = createCellRunner({ home, library, progress, ...(jobs === undefined ? {} : { jobs }) });
  return {
    library,
    configuration: DEFAULT_CONFIGURATION,
    run: (cells) => runner.run(cells),
    close: async () => {
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
