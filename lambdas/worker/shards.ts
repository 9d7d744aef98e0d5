/** A worker's rows and its local objective: fetched once, opened once, while memory allows. */
import { LRUCache } from "lru-cache";
import { MarinaError } from "../../shared/base/index.ts";
import { type ByteRange, type Ports, readChecked } from "../../shared/cloud/index.ts";
import {
  checkRange,
  type Manifest,
  openDenseRows,
  openShard,
  readsWhole,
  rowsOf,
  rowsUsed,
  shardRange,
} from "../../shared/data/index.ts";
import type { Problem, Rows } from "../../shared/problems/index.ts";
import { sha256 } from "../../shared/protocol/index.ts";
import type { GradientSource } from "./gradients.ts";
import type { LoadedRun } from "./load.ts";
import { RecentlySet } from "./recently-set.ts";

/** Bytes of stored rows that an environment keeps. */
const ROWS_KEPT_BYTES = 512_000_000;
/** Bytes of opened shards kept: labels, offsets, scratch; the rows themselves are views of what was fetched. */
const OPENED_KEPT_BYTES = 256_000_000;
/** What an opened shard takes besides its labels and offsets, roughly. */
const OPENED_OVERHEAD_BYTES = 10_000;

export interface LoadedShard extends GradientSource {
  /** The data set's row that is the shard's first. */
  readonly firstRow: number;
  /** Names the bytes that it was cut out of. */
  readonly source: string;
}

/** Opened shards by data set, partition, problem and worker. */
export class OpenedShards {
  readonly #shards = new RecentlySet<LoadedShard>();
  #bytes = 0;
  /** Whole objects that were found to be what was imported, by their SHA-256: environments of one process share bytes. */
  readonly #checked = new WeakMap<Uint8Array, string>();

  get(scope: string, workers: number, worker: number): LoadedShard | undefined {
    return this.#shards.get(scope, workers, worker);
  }

  set(scope: string, workers: number, worker: number, loaded: LoadedShard): void {
    const replaced = this.#shards.set(scope, workers, worker, loaded);
    this.#bytes += openedBytes(loaded) - (replaced === undefined ? 0 : openedBytes(replaced));
    while (this.#bytes > OPENED_KEPT_BYTES && this.#shards.size > 1) {
      this.#bytes -= openedBytes(this.#shards.dropOldest()!);
    }
  }

