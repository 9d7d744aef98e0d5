/**
 * May workers change in this round? They change at a dense round: there the estimate is the exact gradient of f whatever
 * the partition, so the error term of the Lyapunov function is zero, and the theorem holds from there with the new n, step
 * size and probability. Dense rounds may be added at will: they only lower that error. Methods without an estimator (GD,
 * QGD) change at any round.
 */
import {
  type AlgorithmSpec,
  createMethod,
  methodOf,
  serverDraws,
  type Vectors,
} from "../../../shared/methods/index.ts";
import {
  algorithmOf,
  type Constants,
  type Elastic,
  type PendingChange,
  type RunSpec,
} from "../../../shared/protocol/index.ts";
import { currentEpoch } from "./decide.ts";

export interface RoundToCome {
  readonly spec: RunSpec;
  readonly round: number;
  readonly vectors: Vectors;
  readonly constants: Constants;
  readonly elastic: Elastic;
}

/** Pure. */
export function mayTakeEffect(
  { spec, round, vectors, constants, elastic }: RoundToCome,
  pending: PendingChange,
): boolean {
  const now = currentEpoch(elastic);
  const algorithm = algorithmOf(spec, now);
  if (pending.workers === now.workers || pending.denseRound === "force" || !changesAtDenseRounds(algorithm))
    return true;
  const { request } = createMethod(algorithm, constants, spec.iterate).plan(
    vectors,
    round,
    serverDraws(spec.seed, round),
  );
  return isFirstOfChange(elastic, round) || request.dense;
}

/** Must this round be dense, whatever the coin says? */
export function isFirstOfChange(elastic: Elastic, round: number): boolean {
  const { round: first, dense } = currentEpoch(elastic);
  return dense && first === round;
}

/** Others begin every round anew (GD, QGD) and change at any. */
export function changesAtDenseRounds(algorithm: AlgorithmSpec): boolean {
  return methodOf(algorithm).membership === "dense round";
}
