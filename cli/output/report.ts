/** How results are shown to people: one run, several side by side. */

import {
  endedText,
  heldOutText,
  stepTexts,
  type TableOptions,
  table,
  tagWords,
  wrapped,
} from "../../client/index.ts";
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
      `${spec?.data ?? "unknown"}, ${constants.rows.toLocaleString("en-US")} rows, d = ${constants.dimension.toLocaleString("en-US")}, ${membershipText(result)} workers`,
    ],
    ["rounds", result.rounds.toLocaleString("en-US")],
    ["loss", result.loss === null ? "-" : `f(x) = ${Number(result.loss.toPrecision(6))}`],
    [
      "gradient",
      `|∇f(x)|² = ${short(result.gradientNormSquared)}; at the start ${short(initial)}, ratio ${short(result.relativeGradientNormSquared)}`,
    ],
    ...heldOutRows(result),
    [
      "uplink",
      `${megabits(result.uplinkBitsPerWorker)} Mbit from each worker; ${bytes(result.uplinkBytesMeasured)} travelled in all`,
    ],
    ["downlink", `${bytes(result.downlinkBytesMeasured)} to all workers together`],
    ["watching", `${bytes(result.evaluationBytesMeasured)} more for the curves: in no other figure`],
    ...(result.pairedGradients === 0
      ? []
      : [
          [
            "reuse",
            `${((100 * result.reusedGradients) / result.pairedGradients).toFixed(1)} % of ${result.pairedGradients.toLocaleString("en-US")} gradients at the point before were not computed again: still in a worker's memory, or kept in the store`,
          ] as [string, string],
        ]),
    ["time", `${seconds(result.seconds)}${approximate}`],
    [
      "price",
      `$${dollars(result.usd)}${approximate}, ${result.rounds === 0 ? "-" : `$${dollars((1000 * result.usd) / result.rounds)}`} per 1,000 rounds`,
    ],
    ...preparationRows(result, predicts),
    ["constants", constantsText(constants)],
    ["step size", `γ = ${short(constants.stepSize)}, probability p = ${short(constants.probability)}`],
    ...stepRows(result),
    ...epochRows(result),
    ["iterate", `SHA-256 ${result.iterateSha256}`],
    ...labelRows(labels),
    ["files", files],
  ];
  const longest = Math.max(...rows.map(([label]) => label.length));
  return rows.map(([label, text]) => wrapped(`${label.padEnd(longest)}  `, text, width)).join("\n");
}

function labelRows(labels: RunLabels): [string, string][] {
  const words = tagWords(labels);
  return [
    ...(words.length === 0 ? [] : [["tags", words.join(", ")] as [string, string]]),
    ...(labels.note === null ? [] : [["note", labels.note.replaceAll("\n", " / ")] as [string, string]]),
  ];
}

/** Symbols and values of a run's constants. */
export function constantsText(constants: RunResult["constants"]): string {
  const { L, Lf, Lpm, omega, alpha, zeta, measured } = constants;
  const parts = [
    `smoothness L ${L === undefined ? "unknown" : `= ${short(L)}`}`,
    ...(Lf === undefined ? [] : [`L_f = ${short(Lf)}`]),
    ...(Lpm === undefined ? [] : [`L_pm = ${short(Lpm)}`]),
    omega === undefined ? `compressor α = ${short(alpha)}` : `compressor ω = ${short(omega)}`,
    `${short(zeta)} entries a message`,
  ];
  return `${parts.join(", ")}${measured === true ? "; L estimated near x^0" : ""}`;
}

/** Where the step size comes from, and what that promises. */
function stepRows({ spec, constants }: RunResult): [string, string][] {
  if (spec === null) return [];
  return stepTexts(spec, constants).map((text, i) => [i === 0 ? "step from" : "", text]);
}

function heldOutRows({ heldOut, spec }: RunResult): [string, string][] {
  if (heldOut === undefined) return [];
  const data = spec?.heldOut?.data ?? "unknown";
  const right =
    heldOut.correct === null
      ? ""
      : ` (${heldOut.correct.toLocaleString("en-US")} of ${heldOut.rows.toLocaleString("en-US")})`;
  return [["held out", `${heldOutText(heldOut).replace(/^held out: /, "")}${right}, ${data}`]];
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
