/** How a round's points come to its workers: in the tasks, as objects that these name, or as the server's state that workers make. */
import type { PointName, RequestDefinition } from "../../../shared/methods/index.ts";
import { type Downlink, observedKey, type Point } from "../../../shared/protocol/index.ts";
import { inlinePoint, iterateBytes, travelInline, watchedPoint } from "./points.ts";
import type { RoundSetting, Standing } from "./round-setting.ts";
import { serverHeld } from "./server-held-state.ts";

/** A request's points, and how they travel. */
export interface Travel {
  readonly vectors: readonly Float64Array[];
  /** Of each the round that formed it: workers know by it which gradients they still hold. */
  readonly pointRounds: readonly number[];
  readonly carried: readonly Point[];
  /** Where the points are vectors of the server's state. */
  readonly downlink: Downlink | undefined;
  /** x^t for who only watches. */
  readonly watched: readonly Point[];
}

/**
 * @param packs tasks that carry the points.
 * @param others workers without a slot, who are asked for their exact gradients alone.
 */
export async function pointsOf(
  { active, points, deltas, heldOut }: RoundSetting,
  { state, round, referenceRound }: Standing,
  request: RequestDefinition,
  packs: number,
  others: number,
): Promise<Travel> {
  const { spec, dimension, shardsPerTask } = active;
  const vectors = request.points.map((name) => state[name]!);
  const roundOf: Readonly<Record<PointName, number>> = {
    iterate: round,
    previous: round - 1,
    reference: referenceRound,
  };
  const pointRounds = request.points.map((name) => roundOf[name]);
  const shifts = serverHeld(active.algorithm) === undefined ? 0 : shardsPerTask;
  const bytes = vectors.length * iterateBytes(dimension, spec) + shifts * 8 * dimension;
  const inline = travelInline(bytes, packs);
  const downlink = await deltas?.of(state, round, packs);
  const carried: Point[] = [];
  for (const [i, vector] of vectors.entries()) {
    if (downlink !== undefined) carried.push({ kind: "held" });
    else carried.push(inline ? inlinePoint(vector, spec) : await points.point(vector, pointRounds[i]!));
  }
  // Who only watches has its own environments, which make no state.
  const watched =
    downlink === undefined || !(others > 0 || heldOut)
      ? carried.slice(0, 1)
      : [
          await watchedPoint(
            active,
            vectors[0]!,
            observedKey(active.run, active.phase, round),
            others,
            round,
          ),
        ];
  return { vectors, pointRounds, carried, downlink, watched };
}
