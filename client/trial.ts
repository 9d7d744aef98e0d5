/** A run on an embedded cloud of its own, with the data of a real store: what it finds out there costs nothing. */
import type { EmbeddedService } from "../embedded/index.ts";
import { type ObjectStore, readOptional } from "../shared/cloud/index.ts";
import { copyProgram, type Manifest } from "../shared/data/index.ts";
import {
  type ControlMessage,
  manifestKey,
  type RunSpec,
  spectraKey,
  startingMembership,
} from "../shared/protocol/index.ts";
import { createRun } from "./launch.ts";

/**
 * Stores the run and all that it needs there. What is looked at beside the method, held-out data, is left out.
 * @param objects where data set, program and the run are that the spec may begin at.
 */
export async function createTrial(
  { cloud }: EmbeddedService,
  objects: Pick<ObjectStore, "get" | "list">,
  { heldOut: _, ...spec }: RunSpec,
  manifest: Manifest,
): Promise<ControlMessage> {
  const local = cloud.client.objects;
  for (const key of [manifest.object.key, manifestKey(spec.data)]) {
    await local.put(key, (await objects.get(key)).body);
  }
  // What calibration would find out again: it is in no prediction, and of many shards takes longer than the trial.
  const spectra = spectraKey(spec.data, `${startingMembership(spec).workers}-${spec.remainder}`);
  const known = await readOptional(objects, spectra, (body) => body);
  if (known !== undefined) await local.put(spectra, known);
  await copyProgram(objects, local, spec.problem);
  return (await createRun(local, spec, undefined, objects)).control;
}
