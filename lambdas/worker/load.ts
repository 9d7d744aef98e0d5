/** What a worker needs to know of a run before it can compute: cached per environment. */
import { LRUCache } from "lru-cache";
import { MarinaError, MessageError } from "../../shared/base/index.ts";
import { type Ports, readChecked } from "../../shared/cloud/index.ts";
import { type Compressor, createCompressor } from "../../shared/compressors/index.ts";
import { type Descriptions, type DigestedRun, type Manifest, problemForm } from "../../shared/data/index.ts";
import type { Workspace } from "../../shared/math/index.ts";
import {
  compressorOf,
  methodOf,
  requestOf,
  type StateHolder,
  stateHolder,
  type WorkerNumbers,
  type WorkerStateDefinition,
  workerNumbers,
} from "../../shared/methods/index.ts";
import {
  type DataForm,
  type Evaluator,
  evaluatorOf,
  openProblem,
  type Problem,
} from "../../shared/problems/index.ts";
import {
  type Downlink,
  decodeVector,
  manifestKey,
  type Point,
  type RunSpec,
  type StoredRun,
  specKey,
  type Task,
} from "../../shared/protocol/index.ts";
import { type ServerStateStore, serverState } from "./server-state.ts";

/** Runs whose descriptions an environment keeps. */
const RUNS_KEPT = 8;
/** Stored points that it keeps: of a pair, the older is the newer one of the round before, whichever worker's task that was. */
const POINTS_KEPT = 2;

export interface LoadedRun {
  readonly spec: RunSpec;
  /** Of the held-out data, where there is some. */
  readonly heldOut: StoredRun["heldOut"];
  readonly manifest: Manifest;
  readonly data: DataForm;
  readonly problem: Problem;
  readonly evaluator: Evaluator;
  /** d */
  readonly dimension: number;
  readonly dense: Compressor;
  /** What depends on the number of workers. */
  among(workers: number): Compression;
  /** What the method's workers remember; null where nothing. */
  readonly state: WorkerStateDefinition | null;
  readonly stateHolder: StateHolder;
  /** Names data set and problem: objectives of equal scope, number of workers and worker are the same. */
  readonly scope: string;
}

/** How one of n workers compresses. */
export interface Compression {
  readonly compressor: Compressor;
  readonly numbers: WorkerNumbers;
}

export class RunLoader {
  /** Objects read so far, those of points apart. */
  reads = 0;
  /** Bytes of the objects that points and the server's state were read from. */
  pointBytes = 0;
  readonly #ports: Ports;
  readonly #workspace: Workspace;
  readonly #states: ServerStateStore;
  readonly #descriptions: Descriptions;
  readonly #runs = new LRUCache<string, Promise<LoadedRun>>({ max: RUNS_KEPT });
  /** Made when the first run comes that has held-out data: it takes longer to make than to ask. */
  #heldOut: LRUCache<string, Promise<Manifest>> | undefined;
  /** By the run's digest and the point's key: whoever writes that key for that run writes the same bytes. */
  readonly #points = new LRUCache<string, Float64Array>({ max: POINTS_KEPT });
  #last: { readonly name: string; readonly digest: string; readonly run: LoadedRun } | undefined;

  constructor(ports: Ports, workspace: Workspace, states: ServerStateStore, descriptions: Descriptions) {
    this.#ports = ports;
    this.#descriptions = descriptions;
    this.#states = states;
    this.#workspace = workspace;
  }

  /** The run that was asked for last, if it is this one and loaded. */
  loaded(run: string, digest: string): LoadedRun | undefined {
    const last = this.#last;
    return last?.name === run && last.digest === digest ? last.run : undefined;
  }

  /** @throws MarinaError "corrupt" when the stored description is not the one the task was made for. */
  run(run: string, digest: string): Promise<LoadedRun> {
    const key = `${run}/${digest}`;
    let loading = this.#runs.get(key);
    if (loading === undefined) {
      loading = this.#load(run, digest);
      this.#runs.set(key, loading);
    }
    loading.then(
      (loaded) => {
        this.#last = { name: run, digest, run: loaded };
      },
      () => this.#runs.delete(key),
    );
    return loading;
  }

  async #load(run: string, digest: string): Promise<LoadedRun> {
    const { objects } = this.#ports;
    const key = specKey(run);
    const { value: stored } = await readChecked(objects, key, (body) => {
      this.reads++;
      return storedRunOf(this.#descriptions.run(body, key), key, digest);
    });
    const { spec } = stored;
    const manifest = await this.#manifest(spec.data, stored.data);
    const { remainder, algorithm, wire } = spec;
    const data = await problemForm(objects, spec.problem, manifest);
    const problem = openProblem(spec.problem, data);
    const { dimension } = problem.parameters;
    const workspace = this.#workspace;
    return {
      spec,
      heldOut: stored.heldOut,
      manifest,
      data,
      problem,
      evaluator: evaluatorOf(spec.problem, data),
      dimension,
      dense: createCompressor({ kind: "identity" }, dimension, wire, { workspace }),
      among: lastOf((workers) => {
        const compressor = createCompressor(compressorOf(algorithm), dimension, wire, { workers, workspace });
        return { compressor, numbers: workerNumbers(compressor) };
      }),
      state: methodOf(algorithm).workerState,
      stateHolder: stateHolder(algorithm),
      scope: JSON.stringify([manifest.object.etag, remainder, spec.problem]),
    };
  }