  /**
   * Hashing takes about a tenth of the time that reading from S3 does, once per environment.
   * @throws MarinaError "corrupt" for a body that is not what was imported.
   */
  checkWhole(body: Uint8Array, { object }: Manifest): void {
    if (this.#checked.get(body) === object.sha256) return;
    const found = sha256(body);
    if (found !== object.sha256) {
      throw new MarinaError(
        "corrupt",
        `${object.key}: expected SHA-256 ${object.sha256} of ${object.bytes} bytes, got ${found} of ${body.length}; import the data set again with --replace`,
      );
    }
    this.#checked.set(body, found);
  }
}

function openedBytes({ shard }: LoadedShard): number {
  return OPENED_OVERHEAD_BYTES + 16 * shard.rows;
}

/** Opens rows in the layout that the problem reads. */
function opener({ rows }: Problem): (...place: Parameters<typeof openShard>) => Rows {
  return rows === "dense" ? openDenseRows : openShard;
}

interface FetchedRows {
  readonly bytes: number;
  readonly fetched: Promise<Uint8Array>;
  arrived: boolean;
}

export class ShardLoader {
  /** Objects, or ranges of them, read so far. */
  reads = 0;
  readonly #ports: Ports;
  readonly #opened: OpenedShards;
  /** Bytes fetched, by ETag and range. */
  readonly #rows = new LRUCache<string, FetchedRows>({
    maxSize: ROWS_KEPT_BYTES,
    sizeCalculation: ({ bytes }) => Math.max(1, bytes),
  });

  /** Opened parts of held-out data, by ETag and rows. */
  readonly #heldOut = new LRUCache<string, Rows>({
    maxSize: OPENED_KEPT_BYTES,
    sizeCalculation: (shard) => OPENED_OVERHEAD_BYTES + 16 * shard.rows + (shard.values?.byteLength ?? 0),
  });

  constructor(ports: Ports, opened: OpenedShards) {
    this.#ports = ports;
    this.#opened = opened;
  }

  /** The same as `shard`, where nothing has to be fetched or opened for it. */
  held({ scope }: LoadedRun, workers: number, worker: number): LoadedShard | undefined {
    const opened = this.#opened.get(scope, workers, worker);
    return opened !== undefined && this.#rows.get(opened.source)?.arrived === true ? opened : undefined;
  }

  /**
   * The rows of one of `workers` workers: one range request, or cut out of the whole object where that is small.
   */
  async shard(run: LoadedRun, workers: number, worker: number): Promise<LoadedShard> {
    const { manifest, spec, scope, data, problem, evaluator } = run;
    if (worker >= workers) {
      throw new MarinaError("message", `task: worker ${worker} does not exist, the run has ${workers}`);
    }
    const used = rowsUsed(manifest.rows, workers, spec.remainder);
    const { first, count } = rowsOf(manifest.rows, workers, spec.remainder, worker);
    const { source, fetched } = this.#rowsOf(manifest, first, count);
    const { bytes, range } = await fetched;
    const known = this.#opened.get(scope, workers, worker);
    if (known !== undefined) return known;
    const shard = opener(problem)(manifest, first, count, bytes, range);
    const rowWeight = workers / used;
    const weights = { rowWeight, regularizerWeight: rowWeight * count };
    const objective = evaluator.objective(shard, weights);
    const loaded = { firstRow: first, spec: spec.problem, data, problem, shard, weights, objective, source };
    this.#opened.set(scope, workers, worker, loaded);
    return loaded;
  }

  /** A worker's part of held-out data: its rows are spread over the workers, or over the first ones where they are fewer. */
  async heldOut(
    { data, problem }: LoadedRun,
    manifest: Manifest,
    workers: number,
    worker: number,
  ): Promise<Rows> {
    const parts = Math.min(workers, manifest.rows);
    if (worker >= parts || manifest.featureCount !== data.features) {
      throw new MarinaError("message", `task: worker ${worker} has no part of data set "${manifest.name}"`);
    }
    const { first, count } = rowsOf(manifest.rows, parts, "spread", worker);
    const key = `${manifest.object.etag}/${first}/${count}/${problem.rows}`;
    const known = this.#heldOut.get(key);
    if (known !== undefined) return known;
    const { bytes, range } = await this.#rowsOf(manifest, first, count).fetched;
    const shard = opener(problem)(manifest, first, count, bytes, range);
    this.#heldOut.set(key, shard);
    return shard;
  }

  /** What is to be read for these rows, and how it is called. */
  #rowsOf(manifest: Manifest, first: number, count: number) {
    const whole = readsWhole(manifest);
    const range = whole ? { start: 0, end: manifest.object.bytes } : shardRange(manifest, first, count);
    const { etag } = manifest.object;
    const source = whole ? etag : `${etag}/${range.start}-${range.end}`;
    const fetched = this.#fetch(manifest, source, range, whole).then((bytes) => ({ bytes, range }));
    return { source, fetched };
  }

  #fetch(manifest: Manifest, source: string, range: ByteRange, whole: boolean): Promise<Uint8Array> {
    const known = this.#rows.get(source);
    if (known !== undefined) return known.fetched;
    const fetched = this.#read(manifest, whole ? undefined : range);
    const rows: FetchedRows = { bytes: range.end - range.start, fetched, arrived: false };
    this.#rows.set(source, rows);
    fetched.then(
      () => {
        rows.arrived = true;
      },
      () => this.#rows.delete(source),
    );
    return fetched;
  }

  async #read(manifest: Manifest, range: ByteRange | undefined): Promise<Uint8Array> {
    const { key, etag } = manifest.object;
    const options = range === undefined ? { ifMatch: etag } : { ifMatch: etag, range };
    const check = (body: Uint8Array): Uint8Array => {
      this.reads++;
      if (range === undefined) this.#opened.checkWhole(body, manifest);
      else checkRange(manifest, body, range);
      return body;
    };
    try {
      return (await readChecked(this.#ports.objects, key, check, options)).value;
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
