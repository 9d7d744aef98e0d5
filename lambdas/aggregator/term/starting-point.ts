/** x^0: drawn from the run's stream, or read where the run was given one. */
import { MarinaError } from "../../../shared/base/index.ts";
import { type ObjectStore, readChecked } from "../../../shared/cloud/index.ts";
import { asIterate } from "../../../shared/methods/index.ts";
import type { Problem } from "../../../shared/problems/index.ts";
import {
  decodeVector,
  isGiven,
  type StoredRun,
  startingPoint,
  startKey,
  vectorSha256,
} from "../../../shared/protocol/index.ts";
import type { ActiveRun } from "./active-run.ts";

/** x^0 of a stored run. @throws MarinaError "corrupt" where what is stored is not what its description says. */
export async function readStart(
  objects: Pick<ObjectStore, "get">,
  { run, spec }: Pick<StoredRun, "run" | "spec">,
  problem: Pick<Problem, "parameters" | "start">,
): Promise<Float64Array> {
  const x0 = isGiven(spec.start)
    ? await readGiven(objects, run, spec.start.sha256, problem.parameters.dimension)
    : startingPoint(spec, problem);
  return asIterate(x0, spec.iterate);
}

/** x^0 of the run in hand. */
export function startOf(active: ActiveRun): Promise<Float64Array> {
  return readStart(active.ports.objects, active, active.problem);
}

/** @param sha256 of the run's description, which has one wherever a run was stored with a start that was given. */
async function readGiven(
  objects: Pick<ObjectStore, "get">,
  run: string,
  sha256: string | undefined,
  dimension: number,
): Promise<Float64Array> {
  if (sha256 === undefined) {
    throw new MarinaError(
      "corrupt",
      `run ${run}: its description names a start without its SHA-256: was it stored by hand? Start a new run`,
    );
  }
  const key = startKey(run, sha256);
  const { value } = await readChecked(objects, key, (body) => {
    const vector = decodeVector(body, dimension, key);
    const found = vectorSha256(vector);
    if (found === sha256) return vector;
    throw new MarinaError(
      "corrupt",
      `${key}: expected numbers of this SHA-256, got those of ${found}; it was changed under the run`,
    );
  });
  return value;
}
