/** Figures of a sweep's groups, as the READMEs of the experiments show them. */
import { dollars, megabits, seconds, short } from "../shared/base/format.ts";
import { accuracyOf } from "../shared/protocol/index.ts";
import type { CellResult } from "../sweep/cell.ts";
import { type Group, type Quartiles, quartilesOf } from "../sweep/summary.ts";

/** Below this many seeds quartiles say nothing. */
const SEEDS_FOR_QUARTILES = 3;

interface Figure {
  readonly header: string;
  /** Of one run. */
  readonly of: (result: CellResult) => number;
  readonly text: (value: number) => string;
  /** What it takes to reach the accuracy: infinite for a run that does not. */
  readonly toTarget: boolean;
}

const whole = (value: number): string => Math.round(value).toLocaleString("en-US");

export const FIGURES = {
  rounds: { header: "rounds", of: ({ rounds }) => rounds, text: whole, toTarget: true },
  mbit: {
    header: "Mbit a worker",
    of: ({ uplinkBitsPerWorker }) => uplinkBitsPerWorker,
    text: megabits,
    toTarget: true,
  },
  seconds: { header: "seconds", of: (result) => result.seconds, text: seconds, toTarget: true },
  usd: { header: "$", of: ({ usd }) => usd, text: dollars, toTarget: true },
  usdPer1000Rounds: {
    header: "$ per 1,000 rounds",
    of: ({ usd, rounds }) => (1000 * usd) / rounds,
    text: dollars,
    toTarget: false,
  },
  millisecondsPerRound: {
    header: "ms a round",
    of: (result) => (1000 * result.seconds) / result.rounds,
    text: (value) => String(Number(value.toPrecision(3))),
    toTarget: false,
  },
  accuracy: {
    header: "|∇f|²/start at the end",
    of: ({ relativeGradientNormSquared }) => relativeGradientNormSquared ?? Number.POSITIVE_INFINITY,
    text: short,
    toTarget: false,
  },
  loss: {
    header: "f at the end",
    of: ({ loss }) => loss ?? Number.POSITIVE_INFINITY,
    text: short,
    toTarget: false,
  },
  heldOutAccuracy: {
    header: "test accuracy",
    of: ({ heldOut }) => (heldOut === undefined ? null : accuracyOf(heldOut)) ?? Number.POSITIVE_INFINITY,
    text: (value) => `${(100 * value).toFixed(2)} %`,
    toTarget: false,
  },
  heldOutLoss: {
    header: "test loss",
    of: ({ heldOut }) => heldOut?.loss ?? Number.POSITIVE_INFINITY,
    text: short,
    toTarget: false,
  },
  stepSize: { header: "step", of: ({ stepSize }) => stepSize, text: short, toTarget: false },
  downlinkMb: {
    header: "MB down a round",
    of: ({ downlinkBytesMeasured, rounds }) => downlinkBytesMeasured / rounds / 1e6,
    text: short,
    toTarget: false,
  },
} as const satisfies Readonly<Record<string, Figure>>;

export type FigureName = keyof typeof FIGURES;

export function figureOf({ cells }: Group, name: FigureName): Quartiles {
  const { of, toTarget }: Figure = FIGURES[name];
  return quartilesOf(
    cells.map(({ result }) => (toTarget && !result.reached ? Number.POSITIVE_INFINITY : of(result))),
  );
}

/** Median (quartiles), where there are seeds enough and they differ as printed; a dash where it was not reached. */
export function figureText(group: Group, name: FigureName): string {
  const { lower, median, upper } = figureOf(group, name);
  const { text }: Figure = FIGURES[name];
  if (!Number.isFinite(median)) return "–";
  const [low, middle, high] = [lower, median, upper].map((value) =>
    Number.isFinite(value) ? text(value) : "never",
  );
  if (group.cells.length < SEEDS_FOR_QUARTILES || (low === middle && high === middle)) return middle!;
  return `${middle} (${low}–${high})`;
}
