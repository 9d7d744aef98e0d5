/** The data sets that cells run on, read once, and what calibrations have found out about them. */

import { findManifest } from "../client/index.ts";
import { MarinaError } from "../shared/base/index.ts";
import type { ObjectStore } from "../shared/cloud/index.ts";
import { decodeModel, type Manifest } from "../shared/data/index.ts";
import {
  datasetPrefix,
  isOutsideObject,
  manifestKey,
  modelKey,
  modelsPrefix,
  WHOLE_OBJECT_BYTES,
} from "../shared/protocol/index.ts";
import type { ManifestOf, ProgramOf } from "./cells.ts";
import type { StoredObjects } from "./run-cell.ts";

export class Library {
  readonly #objects: ObjectStore;
  readonly #read = new Map<string, Promise<StoredObjects>>();
  #programs: Promise<StoredObjects> | undefined;
  readonly #spectra = new Map<string, Uint8Array>();

  constructor(objects: ObjectStore) {
    this.#objects = objects;
  }

  /**
   * The manifests of these data sets by name, read once.
   * @returns a function that @throws MarinaError "usage" with the nearest name for a data set that is not there, "limit" for
   * one that is too large: cells that name it say so themselves, among all that are refused.
   */
  async manifestsOf(names: Iterable<string>): Promise<ManifestOf> {
    const known = new Map<string, Manifest>();
    const refused = new Map<string, MarinaError>();
    for (const name of new Set(names)) {
      try {
        known.set(name, await this.#manifest(name));
      } catch (error) {
        if (!(error instanceof MarinaError) || (error.code !== "usage" && error.code !== "limit"))
          throw error;
        refused.set(name, error);
      }
    }
    return (name) => {
      const manifest = known.get(name);
      if (manifest !== undefined) return manifest;
      throw refused.get(name) ?? new Error(`data set "${name}" was not among those that were looked up`);
    };
  }

  /** What cells on these data sets are made of. */
  async settingFor(
    names: Iterable<string>,
  ): Promise<{ readonly manifestOf: ManifestOf; readonly programOf: ProgramOf }> {
    const models = new Map(await this.#models());
    return {
      manifestOf: await this.manifestsOf(names),
      programOf(sha256) {
        const body = models.get(modelKey(sha256));
        if (body !== undefined) return decodeModel(body, sha256);
        throw new MarinaError(
          "usage",
          `problem.program: no model of SHA-256 ${sha256} is stored; build it: marina model build FILE`,
        );
      },
    };
  }

  /** All models of one's own: some kilobytes each. */
  #models(): Promise<StoredObjects> {
    this.#programs ??= (async () => {
      const keys = await this.#objects.list(modelsPrefix);
      return Promise.all(keys.map(async (key) => [key, (await this.#objects.get(key)).body] as const));
    })();
    return this.#programs;
  }

  async #manifest(name: string): Promise<Manifest> {
    const manifest = await findManifest(this.#objects, name);
    if (manifest.object.bytes > WHOLE_OBJECT_BYTES) {
      throw new MarinaError(
        "limit",
        `data set "${name}" has ${manifest.object.bytes} bytes; sweeps keep data in memory and take at most ${WHOLE_OBJECT_BYTES}: run its specs one by one with marina run`,
      );
    }
    return manifest;
  }

  /** A data set's objects, with the models that there are and the spectra that are known by now. */
  async objectsOf(data: string): Promise<StoredObjects> {
    const reading = this.#read.get(data) ?? this.#load(data);
    this.#read.set(data, reading);
    const prefix = `${datasetPrefix}${data}/`;
    return [
      ...(await reading),
      ...(await this.#models()),
      ...[...this.#spectra].filter(([key]) => key.startsWith(prefix)),
    ];
  }

  /** Keeps spectra beside their data set, for later cells and later commands. */
  async keep(spectra: StoredObjects): Promise<void> {
    for (const [key, body] of spectra) {
      // Two cells may calibrate the same partition at once, and one of them for more constants: the longer record has them.
      if ((this.#spectra.get(key)?.length ?? 0) >= body.length) continue;
      this.#spectra.set(key, body);
      await this.#objects.put(key, body);
    }
  }

  async #load(data: string): Promise<StoredObjects> {
    const manifest = await findManifest(this.#objects, data);
    const read = async (key: string) => [key, (await this.#objects.get(key)).body] as const;
    for (const key of await this.#objects.list(`${datasetPrefix}${data}/`)) {
      if (isOutsideObject(key)) this.#spectra.set(...(await read(key)));
    }
    return [await read(manifestKey(data)), await read(manifest.object.key)];
  }
}
