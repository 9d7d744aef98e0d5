/** What a worker needs before it can compute: the run's description, its shard, the points. Cached per environment. */
import { compressorOf, keepsWorkerMemory } from "../../shared/algorithms/registry.ts";
import type { Ports } from "../../shared/cloud/ports.ts";
import type { Compressor } from "../../shared/compressors/compressor.ts";
import { createCompressor } from "../../shared/compressors/registry.ts";
import { type Manifest, parseManifest } from "../../shared/data/manifest.ts";
import { partition } from "../../shared/data/partition.ts";
import { openShard, shardRange } from "../../shared/data/shard.ts";
import { MarinaError } from "../../shared/math/errors.ts";
import { createObjective } from "../../shared/problems/objective.ts";
import type { Objective, Shard } from "../../shared/problems/problem.ts";
import { manifestKey, specKey } from "../../shared/protocol/keys.ts";
import { WHOLE_OBJECT_BYTES } from "../../shared/protocol/limits.ts";
import { decodeStoredRun, runDigest } from "../../shared/protocol/run.ts";
import type { RunSpec } from "../../shared/protocol/spec.ts";
import type { Task } from "../../shared/protocol/task.ts";
import { decodeVector } from "../../shared/protocol/vector-object.ts";

/** Runs whose descriptions an environment keeps. */
const RUNS_KEPT = 8;
/** Bytes of shards and data objects that an environment keeps. */
const DATA_BYTES_KEPT = 512_000_000;

export interface LoadedRun {
  readonly spec: RunSpec;
  readonly manifest: Manifest;
  readonly dimension: number;
  readonly compressor: Compressor;
  readonly dense: Compressor;
  /** alpha = 1/(1 + omega) */
  readonly shiftStep: number;
  readonly remembers: boolean;
  readonly shards: readonly { readonly first: number; readonly count: number }[];
}

export interface LoadedShard {
  readonly shard: Shard;
  readonly objective: Objective;
}

export class Loader {
  readonly #ports: Ports;
  readonly #runs = new Map<string, Promise<LoadedRun>>();
  /** Whole data objects by ETag, then opened shards: least recently used first. */
  readonly #objects = new Map<string, Promise<Uint8Array>>();
  readonly #shards = new Map<string, { readonly bytes: number; readonly loaded: Promise<LoadedShard> }>();
  #bytes = 0;

  constructor(ports: Ports) {
    this.#ports = ports;
  }

  /** @throws MarinaError "corrupt" when the stored description is not the one the task was made for. */
  run(run: string, digest: string): Promise<LoadedRun> {
    const key = `${run}/${digest}`;
    return remember(this.#runs, key, RUNS_KEPT, () => this.#loadRun(run, digest));
  }

  async #loadRun(run: string, digest: string): Promise<LoadedRun> {
    const { objects } = this.#ports;
    const key = specKey(run);
    const stored = decodeStoredRun((await objects.get(key)).body, key);
    const found = runDigest(stored);
    if (found !== digest) {
      throw new MarinaError("corrupt", `${key}: its digest is ${found}, the run began with ${digest}; it was changed under the run`);
    }
    const { spec } = stored;
    const name = manifestKey(spec.data);
    const manifest = parseManifest((await objects.get(name)).body, name);
    if (manifest.object.sha256 !== stored.data.sha256) {
      throw new MarinaError("corrupt", `${name}: data set "${spec.data}" was replaced since the run began`);
    }
    const { dimension } = manifest;
    const compressor = createCompressor(compressorOf(spec.algorithm), dimension, spec.wire);
    return {
      spec,
      manifest,
      dimension,
      compressor,
      dense: createCompressor({ kind: "identity" }, dimension, spec.wire),
      shiftStep: 1 / (1 + compressor.omega),
      remembers: keepsWorkerMemory(spec.algorithm),
      shards: partition(manifest.rows, spec.workers, spec.remainder),
    };
  }

  /** The worker's rows and its local objective, read with one range request or cut out of the whole object. */
  shard(run: LoadedRun, worker: number): Promise<LoadedShard> {
    const { manifest, spec } = run;
    const rows = run.shards[worker];
    if (rows === undefined) {
      throw new MarinaError("message", `task: worker ${worker} does not exist, the run has ${run.shards.length}`);
    }
    const problem = JSON.stringify(spec.problem);
    const key = `${manifest.object.etag}/${rows.first}+${rows.count}/${run.shards.length}/${problem}`;
    const known = this.#shards.get(key);
    if (known !== undefined) return known.loaded;
    const whole = manifest.object.bytes <= WHOLE_OBJECT_BYTES;
    const range = whole ? { start: 0, end: manifest.object.bytes } : shardRange(manifest, rows.first, rows.count);
    const loaded = (whole ? this.#object(manifest) : this.#read(manifest, range)).then((bytes) => {
      const purpose = spec.problem.kind === "least-squares" ? "regression" : "classification";
      const shard = openShard(manifest, rows.first, rows.count, bytes, range, purpose);
      const used = run.shards.reduce((sum, { count }) => sum + count, 0);
      const rowWeight = run.shards.length / used;
      const weights = { rowWeight, regularizerWeight: rowWeight * rows.count };
      return { shard, objective: createObjective(spec.problem, shard, weights) };
    });
    this.#keep(key, whole ? 0 : range.end - range.start, loaded);
    return loaded;
  }

  #object(manifest: Manifest): Promise<Uint8Array> {
    const { etag, bytes } = manifest.object;
    return remember(this.#objects, etag, Math.max(1, Math.floor(DATA_BYTES_KEPT / Math.max(1, bytes))), () =>
      this.#read(manifest, undefined),
    );
  }

  async #read(
    manifest: Manifest,
    range: { readonly start: number; readonly end: number } | undefined,
  ): Promise<Uint8Array> {
    const { key, etag } = manifest.object;
    try {
      const options = range === undefined ? { ifMatch: etag } : { ifMatch: etag, range };
      return (await this.#ports.objects.get(key, options)).body;
    } catch (error) {
      if (!(error instanceof MarinaError) || error.code !== "precondition-failed") throw error;
      throw new MarinaError(
        "corrupt",
        `${key}: the rows of data set "${manifest.name}" are not those that were imported (expected ETag ${etag}); import it again with --replace`,
        { cause: error },
      );
    }
  }

  #keep(key: string, bytes: number, loaded: Promise<LoadedShard>): void {
    this.#shards.set(key, { bytes, loaded });
    this.#bytes += bytes;
    loaded.catch(() => {
      if (this.#shards.delete(key)) this.#bytes -= bytes;
    });
    for (const [oldest, entry] of this.#shards) {
      if (this.#bytes <= DATA_BYTES_KEPT || oldest === key) break;
      this.#shards.delete(oldest);
      this.#bytes -= entry.bytes;
    }
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
        throw new MarinaError("message", `task: a point has ${vector.length} entries, expected ${run.dimension}`);
      }
      points.push(vector);
    }
    return points;
  }
}

/** Memoises a promise under a key, keeps at most `most`, and forgets a failure at once. */
function remember<T>(cache: Map<string, Promise<T>>, key: string, most: number, load: () => Promise<T>): Promise<T> {
  const known = cache.get(key);
  if (known !== undefined) return known;
  const loading = load();
  cache.set(key, loading);
  loading.catch(() => cache.delete(key));
  for (const oldest of cache.keys()) {
    if (cache.size <= most) break;
    cache.delete(oldest);
  }
  return loading;
}