  /** The manifest of the held-out data; read when it is asked for first. Undefined where the run has none. */
  async heldOut({ spec, heldOut }: LoadedRun): Promise<Manifest | undefined> {
    if (spec.heldOut === undefined || heldOut === undefined) return undefined;
    const { data } = spec.heldOut;
    const key = `${data}/${heldOut.sha256}`;
    this.#heldOut ??= new LRUCache({ max: RUNS_KEPT });
    const manifests = this.#heldOut;
    let loading = manifests.get(key);
    if (loading === undefined) {
      loading = this.#manifest(data, heldOut);
      manifests.set(key, loading);
      loading.catch(() => manifests.delete(key));
    }
    return loading;
  }

  /** @throws MarinaError "corrupt" for another data set than the one that the run began with. */
  async #manifest(data: string, { sha256 }: StoredRun["data"]): Promise<Manifest> {
    const name = manifestKey(data);
    const { value: manifest } = await readChecked(this.#ports.objects, name, (body) => {
      this.reads++;
      return this.#descriptions.manifest(body, name);
    });
    if (manifest.object.sha256 === sha256) return manifest;
    throw new MarinaError("corrupt", `${name}: data set "${data}" was replaced since the run began`);
  }

  /** The task's points, where all are inline and of the run's dimension. */
  inlinePoints({ dimension }: LoadedRun, { points }: Task): Float64Array[] | undefined {
    const vectors: Float64Array[] = [];
    for (const point of points) {
      if (point.kind !== "inline" || point.vector.length !== dimension) return undefined;
      vectors.push(point.vector);
    }
    return vectors;
  }

  /**
   * The task's points: inline, fetched at one time, or vectors of the server's state.
   * @throws NeedState
   */
  async points(run: LoadedRun, task: Task): Promise<Float64Array[]> {
    const { dimension } = run;
    if (task.downlink !== undefined) return this.#heldPoints(run, task, task.downlink);
    const vectorOf = async (point: Point): Promise<Float64Array> => {
      if (point.kind === "held") throw new MessageError("task: a vector of a state that it does not tell of");
      const vector =
        point.kind === "inline" ? point.vector : await this.#storedPoint(task.runDigest, point, dimension);
      if (vector.length !== dimension) {
        throw new MarinaError("message", `task: a point has ${vector.length} entries, expected ${dimension}`);
      }
      return vector;
    };
    return Promise.all(task.points.map(vectorOf));
  }

  async #storedPoint(
    digest: string,
    { key, precision }: Extract<Point, { kind: "stored" }>,
    dimension: number,
  ): Promise<Float64Array> {
    const name = `${digest}/${key}`;
    const held = this.#points.get(name);
    if (held !== undefined) return held;
    const { objects } = this.#ports;
    const { value } = await readChecked(objects, key, (body) => ({
      vector: decodeVector(body, dimension, key, precision),
      bytes: body.length,
    }));
    this.pointBytes += value.bytes;
    this.#points.set(name, value.vector);
    return value.vector;
  }

  async #heldPoints(run: LoadedRun, task: Task, downlink: Downlink): Promise<Float64Array[]> {
    const read = (bytes: number): void => {
      this.pointBytes += bytes;
    };
    const state = await serverState(this.#ports, this.#states, run, task, downlink, read);
    return requestOf(task.kind).points.map((name) => {
      const vector = state[name];
      if (vector !== undefined) return vector;
      throw new MessageError(`task: the server's state of ${run.spec.algorithm.kind} has no ${name}`);
    });
  }
}

/** @throws MarinaError "corrupt" for another run than the one that the task was made for. */
function storedRunOf(found: DigestedRun, key: string, digest: string): StoredRun {
  if (found.digest !== digest) {
    throw new MarinaError(
      "corrupt",
      `${key}: its digest is ${found.digest}, the run began with ${digest}; it was changed under the run`,
    );
  }
  return found.stored;
}

/** The same function, which keeps its last value: tasks ask for the same again and again. */
function lastOf<T>(make: (workers: number) => T): (workers: number) => T {
  let last: { readonly workers: number; readonly value: T } | undefined;
  return (workers) => {
    if (last?.workers !== workers) last = { workers, value: make(workers) };
    return last.value;
  };
}
