/** What a worker needs to know of a run before it can compute: cached per environment. */
import { LRUCache } from "lru-cache";
import { compressorOf, keepsWorkerMemory } from "../../shared/algorithms/registry.ts";
import type { Ports } from "../../shared/cloud/ports.ts";
import type { Compressor } from "../../shared/compressors/compressor.ts";
import { createCompressor } from "../../shared/compressors/registry.ts";
import { type Manifest, parseManifest } from "../../shared/data/manifest.ts";
import { rowsUsed } from "../../shared/data/partition.ts";
import { MarinaError } from "../../shared/math/errors.ts";
import { manifestKey, specKey } from "../../shared/protocol/keys.ts";
import { decodeStoredRun, runDigest } from "../../shared/protocol/run.ts";
import type { RunSpec } from "../../shared/protocol/spec.ts";
import type { Task } from "../../shared/protocol/task.ts";
import { decodeVector } from "../../shared/protocol/vector-object.ts";

/** Runs whose descriptions an environment keeps. */
const RUNS_KEPT = 8;

export interface LoadedRun {
  readonly spec: RunSpec;
  readonly manifest: Manifest;
  readonly dimension: number;
  /** N: rows that some worker owns. */
  readonly rowsUsed: number;
  readonly compressor: Compressor;
  readonly dense: Compressor;
  /** alpha = 1/(1 + omega) */
  readonly shiftStep: number;
  readonly remembers: boolean;
  /** Names data set, partition and problem: objectives of equal scope and worker are the same. */
  readonly scope: string;
}

export class RunLoader {
  readonly #ports: Ports;
  readonly #runs = new LRUCache<string, Promise<LoadedRun>>({ max: RUNS_KEPT });

  constructor(ports: Ports) {
    this.#ports = ports;
  }

  /** @throws MarinaError "corrupt" when the stored description is not the one the task was made for. */
  run(run: string, digest: string): Promise<LoadedRun> {
    const key = `${run}/${digest}`;
    const known = this.#runs.get(key);
    if (known !== undefined) return known;
    const loading = this.#load(run, digest);
    this.#runs.set(key, loading);
    loading.catch(() => this.#runs.delete(key));
    return loading;
  }

  async #load(run: string, digest: string): Promise<LoadedRun> {
    const { objects } = this.#ports;
    const key = specKey(run);
    const stored = decodeStoredRun((await objects.get(key)).body, key);
    const found = runDigest(stored);
    if (found !== digest) {
      throw new MarinaError(
        "corrupt",
        `${key}: its digest is ${found}, the run began with ${digest}; it was changed under the run`,
      );
    }
    const { spec } = stored;
    const name = manifestKey(spec.data);
    const manifest = parseManifest((await objects.get(name)).body, name);
    if (manifest.object.sha256 !== stored.data.sha256) {
      throw new MarinaError("corrupt", `${name}: data set "${spec.data}" was replaced since the run began`);
    }
    const { dimension } = manifest;
    const compressor = createCompressor(compressorOf(spec.algorithm), dimension, spec.wire);
    const { workers, remainder, problem } = spec;
    return {
      spec,
      manifest,
      dimension,
      rowsUsed: rowsUsed(manifest.rows, workers, remainder),
      compressor,
      dense: createCompressor({ kind: "identity" }, dimension, spec.wire),
      shiftStep: 1 / (1 + compressor.omega),
      remembers: keepsWorkerMemory(spec.algorithm),
      scope: JSON.stringify([manifest.object.etag, workers, remainder, problem]),
    };
  }

  /** The task's points: inline, or fetched. */
  async points(run: LoadedRun, task: Task): Promise<Float64Array[]> {
    const points: Float64Array[] = [];
    for (const point of task.points) {
      const vector =
        point.kind === "inline"
          ? point.vector
          : decodeVector((await this.#ports.objects.get(point.key)).body, run.dimension, point.key);
      if (vector.length !== run.dimension) {
        throw new MarinaError(
          "message",
          `task: a point has ${vector.length} entries, expected ${run.dimension}`,
        );
      }
      points.push(vector);
    }
    return points;
  }
}
