/** Runs and data sets by name. */
import { MarinaError, nearest } from "../shared/base/index.ts";
import type { ObjectStore } from "../shared/cloud/index.ts";
import { type Manifest, parseManifest } from "../shared/data/index.ts";
import {
  datasetPrefix,
  decodeStoredRun,
  manifestKey,
  type StoredRun,
  specKey,
} from "../shared/protocol/index.ts";
import { runNames } from "./run-names.ts";

/** A stored run's description. @throws MarinaError "usage" with the nearest name. */
export async function findRun(objects: Pick<ObjectStore, "get" | "list">, run: string): Promise<StoredRun> {
  const key = specKey(run);
  try {
    return decodeStoredRun((await objects.get(key)).body, key);
  } catch (error) {
    if (!(error instanceof MarinaError) || error.code !== "not-found") throw error;
    const known = await runNames(objects);
    throw new MarinaError("usage", `run "${run}" does not exist${nearest(run, known)}; see: marina list`);
  }
}

/** @throws MarinaError "usage" with the nearest name. */
export async function findManifest(
  objects: Pick<ObjectStore, "get" | "list">,
  name: string,
): Promise<Manifest> {
  const key = manifestKey(name);
  try {
    return parseManifest((await objects.get(key)).body, key);
  } catch (error) {
    if (!(error instanceof MarinaError) || error.code !== "not-found") throw error;
    const known = await datasetNames(objects);
    throw new MarinaError(
      "usage",
      `data set "${name}" does not exist${nearest(name, known)}; import it with: marina data import FILE --name ${name}`,
    );
  }
}

/** Names of the imported data sets. */
export async function datasetNames(objects: Pick<ObjectStore, "list">): Promise<string[]> {
  const keys = await objects.list(datasetPrefix);
  return keys.filter((key) => key.endsWith("/manifest.json")).map((key) => key.split("/")[1]!);
}
