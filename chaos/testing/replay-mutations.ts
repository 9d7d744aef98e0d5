/** For tests: bugs in how whoever goes on with a run makes its state again of a base and the deltas since. */
import type { ServiceAlteration } from "../../embedded/service/service.ts";
import type { ObjectStore } from "../../shared/cloud/ports.ts";
import { createCompressor } from "../../shared/compressors/registry.ts";
import { precisionOf } from "../../shared/methods/iterates.ts";
import type { Vectors } from "../../shared/methods/method.ts";
import { compressorOf } from "../../shared/methods/registry.ts";
import { replay, serverStateNames } from "../../shared/methods/replay.ts";
import { specKey } from "../../shared/protocol/keys.ts";
import {
  type Checkpoint,
  decodeCheckpoint,
  encodeCheckpoint,
} from "../../shared/protocol/stored/checkpoint.ts";
import { type Delta, decodeDelta } from "../../shared/protocol/stored/delta.ts";
import { decodeStoredRun } from "../../shared/protocol/stored/run.ts";
import { decodeVector } from "../../shared/protocol/stored/vector-object.ts";
import { RUN } from "../baseline.ts";
import { CHECKPOINT, withObjects } from "./aggregator-mutations.ts";

/** The state by other steps than those that its checkpoint names, and without a look at the checksums. */
async function madeAgain(
  objects: ObjectStore,
  checkpoint: Checkpoint,
  stepsOf: (deltas: readonly Delta[], checkpoint: Checkpoint) => readonly Delta[],
): Promise<Checkpoint> {
  const { base, ...rest } = checkpoint;
  if (base === undefined) return checkpoint;
  const { spec } = decodeStoredRun((await objects.get(specKey(RUN))).body, specKey(RUN));
  const { algorithm, wire } = spec;
  const { dimension } = checkpoint.constants;
  const names = serverStateNames(algorithm);
  const vectors = await Promise.all(
    base.keys.map(async (key, i) =>
      decodeVector((await objects.get(key)).body, dimension, key, precisionOf(names[i]!, spec)),
    ),
  );
  let state = Object.fromEntries(names.map((name, i) => [name, vectors[i]!])) as Vectors;
  const deltas = base.deltas.map((frame) => decodeDelta(frame, dimension, CHECKPOINT));
  for (const delta of stepsOf(deltas, checkpoint)) {
    const { workers } = delta;
    const compressor = createCompressor(compressorOf(algorithm), dimension, wire, { workers });
    state = replay(spec, compressor, state, delta);
  }
  return { ...rest, state };
}

const goingOnBy = (stepsOf: Parameters<typeof madeAgain>[2]): (() => ServiceAlteration) =>
  withObjects((objects) => ({
    get: async (key, options) => {
      const found = await objects.get(key, options);
      if (key !== CHECKPOINT) return found;
      try {
        const checkpoint = await madeAgain(objects, decodeCheckpoint(found.body, key), stepsOf);
        return { ...found, body: encodeCheckpoint(checkpoint) };
      } catch {
        return found;
      }
    },
  }));

export const replayMutations = {
  "applies its newest delta to the base of the first": goingOnBy((deltas) => deltas.slice(-1)),
  "makes steps again with the step size of the first epoch": goingOnBy((deltas, { elastic }) =>
    deltas.map((delta) => ({ ...delta, stepSize: elastic.phases[0]!.stepSize })),
  ),
} satisfies Readonly<Record<string, () => ServiceAlteration>>;
