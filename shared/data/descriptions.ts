/** Descriptions of runs and data sets, parsed once for each of the bytes that they come in. */
import { decodeStoredRun, runDigest, type StoredRun } from "../protocol/index.ts";
import { type Manifest, parseManifest } from "./manifest.ts";

/** A run's description and its digest. */
export interface DigestedRun {
  readonly stored: StoredRun;
  readonly digest: string;
}

/**
 * What bytes were found to say. They are known by their identity: on an engine that keeps its objects in one process, all
 * environments that read an object are given the same bytes, as long as nobody writes it. Where each read brings bytes of
 * its own nothing is found here. Only what was understood is kept: other bytes are looked at each time.
 */
export class Descriptions {
  readonly #runs = new WeakMap<Uint8Array, DigestedRun>();
  readonly #manifests = new WeakMap<Uint8Array, Manifest>();

  /** @throws MarinaError "corrupt" or "spec". */
  run(body: Uint8Array, key: string): DigestedRun {
    let found = this.#runs.get(body);
    if (found === undefined) {
      const stored = decodeStoredRun(body, key);
      found = { stored, digest: runDigest(stored) };
      this.#runs.set(body, found);
    }
    return found;
  }

  /** @throws MarinaError "corrupt" or "version". */
  manifest(body: Uint8Array, key: string): Manifest {
    let found = this.#manifests.get(body);
    if (found === undefined) {
      found = parseManifest(body, key);
      this.#manifests.set(body, found);
    }
    return found;
  }
}
