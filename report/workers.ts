/** Workers over time: the phases of an elastic run as steps of a chart. */
import {
  type EpochCause,
  type MembershipEpoch,
  type RunSpec,
  workersText,
} from "../shared/protocol/index.ts";
import type { WorkersStep } from "./report-data.ts";

/** What changed the workers, in a word. */
const CAUSES: Readonly<Record<EpochCause, string>> = {
  start: "start",
  schedule: "schedule",
  "usd-per-round": "dollars per round",
  user: "marina scale",
};

/** n over a run, for tables: `5→50`; of a run that has not changed it yet, what its spec says. */
export function workersOverRun(phases: readonly Pick<MembershipEpoch, "workers">[], spec: RunSpec): string {
  const steps = phases.map(({ workers }) => workers).filter((n, i, all) => n !== all[i - 1]);
  return steps.length < 2 ? workersText(spec.workers) : steps.join("→");
}

/**
 * Where each phase began, and where the run is or ended; nothing for a run whose workers never changed.
 * @param end undefined before the first round
 */
export function workersSteps(
  run: string,
  phases: readonly MembershipEpoch[],
  end: { readonly round: number; readonly seconds: number } | undefined,
): WorkersStep[] {
  if (phases.length < 2) return [];
  const steps = phases.map(({ cause, round, seconds, workers, participants, stepSize, probability }) => ({
    run,
    round,
    seconds,
    workers,
    participants,
    stepSize,
    probability,
    cause: CAUSES[cause],
  }));
  const last = steps.at(-1)!;
  return end === undefined || end.round <= last.round
    ? steps
    : [...steps, { ...last, round: end.round, seconds: end.seconds, cause: "end of the curve" }];
}
