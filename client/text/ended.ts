/** How a run ended, in words for people. */
import type { RunResult } from "../../shared/protocol/index.ts";

const DONE_BY: Readonly<Record<string, string>> = {
  rounds: "rounds used up",
  relativeGradientNormSquared: "accuracy reached",
  gradientNormSquared: "accuracy reached",
  usd: "dollars used up",
  seconds: "time used up",
};

/** Whether the accuracy that a spec asks for is what ended the run. */
export function reachedAccuracy(stoppedBy: string | null): boolean {
  return stoppedBy === "relativeGradientNormSquared" || stoppedBy === "gradientNormSquared";
}

/** The status, or of a run that is done which rule ended it. Without the error of one that failed. */
export function endedText({
  status,
  stoppedBy,
}: Pick<RunResult, "status"> & { readonly stoppedBy: string | null }): string {
  return status === "done" ? (DONE_BY[stoppedBy ?? ""] ?? status) : status;
}
