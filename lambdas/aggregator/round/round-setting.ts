/** What a round is made of: the run, who draws and sends for it, and what is asked beside the method. */
import type { Method, Vectors } from "../../../shared/methods/index.ts";
import type { Constants } from "../../../shared/protocol/index.ts";
import type { ActiveRun } from "../term/active-run.ts";
import type { DeltaDownlink } from "./downlink.ts";
import type { PointStore } from "./points.ts";

export interface RoundSetting {
  readonly active: ActiveRun;
  readonly method: Method;
  readonly points: PointStore;
  /** The points travel as deltas of the server's state; undefined: themselves. */
  readonly deltas: DeltaDownlink | undefined;
  /** The round of the durable checkpoint: no successor asks for anything older. */
  readonly oldestNeededRound: number;
  readonly evaluate: boolean;
  /** Ask what the held-out data says of x^t. */
  readonly heldOut: boolean;
  /** The first round of the membership epoch. */
  readonly since: number;
  /** Is a round dense whatever the coin says, as the workers have changed? */
  isForced(round: number): boolean;
  readonly constants: Constants;
  /** Called when the round's tasks have left. */
  readonly sent: () => void;
}

/** Where a run stands at a round's beginning. */
export interface Standing {
  /** S_t, the workers' states with it where the server holds them. */
  readonly state: Vectors;
  /** t */
  readonly round: number;
  /** The round whose iterate is the reference point. */
  readonly referenceRound: number;
}
