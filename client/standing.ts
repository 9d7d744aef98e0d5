/** Where a run stands: ended, live, or cut off; and what to do then. */
import { readCheckpoint } from "../lambdas/aggregator/index.ts";
import { MarinaError, NOT_YET, waitFor } from "../shared/base/index.ts";
import { readOptional } from "../shared/cloud/index.ts";
import { type Checkpoint, decodeResult, type RunResult, resultKey } from "../shared/protocol/index.ts";
import type { Engine } from "./engines/engine.ts";
import type { Liveness } from "./engines/liveness.ts";

export type Standing =
  | { readonly result: RunResult }
  | {
      readonly result?: never;
      readonly liveness: Liveness;
      /** Undefined before the first one. */
      readonly checkpoint: Checkpoint | undefined;
    };

export async function standingOf(engine: Engine, run: string): Promise<Standing> {
  const read = () => readOptional(engine.live, resultKey(run), decodeResult);
  return waitFor<Standing>({
    look: async () => {
      const result = await read();
      if (result !== undefined) return { result };
      const liveness = await engine.liveness(run);
      const checkpoint = (await readCheckpoint(engine.live, run))?.checkpoint;
      // It may have ended while it was looked at.
      const since = await read();
      if (since !== undefined) return { result: since };
      return liveness.state === "ended" ? NOT_YET : { liveness, checkpoint };
    },
    pause: () => Promise.resolve(),
  });
}

/** One word for a column. */
export function stateWord({ state }: Liveness): string {
  return state === "live" ? "running" : state === "silent" ? "silent" : "cut off";
}

/** What `run` is and what may be done, for a run without a result. */
export function unfinished(
  run: string,
  {
    liveness,
    checkpoint,
  }: { readonly liveness: Liveness; readonly checkpoint: Pick<Checkpoint, "round"> | undefined },
): MarinaError {
  const { state, because } = liveness;
  const where = checkpoint === undefined ? "before its first round" : `at round ${checkpoint.round}`;
  if (state === "live") {
    return new MarinaError(
      "not-found",
      `run ${run} has no result yet: it is running, ${where} (${because}); watch it: marina watch ${run}, or follow it to its end: marina resume ${run}`,
    );
  }
  if (state === "silent") {
    return new MarinaError(
      "not-found",
      `run ${run} has no result: it gives no sign of life, ${where} (${because}); see why: marina logs ${run}; go on with: marina resume ${run} (should it be alive after all, that follows it)`,
    );
  }
  return new MarinaError(
    "not-found",
    `run ${run} has no result: it was cut off ${where} (${because}); go on with: marina resume ${run}`,
  );
}
