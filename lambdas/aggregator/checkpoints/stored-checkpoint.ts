/** The run's checkpoint as it lies in the store. */

import { MarinaError } from "../../../shared/base/index.ts";
import { DamagedObject, type ObjectStore, readChecked } from "../../../shared/cloud/index.ts";
import { type Checkpoint, checkpointKey, decodeCheckpoint } from "../../../shared/protocol/index.ts";

/** There is a checkpoint, and this program can't read it: trying again is of no use, and nothing may be written over it. */
export class UnreadableCheckpoint extends MarinaError {
  override readonly name = "UnreadableCheckpoint";
}

/**
 * Undefined for a run that has none yet.
 * @throws UnreadableCheckpoint, and what the store throws.
 */
export async function readCheckpoint(
  objects: Pick<ObjectStore, "get">,
  run: string,
): Promise<{ checkpoint: Checkpoint; etag: string } | undefined> {
  const key = checkpointKey(run);
  try {
    const { value, etag } = await readChecked(objects, key, (body) => decodeCheckpoint(body, key));
    return { checkpoint: value, etag };
  } catch (error) {
    if (!(error instanceof MarinaError)) throw error;
    if (error.code === "not-found") return undefined;
    const damaged = error instanceof DamagedObject;
    if (!damaged && error.code !== "version") throw error;
    const repair = damaged
      ? `; the bucket keeps no versions of it: put a copy of ${key} back (a file of marina export has one), then: marina resume ${run}; without a copy start a new run`
      : "";
    throw new UnreadableCheckpoint(
      damaged ? "corrupt" : "version",
      `run ${run} can't go on from its checkpoint: ${error.message}; nothing was written over it${repair}`,
      { cause: error },
    );
  }
}
