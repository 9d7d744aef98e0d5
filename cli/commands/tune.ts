/** `marina tune`: the power of two of a parameter with which a spec reaches its accuracy for the least. */
import { MarinaError } from "../../shared/math/errors.ts";
import type { RunSpec } from "../../shared/protocol/spec.ts";
import { EmbeddedEngine } from "../engines/embedded.ts";
import type { CommonOptions } from "../main.ts";
import { short } from "../output/format.ts";
import { readSpec } from "../spec-file.ts";
import { createCellProgress } from "../sweep/cell-progress.ts";
import { cellsOf } from "../sweep/cells.ts";
import { Library } from "../sweep/library.ts";
import { createCellRunner } from "../sweep/run-sweep.ts";
import { type Group, groupsOf } from "../sweep/summary.ts";
import { LOSS_WITHIN, type Measure, parseSweep } from "../sweep/sweep-spec.ts";
import { sweepText } from "../sweep/sweep-table.ts";
import { bestTrial, scaleOf, searchPowersOfTwo } from "../sweep/tune.ts";
import { refuseStacks } from "./sweep.ts";

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
  readonly json?: boolean;
}

export async function tune(path: string, options: TuneOptions): Promise<void> {
  refuseStacks(options, "tune");
  const spec = readSpec(path, options.set ?? []);
  const measure = TUNE_MEASURES[options.by]!;
  checkTarget(spec, measure);
  const field = options.parameter === "stepSize" ? "algorithm.stepSize" : options.parameter;
  const scale = scaleOf(field, valueAt(spec, field));
  const engine = new EmbeddedEngine(options.home);
  const library = new Library(engine.objects);
  const progress = createCellProgress("tune", process.stderr);
  const runner = createCellRunner({
    home: options.home,
    library,
    progress,
    ...(options.jobs === undefined ? {} : { jobs: options.jobs }),
  });
  const tried: Group[] = [];
  try {
    const sha256 = await library.sha256(spec.data);
    const trials = await searchPowersOfTwo(
      scale,
      async (values) => {
        const sweep = parseSweep(
          { name: "tune", base: {}, grid: { [field]: values }, seeds: options.seeds },
          "tune",
        );
        const groups = groupsOf(await runner.run(cellsOf(sweep, spec, () => sha256)));
        tried.push(...groups);
        return groups.map(({ figures, loss }) => ({ cost: figures[measure].median, loss: loss.median }));
      },
      LOSS_WITHIN,
    );
    const best = bestTrial(trials, LOSS_WITHIN);
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
    await runner.close();
    await engine.close();
  }
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
