/** What a run's step size will be, where it comes from and what it promises: calibrated on the embedded cloud, no round done. */
import { createEmbeddedService, driveToEnd } from "../embedded/index.ts";
import { MarinaError } from "../shared/base/index.ts";
import type { ObjectStore } from "../shared/cloud/index.ts";
import {
  type Constants,
  type RunSpec,
  startingMembership,
  WHOLE_OBJECT_BYTES,
} from "../shared/protocol/index.ts";
import { findManifest } from "./find.ts";
import { createTrial } from "./trial.ts";

/**
 * The constants of a run's first membership. Undefined where the data set is too large to be fetched for it.
 * @throws MarinaError "spec" where calibration finds that there are none.
 */
export async function constantsOfSpec(
  objects: Pick<ObjectStore, "get" | "list">,
  spec: RunSpec,
): Promise<Constants | undefined> {
  const manifest = await findManifest(objects, spec.data);
  if (manifest.object.bytes > WHOLE_OBJECT_BYTES) return undefined;
  const service = createEmbeddedService({ seed: 1 });
  const { workers } = startingMembership(spec);
  // No round fits into so little time: what is left is the calibration.
  const trial: RunSpec = { ...spec, workers, stop: { ...spec.stop, seconds: Number.MIN_VALUE } };
  const control = await createTrial(service, objects, trial, manifest);
  const { status, error, constants } = await driveToEnd(service, control);
  if (status === "done") return constants;
  throw new MarinaError("spec", error ?? `its calibration ends as ${status}`);
}
