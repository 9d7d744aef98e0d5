/** A checkpoint's state, where the checkpoint names a base and what leads on from it. */
import { MarinaError } from "../../../shared/base/index.ts";
import { DamagedObject, type ObjectStore, readChecked } from "../../../shared/cloud/index.ts";
import { createCompressor } from "../../../shared/compressors/index.ts";
import {
  compressorOf,
  precisionOf,
  replay,
  serverStateNames,
  type Vectors,
} from "../../../shared/methods/index.ts";
import {
  type Checkpoint,
  decodeDelta,
  decodeVector,
  type RunSpec,
  vectorCrc,
} from "../../../shared/protocol/index.ts";
import { readCheckpoint, UnreadableCheckpoint } from "./stored-checkpoint.ts";

/**
 * The checkpoint with its state in it: as it was stored, or by the steps since its base, made again.
 * @throws UnreadableCheckpoint where base and deltas do not lead to the state; MarinaError "unavailable" where the base is gone
 *   as another aggregator has committed meanwhile; what the store throws.
 */
export async function wholeCheckpoint(
  objects: Pick<ObjectStore, "get">,
  spec: Pick<RunSpec, "algorithm" | "wire" | "seed" | "iterate">,
  checkpoint: Checkpoint,
): Promise<Checkpoint> {
  const { algorithm, wire } = spec;
  const { base, ...rest } = checkpoint;
  if (base === undefined) return checkpoint;
  const { run, runDigest, commit, constants, round } = checkpoint;
  const { dimension } = constants;
  const names = serverStateNames(algorithm);
  const unreadable = (why: string, cause?: unknown): UnreadableCheckpoint =>
    new UnreadableCheckpoint(
      "corrupt",
      `run ${run} can't go on from its checkpoint: ${why}; nothing was written over it; put a copy of its objects back (a file of marina export has them), then: marina resume ${run}; without a copy start a new run`,
      { cause },
    );
  const vectors = await Promise.all(
    base.keys.map(async (key, i) => {
      const precision = precisionOf(names[i]!, spec);
      try {
        const read = await readChecked(objects, key, (body) => decodeVector(body, dimension, key, precision));
        return read.value;
      } catch (error) {
        if (error instanceof DamagedObject) throw unreadable(error.message, error);
        if (!(error instanceof MarinaError) || error.code !== "not-found") throw error;
        const now = await readCheckpoint(objects, run);
        if (now?.checkpoint.commit === commit) throw unreadable(`${key} is gone`, error);
        throw new MarinaError("unavailable", `run ${run}: another aggregator has committed meanwhile`, {
          cause: error,
        });
      }
    }),
  );
  const check = (state: Vectors, sums: readonly number[], at: number): Vectors => {
    if (names.every((name, i) => vectorCrc(state[name]!) === sums[i])) return state;
    throw unreadable(`what its base and deltas lead to is not the state of round ${at}`);
  };
  let state = Object.fromEntries(names.map((name, i) => [name, vectors[i]!])) as Vectors;
  let at = base.round;
  state = check(state, base.sums, at);
  for (const frame of base.deltas) {
    const delta = decodeDelta(frame, dimension, `the checkpoint of run ${run}`);
    if (delta.runDigest !== runDigest || delta.round !== at)
      throw unreadable(`it has no delta of round ${at}`);
    const compressor = createCompressor(compressorOf(algorithm), dimension, wire, {
      workers: delta.workers,
    });
    state = check(replay(spec, compressor, state, delta), delta.next, ++at);
  }
  if (at !== round) throw unreadable(`it has no delta of round ${at}`);
  return { ...rest, state };
}
