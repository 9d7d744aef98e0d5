/** How results are shown to people: one run, several side by side. */

import { endedText, type TableOptions, table, tagWords, wrapped } from "../../client/index.ts";
import { bytes, dollars, megabits, seconds, short } from "../../shared/base/index.ts";
import { methodLabel } from "../../shared/methods/index.ts";
import { NO_LABELS, type RunLabels, type RunResult } from "../../shared/protocol/index.ts";

export interface Shown {
  readonly result: RunResult;
  readonly wallSeconds?: number;
}

/** Runs side by side. */
export function comparison(shown: readonly Shown[], options: TableOptions = {}): string {
  const withWall = shown.some(({ wallSeconds }) => wallSeconds !== undefined);
  return table(
    [
      ["run", "left"],
      ["method", "left", 4],
      ["n", "right", 6],
      ["ended", "left", 5],
      ["rounds", "right"],
      ["|∇f|²/start", "right", 1],
      ["Mbit/worker", "right", 2],
      ["seconds", "right"],
      ["$", "right"],
      ["$/1000 rounds", "right", 7],
      ...(withWall ? [["wall", "right", 8] as const] : []),
    ],
    shown.map(({ result, wallSeconds }) => [
      result.run,
      result.spec === null ? "?" : methodLabel(result.spec.algorithm),
      membershipText(result),
      endedText(result),
      result.rounds.toLocaleString("en-US"),
      short(result.relativeGradientNormSquared),
      megabits(result.uplinkBitsPerWorker),
      seconds(result.seconds),
      dollars(result.usd),
      result.rounds === 0 ? "-" : dollars((1000 * result.usd) / result.rounds),
      ...(withWall ? [wallSeconds === undefined ? "-" : seconds(wallSeconds)] : []),
    ]),
    options,
  );
}

/** n, or all of them: an elastic run's as it was, not as it was planned. */
function membershipText({ constants, phases }: RunResult): string {
  const all = phases.map(({ workers }) => workers).filter((n, i, list) => n !== list[i - 1]);
  if (all.length <= 1) return String(constants.workers);
  return all.length <= 4 ? all.join("→") : `${all[0]}→…→${all.at(-1)}`;
}

export interface DetailOptions {
  /** Where they are. */
  readonly files: string;
  readonly labels?: RunLabels;
  /** Characters of a line; undefined: as many as there are. */
  readonly width?: number | undefined;
}

/** Everything about one run. */
export function details(
  result: RunResult,
  predicts: boolean,
  { files, labels = NO_LABELS, width }: DetailOptions,
): string {
  const { constants, spec, initialGradientNormSquared: initial } = result;
  const approximate = predicts ? " (predicted)" : "";
  const rows: [string, string][] = [
    ["run", result.run],
    ["status", `${endedText(result)}${result.error === null ? "" : `: ${result.error}`}`],
    ["method", spec === null ? "unknown" : methodLabel(spec.algorithm)],
    [
      "data",
      `${spec?.data ?? "unknown"}, ${constants.rows.toLocaleString("en-US")} rows x ${constants.dimension}, ${membershipText(result)} workers`,
    ],
    ["rounds", result.rounds.toLocaleString("en-US")],
    ["f(x)", result.loss === null ? "-" : precise(result.loss)],
    [
      "|∇f(x)|²",
      `${short(result.gradientNormSquared)} (start ${short(initial)}, ratio ${short(result.relativeGradientNormSquared)})`,
    ],
    [
      "uplink",
      `${megabits(result.uplinkBitsPerWorker)} Mbit per worker; ${bytes(result.uplinkBytesMeasured)} measured in all`,
    ],
    ["downlink", `${bytes(result.downlinkBytesMeasured)} measured in all`],
    ["evaluation", `${bytes(result.evaluationBytesMeasured)}, not charged to the method`],
    ...(result.pairedGradients === 0
      ? []
      : [
          [
            "reuse",
            `${((100 * result.reusedGradients) / result.pairedGradients).toFixed(1)} % of ${result.pairedGradients.toLocaleString("en-US")} gradients at an older point were still held`,
          ] as [string, string],
        ]),
    ["time", `${seconds(result.seconds)}${approximate}`],
    [
      "price",
      `$${dollars(result.usd)}${approximate}, ${result.rounds === 0 ? "-" : `$${dollars((1000 * result.usd) / result.rounds)}`} per 1,000 rounds`,
    ],
    ...preparationRows(result, predicts),
    [
      "constants",
      `${constants.L === undefined ? "L unknown" : `L ${precise(constants.L)}`}, ${constants.Lf === undefined ? "" : `L_f ${precise(constants.Lf)}, `}${constants.omega === undefined ? `α ${precise(constants.alpha ?? 1)}` : `ω ${precise(constants.omega)}`}, ζ ${precise(constants.zeta)}`,
    ],
    ["step size", `γ ${precise(constants.stepSize)}, p ${precise(constants.probability)}`],
    ...epochRows(result),
    ["iterate", `SHA-256 ${result.iterateSha256}`],
    ...labelRows(labels),
    ["files", files],
  ];
  const longest = Math.max(...rows.map(([label]) => label.length));
  return rows.map(([label, text]) => wrapped(`${label.padEnd(longest)}  `, text, width)).join("\n");
}

/** Six significant digits: enough to tell runs apart; all of them are in `--json`. */
function precise(value: number): string {
  return String(Number(value.toPrecision(6)));
}

function labelRows(labels: RunLabels): [string, string][] {
  const words = tagWords(labels);
  return [
    ...(words.length === 0 ? [] : [["tags", words.join(", ")] as [string, string]]),
    ...(labels.note === null ? [] : [["note", labels.note.replaceAll("\n", " / ")] as [string, string]]),
  ];
}

/** What calibration took, and what it could not find out. */
function preparationRows({ preparation }: RunResult, predicts: boolean): [string, string][] {
  if (preparation === undefined) return [];
  const apart = predicts ? " (predicted), not in the time and price above" : "";
  return [
    ["preparation", `${seconds(preparation.seconds)}, $${dollars(preparation.usd)}${apart}`],
    ...preparation.warnings.map((warning): [string, string] => ["warning", warning]),
  ];
}

const CAUSES = {
  start: "start",
  schedule: "by the schedule",
  "usd-per-round": "for the dollars per round",
  user: "asked for",
} as const;

/** What changed in an elastic run, and from which round on. */
function epochRows({ phases }: RunResult): [string, string][] {
  if (phases.length <= 1) return [];
  return phases.map(({ round, workers, participants, cause, stepSize, probability }) => [
    `from round ${round}`,
    `${workers} workers${participants === null ? "" : `, r = ${participants}`} (${CAUSES[cause]}), γ ${short(stepSize)}, p ${short(probability)}`,
  ]);
}
