/**
 * What calibrations keep: spectra beside the data set, for every later run; the progress of a power iteration beside them,
 * so that a hand-over or a crash loses at most some steps; what they took, beside the run. Everything but the last is a
 * function of the data set and the partition, so it has the same bits no matter which run has stored it.
 */
import { MarinaError } from "../../../shared/base/index.ts";
import { DamagedObject, type ObjectStore, type Ports, readChecked } from "../../../shared/cloud/index.ts";
import type { PowerState } from "../../../shared/math/index.ts";
import {
  decodePowerProgress,
  decodePreparation,
  decodeSpectra,
  encodePowerProgress,
  encodePreparation,
  encodeSpectra,
  NO_PREPARATION,
  type Preparation,
  powerProgressKey,
  preparationKey,
  type Spectra,
  spectraKey,
} from "../../../shared/protocol/index.ts";
import type { ActiveRun } from "../term/active-run.ts";

type Shards = Pick<ActiveRun, "ports" | "spec" | "workers" | "manifest" | "dimension">;

const partitionOf = ({ spec, workers }: Shards): string => `${workers}-${spec.remainder}`;

/** Undefined where there are none, or none of this data set: it may have been replaced since. */
export async function readSpectra(shards: Shards): Promise<Spectra | undefined> {
  const { ports, spec, manifest } = shards;
  const key = spectraKey(spec.data, partitionOf(shards));
  const spectra = (await readKept(ports, key, (body) => decodeSpectra(body, key)))?.value;
  return spectra?.data === manifest.object.sha256 ? spectra : undefined;
}

/** Two runs may calibrate at once: they store the same numbers. */
export async function storeSpectra(shards: Shards, spectra: Spectra): Promise<void> {
  await shards.ports.objects.put(spectraKey(shards.spec.data, partitionOf(shards)), encodeSpectra(spectra));
}

export interface StoredPower {
  readonly power: PowerState;
  readonly etag: string;
}

/** The power iteration as it was stored last, by whatever run; undefined where it has not begun. */
export async function readPower(shards: Shards): Promise<StoredPower | undefined> {
  const { ports, spec, manifest, dimension } = shards;
  const key = powerProgressKey(spec.data, partitionOf(shards));
  const found = await readKept(ports, key, (body) => decodePowerProgress(body, key));
  if (found === undefined) return undefined;
  const { data, power } = found.value;
  return data === manifest.object.sha256 && power.vector.length === dimension
    ? { power, etag: found.etag }
    : undefined;
}

/**
 * Stores progress on top of what was there, so that it never goes back.
 * @param etag of the object that was read or written last.
 * @returns what lies there now: another run or a successor may be ahead.
 */
export async function storePower(
  shards: Shards,
  power: PowerState,
  etag: string | undefined,
): Promise<StoredPower> {
  const { ports, spec, manifest } = shards;
  const key = powerProgressKey(spec.data, partitionOf(shards));
  const body = encodePowerProgress({ data: manifest.object.sha256, power });
  try {
    const condition = etag === undefined ? ({ ifNoneMatch: "*" } as const) : { ifMatch: etag };
    return { power, etag: await ports.objects.put(key, body, condition) };
  } catch (error) {
    const raced =
      error instanceof MarinaError && (error.code === "precondition-failed" || error.code === "not-found");
    if (!raced) throw error;
  }
  const other = await readPower(shards);
  if (other !== undefined && other.power.steps >= power.steps) return other;
  // Behind this one, of another data set, damaged or gone.
  return { power, etag: await ports.objects.put(key, body) };
}

/** Once the spectra hold what it has come to. */
export async function deletePower(shards: Shards): Promise<void> {
  const { ports, spec } = shards;
  const key = powerProgressKey(spec.data, partitionOf(shards));
  try {
    await ports.objects.delete(key);
  } catch (error) {
    ports.log.warn("calibration-not-deleted", { key, error: String(error) });
  }
}

/** What the run's calibrations have taken so far. */
export async function readPreparation(
  ports: Pick<Ports, "objects" | "log">,
  run: string,
): Promise<Preparation> {
  const key = preparationKey(run);
  return (await readKept(ports, key, (body) => decodePreparation(body, key)))?.value ?? NO_PREPARATION;
}

export async function storePreparation(
  { objects }: { readonly objects: Pick<ObjectStore, "put"> },
  run: string,
  preparation: Preparation,
): Promise<void> {
  await objects.put(preparationKey(run), encodePreparation(preparation));
}

/** Undefined for what is missing, or damaged: it is found out again, and stored over what is there. */
async function readKept<T>(
  { objects, log }: Pick<Ports, "objects" | "log">,
  key: string,
  decode: (body: Uint8Array) => T,
): Promise<{ readonly value: T; readonly etag: string } | undefined> {
  try {
    return await readChecked(objects, key, decode);
  } catch (error) {
    if (error instanceof MarinaError && error.code === "not-found") return undefined;
    if (!(error instanceof DamagedObject)) throw error;
    log.warn("calibration-damaged", { key, error: error.message });
    return undefined;
  }
}
