/** A run from one engine's store to another's: the same bits go on elsewhere. */

import { MarinaError } from "../shared/base/index.ts";
import { type ObjectStore, readOptional } from "../shared/cloud/index.ts";
import { decodeModel, encodeManifest, parseManifest, rowsPrefix, storeModel } from "../shared/data/index.ts";
import { storedProgram } from "../shared/problems/index.ts";
import {
  checkpointKey,
  decodeCheckpoint,
  decodeStoredRun,
  isTransientKey,
  manifestKey,
  modelKey,
  roundOfMemoryKey,
  runDigest,
  runPrefix,
  type StoredRun,
  specKey,
} from "../shared/protocol/index.ts";
import { packArchive, unpackArchive } from "./archive.ts";
import type { Engine } from "./engines/engine.ts";
import { findManifest, findRun } from "./find.ts";
import { importCommand } from "./import/import-command.ts";

/**
 * Everything that a resumed run can ask for. Iterates and contributions are not, but for what the checkpoint names: they are made again.
 * @param withData include the data set's rows; the manifest always comes along.
 * @throws MarinaError "usage" when somebody is driving the run.
 */
export async function exportArchive(
  objects: ObjectStore,
  run: string,
  withData: boolean,
): Promise<Uint8Array> {
  const { spec } = await findRun(objects, run);
  const before = await commitOf(objects, run);
  const prefix = runPrefix(run);
  const keys = (await objects.list(prefix)).filter((key) => !isTransientKey(key));
  const memories = `${prefix}memory/`;
  const kept = keys.filter(
    (key) => !key.startsWith(memories) || roundOfMemoryKey(key) >= (before?.round ?? 0),
  );
  const gathered: { key: string; body: Uint8Array }[] = [];
  const take = async (key: string): Promise<void> => {
    gathered.push({ key, body: (await objects.get(key)).body });
  };
  try {
    for (const key of kept) await take(key);
  } catch (error) {
    if (error instanceof MarinaError && error.code === "not-found") throw beingDriven(run, error);
    throw error;
  }
  if ((await commitOf(objects, run))?.commit !== before?.commit) throw beingDriven(run);
  for (const data of new Set([spec.data, spec.heldOut?.data ?? spec.data])) {
    const manifest = await findManifest(objects, data);
    await take(manifestKey(data));
    if (withData) await take(manifest.object.key);
    const program = storedProgram(spec.problem);
    if (program !== undefined) await take(modelKey(program));
  }
  return packArchive({ run, data: spec.data, objects: gathered });
}

function beingDriven(run: string, cause?: unknown): MarinaError {
  return new MarinaError(
    "usage",
    `run ${run} is being driven: it changed while it was read; stop it first: marina stop ${run}`,
    { cause },
  );
}

async function commitOf(
  objects: ObjectStore,
  run: string,
): Promise<{ commit: string; round: number } | undefined> {
  const key = checkpointKey(run);
  const found = await readOptional(objects, key, decodeCheckpoint);
  return found === undefined ? undefined : { commit: found.commit, round: found.round };
}

/**
 * Takes a run in, and its data set where it is not there yet. The run's description comes last: until then the run does
 * not exist.
 * @returns the run's name.
 * @throws MarinaError "usage" when the run exists, or its data set's name is taken by other rows; "corrupt" for a file that
 *   is no archive or does not belong together.
 */
export async function importArchive(
  engine: Pick<Engine, "objects" | "exclusively">,
  file: Uint8Array,
  source: string,
): Promise<string> {
  const { objects } = engine;
  const archive = await unpackArchive(file, source);
  const { run } = archive;
  const byKey = new Map(archive.objects.map(({ key, body }) => [key, body]));
  const description = byKey.get(specKey(run));
  if (description === undefined)
    throw new MarinaError("corrupt", `${source}: the description of run ${run} is missing`);
  const stored = decodeStoredRun(description, specKey(run));
  const checkpoint = byKey.get(checkpointKey(run));
  if (
    checkpoint !== undefined &&
    decodeCheckpoint(checkpoint, checkpointKey(run)).runDigest !== runDigest(stored)
  ) {
    throw new MarinaError(
      "corrupt",
      `${source}: the checkpoint does not belong to the description of run ${run}`,
    );
  }
  await engine.exclusively("run", run, async () => {
    await refuseExisting(objects, run);
    const take = (data: string, sha256: string): Promise<void> =>
      engine.exclusively("data set", data, () => takeData(objects, data, byKey, sha256, source));
    await take(archive.data, stored.data.sha256);
    if (stored.heldOut !== undefined) await take(stored.spec.heldOut!.data, stored.heldOut.sha256);
    await takeProgram(objects, stored, byKey, source);
    await takeRun(objects, run, byKey, description);
  });
  return run;
}

