/** What a watcher is told of a run: in a sentence, and as the lines of a terminal. */

import {
  type CollectedRun,
  endedText,
  heldOutText,
  type KeptRound,
  type Liveness,
  stateWord,
} from "../client/index.ts";
import { dollars, megabits, seconds, short } from "../shared/base/index.ts";
import type { Membership } from "../shared/protocol/index.ts";
import type { Outlook } from "./outlook.ts";
import { sparkline } from "./sparkline.ts";

/** Of a run that shows no new round for so long it is asked whether it lives. */
export const QUIET_SECONDS = 15;
const SPARK_WIDTH = 40;

/** @param liveness where it was asked for */
export function stateText(collected: CollectedRun, outlook: Outlook, liveness: Liveness | undefined): string {
  const { stored, result, rounds: digest } = collected;
  const { run, spec } = stored;
  if (result !== undefined) {
    const { status, error, rounds } = result;
    const how = error ?? (status === "done" ? endedText(result) : "");
    return `${run}: ${status}${how === "" ? "" : `, ${how}`}, after ${rounds.toLocaleString("en-US")} rounds`;
  }
  const { last } = digest;
  if (last === undefined) return `${run}: no round yet${quiet(run, outlook, liveness)}`;
  const state = liveness === undefined ? "running" : stateWord(liveness);
  const parts = [
    `${run}: ${state}, round ${last.round.toLocaleString("en-US")} of at most ${spec.stop.rounds.toLocaleString("en-US")}`,
  ];
  parts.push(...membershipText(collected));
  if (outlook.roundsPerSecond !== null) parts.push(`${short(outlook.roundsPerSecond)} rounds/s`);
  if (outlook.secondsLeft !== null) parts.push(`about ${seconds(outlook.secondsLeft)} to its stopping rule`);
  return `${parts.join(", ")}${quiet(run, outlook, liveness)}`;
}

/** Who takes part in an elastic run, and what it waits for. */
function membershipText({ progress }: CollectedRun): string[] {
  if (progress === undefined) return [];
  const { phases, pending } = progress.elastic;
  const parts: string[] = [];
  const say = ({ workers, participants }: Membership): string =>
    `${workers.toLocaleString("en-US")} workers${participants === null ? "" : `, ${participants.toLocaleString("en-US")} participants`}`;
  if (phases.length > 1) parts.push(say(phases.at(-1)!));
  if (pending !== null) parts.push(`to go on with ${say(pending)}`);
  return parts;
}

function quiet(run: string, { quietSeconds }: Outlook, liveness: Liveness | undefined): string {
  if (liveness?.state === "cut-off") return `; ${liveness.because}: go on with: marina resume ${run}`;
  if (quietSeconds < QUIET_SECONDS) return "";
  const since = `; nothing new for ${seconds(quietSeconds)}`;
  return liveness?.state === "silent" ? `${since}; see why: marina logs ${run}` : since;
}

/** @param predicts seconds and dollars are predictions */
export function terminalLines(
  run: CollectedRun,
  outlook: Outlook,
  liveness: Liveness | undefined,
  predicts: boolean,
): string[] {
  const { rounds, result } = run;
  const { last, firstNorm, lastNorm } = rounds;
  const lines = [stateText(run, outlook, liveness)];
  if (last === undefined) return lines;
  const approximately = predicts ? "~" : "";
  lines.push(
    `  |∇f|² ${short(firstNorm)} ${sparkline(evenly(rounds.kept, SPARK_WIDTH), SPARK_WIDTH)} ${short(lastNorm)}`,
  );
  if (rounds.lastHeldOut !== null) lines.push(`  ${heldOutText(rounds.lastHeldOut)}`);
  lines.push(
    `  ${megabits(last.uplinkBitsPerWorker)} Mbit/worker  ${approximately}${seconds(result?.seconds ?? last.seconds)}  ${approximately}$${dollars(result?.usd ?? last.usd)}`,
  );
  return lines;
}

/** Norms at rounds that are equally far apart: of a long run early rounds are kept more densely than late ones. */
function evenly(kept: readonly KeptRound[], count: number): (number | null)[] {
  const rounds = kept.filter(({ gradientNormSquared }) => gradientNormSquared !== null);
  if (rounds.length <= count) return rounds.map(({ gradientNormSquared }) => gradientNormSquared);
  const last = rounds.at(-1)!.round;
  let next = 0;
  return Array.from({ length: count }, (_, i) => {
    const round = (i * last) / (count - 1);
    while (next + 1 < rounds.length && rounds[next + 1]!.round <= round) next++;
    return rounds[next]!.gradientNormSquared;
  });
}
