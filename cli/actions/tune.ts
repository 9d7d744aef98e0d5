/** `marina tune`: the power of two of a parameter with which a spec reaches its accuracy for the least. */

import { readSpec } from "../../client/index.ts";
import { MarinaError, short } from "../../shared/base/index.ts";
import { dataSetsOf, type RunSpec } from "../../shared/protocol/index.ts";
import {
  allowedScale,
  bestTrial,
  type Cell,
  cellsOf,
  checkMeasure,
  fieldOf,
  type Group,
  groupsOf,
  isEnd,
  type Measure,
  PROGRESS_WITHIN,
  parseSweep,
  scaleOf,
  searchPowersOfTwo,
  sweepText,
  tunedText,
} from "../../sweep/index.ts";
import { print, remark } from "../output/print.ts";
import { onOutput } from "../output/terminal.ts";
import { refusalOf, ruleOf, TUNE_MEASURES, type TuneOptions, withBench } from "./tune-bench.ts";
import { tuneCombinations } from "./tune-combinations.ts";

export async function tune(path: string, options: TuneOptions): Promise<void> {
  const spec = readSpec(path, options.set ?? []);
  const measure = TUNE_MEASURES[options.by]!;
  checkTarget(spec, measure);
  const [first = "stepSize", ...more] = options.parameter;
  if (more.length > 0 || first.includes("=")) return tuneCombinations(spec, measure, options);
  refuseCombinations(options);
  const field = fieldOf(first);
  const wanted = scaleOf(field, valueAt(spec, field));
  const tried: Group[] = [];
  await withBench(options, async (bench) => {
    const setting = await bench.setting(dataSetsOf(spec));
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
      if (tried.length > 0) remark(options, sweepText(tried, onOutput()));
      throw error;
    });
    const best = bestTrial(trials, PROGRESS_WITHIN);
    if (best === undefined) {
      remark(options, sweepText(tried, onOutput()));
      throw new MarinaError(
        "not-found",
        `no value of ${field} that was tried reaches the accuracy within ${spec.stop.rounds} rounds; allow more (--set stop.rounds=...)`,
      );
    }
    const order = new Map(trials.map(({ value, exponent }) => [JSON.stringify(value), exponent]));
    const exponent = ({ axes }: Group): number => order.get(JSON.stringify(axes[field])) ?? 0;
    const ordered = [...tried].sort((a, b) => exponent(a) - exponent(b));
    const { value, cost } = best;
    print(options, { parameter: field, by: options.by, value, cost, trials }, () =>
      [
        tunedText(ordered, measure, ruleOf(options), onOutput()).text,
        "",
        `best by ${options.by}: --set '${field}=${JSON.stringify(value)}' (median ${short(cost)})`,
      ].join("\n"),
    );
  });
}

/** @throws MarinaError "usage" for flags of a search over given values. */
function refuseCombinations({ random, halving, maxTrials }: TuneOptions): void {
  if (random === undefined && halving === undefined && maxTrials === undefined) return;
  throw new MarinaError(
    "usage",
    "--random, --halving and --max-trials are for given values: --parameter FIELD=VALUE,VALUE,...",
  );
}

/** Runs without a target can be compared by how accurate they end only. */
function checkTarget({ stop, heldOut }: RunSpec, measure: Measure): void {
  checkMeasure(measure, heldOut === undefined ? {} : { heldOut });
  const aimed = stop.relativeGradientNormSquared !== undefined || stop.gradientNormSquared !== undefined;
  if (aimed || isEnd(measure)) return;
  throw new MarinaError(
    "usage",
    "the spec has no accuracy to reach: set stop.relativeGradientNormSquared (or stop.gradientNormSquared), or compare how good runs of equal length end: --by accuracy, loss, held-out-loss or held-out-error",
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
