/** `marina tune` over given values of several parameters: every combination, some drawn, or hopeless ones ended early. */
import { MarinaError } from "../../shared/base/index.ts";
import { dataSetsOf, type RunSpec } from "../../shared/protocol/index.ts";
import {
  type Cell,
  cellsOf,
  clampedParameter,
  costOf,
  drawnPoints,
  type Group,
  groupsOf,
  isEnd,
  type Measure,
  parseParameter,
  parseSweep,
  pointsOf,
  rungsOf,
  survivors,
  tunedText,
} from "../../sweep/index.ts";
import { print, remark } from "../output/print.ts";
import { onOutput } from "../output/terminal.ts";
import { type Bench, refusalOf, ruleOf, type TuneOptions, withBench } from "./tune-bench.ts";

type Point = Readonly<Record<string, unknown>>;

export async function tuneCombinations(spec: RunSpec, measure: Measure, options: TuneOptions): Promise<void> {
  const asked = options.parameter.map(parseParameter);
  const fields = asked.map(({ field }) => field);
  const doubled = fields.find((field, i) => fields.indexOf(field) !== i);
  if (doubled !== undefined) throw new MarinaError("usage", `--parameter ${doubled}: expected it once`);
  await withBench(options, async (bench) => {
    const setting = await bench.setting(dataSetsOf(spec));
    const cellsFor = (points: readonly Point[], rounds: number): Cell[] => {
      const list = points.map((set) => ({ set }));
      const base = { ...spec, stop: { ...spec.stop, rounds } };
      return cellsOf(
        parseSweep({ name: "tune", base: {}, list, seeds: options.seeds }, "tune"),
        base,
        setting,
      );
    };
    const { rounds } = spec.stop;
    const refusal = (point: Point): string | undefined => refusalOf(() => cellsFor([point], rounds));
    const parameters = asked.map((parameter) =>
      clampedParameter(
        parameter,
        (field, value) => refusal({ [field]: value }),
        ({ field, refused, taken, reason }) => {
          const what = taken === undefined ? "is left out" : `becomes ${JSON.stringify(taken)}`;
          console.error(
            `${field}: ${JSON.stringify(refused)} ${what}, as it is refused: ${lastLine(reason)}`,
          );
        },
      ),
    );
    const all = pointsOf(parameters).filter((point) => {
      const reason = refusal(point);
      if (reason !== undefined) console.error(`${JSON.stringify(point)} is left out: ${lastLine(reason)}`);
      return reason === undefined;
    });
    if (all.length === 0)
      throw new MarinaError("usage", "no combination of these values can be tried: see above");
    const points = options.random === undefined ? all : drawnPoints(all, options.random, options.searchSeed);
    await search(points, { spec, measure, options, cellsFor, run: (cells) => bench.run(cells) });
  });
}

interface Search {
  readonly spec: RunSpec;
  readonly measure: Measure;
  readonly options: TuneOptions;
  readonly cellsFor: (points: readonly Point[], rounds: number) => Cell[];
  readonly run: Bench["run"];
}

async function search(
  points: readonly Point[],
  { spec, measure, options, cellsFor, run }: Search,
): Promise<void> {
  const rungs = options.halving === true ? rungsOf(points.length, spec.stop.rounds) : [spec.stop.rounds];
  const perPoint = options.seeds.length;
  let left = options.maxTrials ?? Infinity;
  let going: readonly Point[] = points;
  let whole: Group[] = [];
  let cut = 0;
  for (const [i, rounds] of rungs.entries()) {
    const affordable = going.slice(0, Math.floor(left / perPoint));
    cut += going.length - affordable.length;
    if (affordable.length === 0) break;
    left -= affordable.length * perPoint;
    const { finished, error } = await run(cellsFor(affordable, rounds));
    const groups = groupsOf(finished);
    if (error !== undefined) {
      if (groups.length > 0) remark(options, tunedText(groups, measure, ruleOf(options), onOutput()).text);
      throw error;
    }
    if (i === rungs.length - 1) whole = groups;
    else {
      going = survivors(groups.map((group) => rungOf(group, measure)));
      console.error(
        `tune: after ${rounds.toLocaleString("en-US")} rounds ${going.length} of ${affordable.length} go on`,
      );
    }
  }
  if (cut > 0)
    console.error(`tune: --max-trials ${options.maxTrials} is used up: ${cut} combinations were not tried`);
  const { text, best } = tunedText(whole, measure, ruleOf(options), onOutput());
  if (best === undefined) {
    if (whole.length > 0) remark(options, text);
    throw new MarinaError(
      "not-found",
      `no combination that was tried to its end reaches the accuracy within ${spec.stop.rounds} rounds; allow more (--set stop.rounds=... or --max-trials)`,
    );
  }
  const { axes: values } = best;
  const cost = best.figures[measure].median;
  const flags = Object.entries(values).map(([field, value]) => `--set '${field}=${JSON.stringify(value)}'`);
  const trials = whole.map(({ axes, figures, reached, seeds }) => ({
    values: axes,
    cost: finite(figures[measure].median),
    reached,
    seeds,
  }));
  print(options, { by: options.by, values, cost, tried: points.length, trials }, () =>
    [text, "", `best by ${options.by}: ${flags.join(" ")}`].join("\n"),
  );
}

/** Medians over the seeds. */
function rungOf({ axes, cells }: Group, measure: Measure) {
  const middle = (values: readonly number[]): number =>
    values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
  const nearness = middle(cells.map(({ result }) => costOf(result, "relativeGradientNormSquared")));
  if (measure === "relativeGradientNormSquared") return { point: axes, spent: 1, relative: nearness };
  const figure = middle(
    cells.map(({ result }) => (isEnd(measure) ? costOf(result, measure) : result[measure])),
  );
  // Trials that are ranked by how they end, and not by their gradient, count as equally near: the figure alone ranks them.
  return { point: axes, spent: figure, relative: isEnd(measure) ? Math.exp(-1) : nearness };
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function lastLine(text: string): string {
  return text.slice(text.lastIndexOf("\n") + 1);
}
