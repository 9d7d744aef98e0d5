/** How results are shown: one run, several side by side, and the JSON object for programs. */

import { endedText, table } from "../../client/index.ts";
import { bytes, dollars, megabits, seconds, short } from "../../shared/base/index.ts";
import { methodLabel } from "../../shared/methods/index.ts";
import type { RunResult } from "../../shared/protocol/index.ts";

/** The last line of `--json`. */
export function jsonLine(result: RunResult, predicts: boolean, wallSeconds: number): string {
  const { seconds: elapsed, usd } = result;
  return JSON.stringify({
    run: result.run,
    status: result.status,
    stoppedBy: result.stoppedBy,
    error: result.error,
    rounds: result.rounds,
    loss: result.loss,
    gradientNormSquared: result.gradientNormSquared,
    initialGradientNormSquared: result.initialGradientNormSquared,
    relativeGradientNormSquared: result.relativeGradientNormSquared,
    uplinkBitsPerWorker: result.uplinkBitsPerWorker,
    uplinkBytesMeasured: result.uplinkBytesMeasured,
    downlinkBytesMeasured: result.downlinkBytesMeasured,
    evaluationBytesMeasured: result.evaluationBytesMeasured,
    evaluationCharged: false,
    ...(predicts ? { predictedSeconds: elapsed, predictedUsd: usd } : { seconds: elapsed, usd }),
    ...(result.preparation === undefined ? {} : { preparation: result.preparation }),
    wallSeconds,
    resentTasks: result.resentTasks,
    hedgedTasks: result.hedgedTasks,
    droppedMessages: result.droppedMessages,
    iterateSha256: result.iterateSha256,
    constants: result.constants,
  });
}

export interface Shown {
  readonly result: RunResult;
  readonly wallSeconds?: number;
}

/** Runs side by side. */
export function comparison(shown: readonly Shown[]): string {
  const withWall = shown.some(({ wallSeconds }) => wallSeconds !== undefined);
  return table(
    [
      ["run", "left"],
      ["method", "left"],
      ["n", "right"],
      ["ended", "left"],
      ["rounds", "right"],
      ["|∇f|²/start", "right"],
      ["Mbit/worker", "right"],
      ["seconds", "right"],
      ["$", "right"],
      ["$/1000 rounds", "right"],
      ...(withWall ? [["wall", "right"] as const] : []),
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
  );
}

/** n, or all of them: an elastic run's as it was, not as it was planned. */
function membershipText({ constants, phases }: RunResult): string {
  const all = phases.map(({ workers }) => workers).filter((n, i, list) => n !== list[i - 1]);
  if (all.length <= 1) return String(constants.workers);
  return all.length <= 4 ? all.join("→") : `${all[0]}→…→${all.at(-1)}`;
}

/** Everything about one run. */
export function details(result: RunResult, predicts: boolean): string {
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
    ["f(x)", result.loss === null ? "-" : String(result.loss)],
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
      `${constants.L === undefined ? "L unknown, " : `L ${constants.L}, `}${constants.Lf === undefined ? "" : `L_f ${constants.Lf}, `}${constants.omega === undefined ? `α ${constants.alpha}` : `ω ${constants.omega}`}, ζ ${constants.zeta}`,
    ],
    ["step size", `γ ${constants.stepSize}, p ${constants.probability}`],
    ...epochRows(result),
    ["iterate", `SHA-256 ${result.iterateSha256}`],
  ];
  const width = Math.max(...rows.map(([label]) => label.length));
  return rows.map(([label, text]) => `${label.padEnd(width)}  ${text}`).join("\n");
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
