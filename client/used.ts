/** What a run has used so far, by what it has stored. */
import { MarinaError } from "../shared/base/index.ts";
import { readOptional } from "../shared/cloud/index.ts";
import { parseUsage, type Usage } from "../shared/cost/index.ts";
import { checkpointKey, decodeCheckpoint, decodeResult, resultKey } from "../shared/protocol/index.ts";
import type { ObjectReader } from "./collect.ts";

/** What a run has used so far, and how long it took. */
export interface Used {
  readonly usage: Usage;
  readonly seconds: number;
  readonly usd: number | null;
  readonly rounds: number;
}

/** The run's result knows everything; an unfinished run's checkpoint knows what its last tenure had used. */
export async function readUsed(objects: ObjectReader, run: string): Promise<Used> {
  const result = await readOptional(objects, resultKey(run), decodeResult);
  const checkpoint = await readOptional(objects, checkpointKey(run), decodeCheckpoint);
  if (result?.usage !== undefined && result.usage !== null) {
    return {
      usage: parseUsage(result.usage),
      seconds: result.seconds,
      usd: result.usd,
      rounds: result.rounds,
    };
  }
  if (checkpoint === undefined || checkpoint.usage === null) {
    throw new MarinaError(
      "not-found",
      `run ${run} has not been metered yet: it has no checkpoint; go on with: marina resume ${run}`,
    );
  }
  const { usage, totals, round } = checkpoint;
  return { usage: parseUsage(usage), seconds: totals.seconds, usd: result?.usd ?? null, rounds: round };
}
