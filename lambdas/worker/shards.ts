/** A worker's rows and its local objective: fetched once, opened once, while memory allows. */
import { LRUCache } from "lru-cache";
import type { ByteRange, Ports } from "../../shared/cloud/ports.ts";
import type { Manifest } from "../../shared/data/manifest.ts";
import { rowsOf } from "../../shared/data/partition.ts";
import { openShard, shardRange } from "../../shared/data/shard.ts";
import { MarinaError } from "../../shared/math/errors.ts";
import { createObjective } from "../../shared/problems/objective.ts";
import type { Objective, Shard } from "../../shared/problems/problem.ts";
import { WHOLE_OBJECT_BYTES } from "../../shared/protocol/limits.ts";
import type { LoadedRun } from "./load.ts";

/** Bytes of stored rows that an environment keeps. */
const ROWS_KEPT_BYTES = 512_000_000;
/** Bytes of opened shards kept: labels, offsets, scratch; the rows themselves are views of what was fetched. */
const OPENED_KEPT_BYTES = 256_000_000;
/** What an opened shard takes besides its labels and offsets, roughly. */
const OPENED_OVERHEAD_BYTES = 10_000;

export interface LoadedShard {
  /** The data set's row that is the shard's first. */
  readonly firstRow: number;
  readonly shard: Shard;
  readonly objective: Objective;
}

/** Opened shards by data set, partition, problem and worker. */
export class OpenedShards {
  readonly #shards = new LRUCache<string, LoadedShard>({
    maxSize: OPENED_KEPT_BYTES,
    sizeCalculation: ({ shard }) => OPENED_OVERHEAD_BYTES + 16 * shard.rows,
  });

  get(key: string): LoadedShard | undefined {
    return this.#shards.get(key);
  }

  set(key: string, loaded: LoadedShard): void {
    this.#shards.set(key, loaded);
  }
}

export class ShardLoader {
  readonly #ports: Ports;
  readonly #opened: OpenedShards;
  /** Bytes fetched, by ETag and range. */
  readonly #rows = new LRUCache<string, { readonly bytes: number; readonly fetched: Promise<Uint8Array> }>({
    maxSize: ROWS_KEPT_BYTES,
    sizeCalculation: ({ bytes }) => Math.max(1, bytes),
  });

  constructor(ports: Ports, opened: OpenedShards) {
    this.#ports = ports;
    this.#opened = opened;
  }

  /** The rows of a worker: one range request, or cut out of the whole object where that is small. */
  async shard(run: LoadedRun, worker: number): Promise<LoadedShard> {
    const { manifest, spec, rowsUsed, scope } = run;
    if (worker >= spec.workers) {
      throw new MarinaError("message", `task: worker ${worker} does not exist, the run has ${spec.workers}`);
    }
    const { first, count } = rowsOf(manifest.rows, spec.workers, spec.remainder, worker);
    const whole = manifest.object.bytes <= WHOLE_OBJECT_BYTES;
    const range = whole ? { start: 0, end: manifest.object.bytes } : shardRange(manifest, first, count);
    const bytes = await this.#fetch(manifest, range, whole);
    const key = `${scope}/${worker}`;
    const known = this.#opened.get(key);
    if (known !== undefined) return known;
    const purpose = spec.problem.kind === "least-squares" ? "regression" : "classification";
    const shard = openShard(manifest, first, count, bytes, range, purpose);
    const rowWeight = spec.workers / rowsUsed;
    const objective = createObjective(spec.problem, shard, {
      rowWeight,
      regularizerWeight: rowWeight * count,
    });
    const loaded = { firstRow: first, shard, objective };
    this.#opened.set(key, loaded);
    return loaded;
  }

  #fetch(manifest: Manifest, range: ByteRange, whole: boolean): Promise<Uint8Array> {
    const key = whole ? manifest.object.etag : `${manifest.object.etag}/${range.start}-${range.end}`;
    const known = this.#rows.get(key);
    if (known !== undefined) return known.fetched;
    const fetched = this.#read(manifest, whole ? undefined : range);
    this.#rows.set(key, { bytes: range.end - range.start, fetched });
    fetched.catch(() => this.#rows.delete(key));
    return fetched;
  }

  async #read(manifest: Manifest, range: ByteRange | undefined): Promise<Uint8Array> {
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
}