/** The model of one's own that the run's description names. */
async function takeProgram(
  objects: ObjectStore,
  { run, spec }: StoredRun,
  byKey: ReadonlyMap<string, Uint8Array>,
  source: string,
): Promise<void> {
  const digest = storedProgram(spec.problem);
  if (digest === undefined) return;
  const bytes = byKey.get(modelKey(digest));
  if (bytes === undefined) throw new MarinaError("corrupt", `${source}: the model of run ${run} is missing`);
  decodeModel(bytes, digest);
  await storeModel(objects, { sha256: digest, bytes });
}

/** What is not the archive's is of an import that did not come to its end. */
async function takeRun(
  objects: ObjectStore,
  run: string,
  byKey: ReadonlyMap<string, Uint8Array>,
  description: Uint8Array,
): Promise<void> {
  const prefix = runPrefix(run);
  for (const key of await objects.list(prefix)) if (!byKey.has(key)) await objects.delete(key);
  const own = [...byKey.keys()].filter((key) => key.startsWith(prefix) && key !== specKey(run));
  for (const key of own) await objects.put(key, byKey.get(key)!);
  try {
    await objects.put(specKey(run), description, { ifNoneMatch: "*" });
  } catch (error) {
    if (!(error instanceof MarinaError) || error.code !== "precondition-failed") throw error;
    // Somebody has begun a run of this name meanwhile: what is here must not be taken for its own.
    for (const key of own) await objects.delete(key);
    throw alreadyThere(run);
  }
}

async function refuseExisting(objects: ObjectStore, run: string): Promise<void> {
  if ((await readOptional(objects, specKey(run), (body) => body)) === undefined) return;
  throw alreadyThere(run);
}

function alreadyThere(run: string): MarinaError {
  return new MarinaError("usage", `run ${run} exists already; go on with it: marina resume ${run}`);
}

async function takeData(
  objects: ObjectStore,
  data: string,
  byKey: ReadonlyMap<string, Uint8Array>,
  sha256: string,
  source: string,
): Promise<void> {
  const key = manifestKey(data);
  try {
    const existing = parseManifest((await objects.get(key)).body, key);
    if (existing.object.sha256 === sha256) return;
    throw new MarinaError(
      "usage",
      `data set "${data}" exists with other rows (SHA-256 ${existing.object.sha256}, the run was begun with ${sha256}); import into another --home or stack`,
    );
  } catch (error) {
    if (!(error instanceof MarinaError) || error.code !== "not-found") throw error;
  }
  const described = byKey.get(key);
  if (described === undefined)
    throw new MarinaError("corrupt", `${source}: the manifest of data set "${data}" is missing`);
  const manifest = parseManifest(described, key);
  // What an archive says is not to be trusted with a place of its own choosing.
  const place = manifest.object.key;
  if (!place.startsWith(rowsPrefix(data)) || !/^\d+$/.test(place.slice(rowsPrefix(data).length))) {
    throw new MarinaError(
      "corrupt",
      `${source}: the manifest of data set "${data}" puts its rows at ${JSON.stringify(place)}, expected ${rowsPrefix(data)}NUMBER`,
    );
  }
  const rows = byKey.get(manifest.object.key);
  if (rows === undefined || manifest.object.sha256 !== sha256) {
    throw new MarinaError(
      "usage",
      `${source}: was exported without the rows of data set "${data}"; import it first: marina ${importCommand(manifest).command}`,
    );
  }
  // Another store has another ETag for the same bytes.
  const etag = await objects.put(manifest.object.key, rows);
  await objects.put(key, encodeManifest({ ...manifest, object: { ...manifest.object, etag } }));
}
