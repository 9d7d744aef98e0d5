/** How many workers a run has at most, where they change on the way, and how many of them take part in a compressed round. */
import { participantsAsked } from "../shared/methods/index.ts";
import { type RunSpec, workersAsked } from "../shared/protocol/index.ts";

export interface TakingPart {
  readonly workers: number;
  /** null: all of them. */
  readonly participants: number | null;
}

export function mostTakingPart({ algorithm, workers }: Pick<RunSpec, "algorithm" | "workers">): TakingPart {
  return {
    workers: Math.max(...workersAsked(workers)),
    participants: "participants" in algorithm ? Math.max(...participantsAsked(algorithm.participants)) : null,
  };
}
