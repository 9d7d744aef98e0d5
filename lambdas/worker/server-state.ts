/**
 * The server's state in the workers' environments. One that holds S_r makes S_t of it by the deltas of rounds r .. t - 1,
 * which are the messages of those rounds: n K entries in the place of d. What it holds is a cache: who can't go on from it
 * says so and is sent the state.
 */
import { LRUCache } from "lru-cache";
import { MarinaError } from "../../shared/base/index.ts";
import { DamagedObject, type Ports, readChecked, type Work } from "../../shared/cloud/index.ts";
import { type Compressor, decodingWork } from "../../shared/compressors/index.ts";
import {
  precisionOf,
  replay,
  roundingPasses,
  serverStateNames,
  startingServerState,
  type Vectors,
} from "../../shared/methods/index.ts";
import {
  type Delta,
  type Downlink,
  decodeDelta,
  decodeVector,
  deltaKey,
  type RunSpec,
  type Task,
  vectorCrc,
} from "../../shared/protocol/index.ts";

/** The task can't be done from what the environment holds and what the task says. */
export class NeedState extends Error {
  override readonly name = "NeedState";
}

/** What of a run its server's steps are made again by. */
export interface ReplayedRun {
  readonly spec: Pick<RunSpec, "algorithm" | "seed" | "iterate">;
  /** d */
  readonly dimension: number;
  /** What depends on the number of workers. */
  among(workers: number): { readonly compressor: Compressor };
}

/** Which state it is, in one membership epoch of a run: two of the same identity have the same bits. */
export interface StateIdentity {
  /** t */
  readonly round: number;
  /** CRC-32 of each vector of S_t. */
  readonly sums: readonly number[];
}

/**
 * The states that an environment holds, one for each epoch of a run. An engine that runs many environments in one process may
 * give each of them one that has the vectors that others have made: the same bits.
 */
export interface ServerStateStore {
  /** Which one this environment holds. @param owner run digest and epoch. */
  held(owner: string): StateIdentity | undefined;
  /** Its vectors, or those of another state that are at hand. */
  find(owner: string, identity: StateIdentity): Vectors | undefined;
  /** Takes the place of the one that was held. */
  keep(owner: string, identity: StateIdentity, state: Vectors): void;
}

/** Epochs of runs whose states an environment holds: three vectors each. */
export const STATES_KEPT = 2;
/** Passes over each vector of the state: the step, and the look for what is no number; checksums count as one. */
const STEP_PASSES = 4;

export function isSame(a: StateIdentity, b: StateIdentity): boolean {
  return a.round === b.round && areSame(a.sums, b.sums);
}

/** The store of an environment that is alone in its process. */
export function heldServerStates(): ServerStateStore {
  const states = new LRUCache<string, { readonly identity: StateIdentity; readonly state: Vectors }>({
    max: STATES_KEPT,
  });
  return {
    held: (owner) => states.get(owner)?.identity,
    find(owner, identity) {
      const found = states.get(owner);
      return found !== undefined && isSame(found.identity, identity) ? found.state : undefined;
    },
    keep: (owner, identity, state) => void states.set(owner, { identity, state }),
  };
}

/**
 * S_t of the task's round t: held, made of the one that is held, or of the base that the task names.
 * @param read told of the bytes of objects that were read for it.
 * @throws NeedState also where the whole state is not where the task says, or is another one: it is stored again.
 */
export async function serverState(
  ports: Ports,
  states: ServerStateStore,
  run: ReplayedRun,
  task: Task,
  downlink: Downlink,
  read: (bytes: number) => void,
): Promise<Vectors> {
  const owner = `${task.runDigest}/${task.phase}`;
  const target: StateIdentity = { round: task.round, sums: downlink.sums };
  const held = states.held(owner);
  if (held !== undefined && isSame(held, target)) {
    const state = states.find(owner, target);
    if (state !== undefined) return state;
  }
  const made =
    held !== undefined && downlink.first <= held.round && held.round < task.round
      ? await madeOf(held)
      : undefined;
  const state = made ?? (await fromBase());
  states.keep(owner, target, state);
  return state;

  async function fromBase(): Promise<Vectors> {
    const { base } = downlink;
    if (base === undefined) throw new NeedState();
    const from = await whole(base);
    const found =
      base.round === task.round
        ? ofSums(run, from, target.sums)
        : await madeOf({ round: base.round, sums: [] }, from);
    if (found === undefined) throw new NeedState();
    return found;
  }

  /** Undefined where a delta is gone or what comes out is another state. */
  async function madeOf(from: StateIdentity, vectors?: Vectors): Promise<Vectors | undefined> {
    const deltas = await deltasFrom(from.round);
    if (deltas === undefined) return undefined;
    return ports.compute.run(
      () => workOf(run, deltas),
      () => states.find(owner, target) ?? replayed(from, deltas, vectors),
    );
  }

  function replayed(
    from: StateIdentity,
    deltas: readonly Delta[],
    vectors: Vectors | undefined,
  ): Vectors | undefined {
    // The newest state at hand on the way; of an environment that is alone that is the one it holds.
    let at = deltas.length;
    let state: Vectors | undefined;
    while (state === undefined && at > 0) {
      at--;
      const identity = at === 0 ? from : { round: deltas[at]!.round, sums: deltas[at - 1]!.next };
      state = at === 0 ? (vectors ?? states.find(owner, identity)) : states.find(owner, identity);
    }
    if (state === undefined) return undefined;
    const { spec } = run;
    for (const delta of deltas.slice(at)) {
      const { compressor } = run.among(delta.workers);
      state = ofSums(run, replay(spec, compressor, state, delta), delta.next);
      if (state === undefined) return undefined;
    }
    return ofSums(run, state, target.sums);
  }

  /** In the order of their rounds; undefined where one is not there, or is of another run. */
  async function deltasFrom(first: number): Promise<readonly Delta[] | undefined> {
    const deltas = await Promise.all(
      Array.from({ length: task.round - first }, (_, i) => deltaOf(first + i)),
    );
    const right = deltas.every(
      (delta, i) =>
        delta?.runDigest === task.runDigest && delta.phase === task.phase && delta.round === first + i,
    );
    return right ? (deltas as readonly Delta[]) : undefined;
  }

  async function deltaOf(round: number): Promise<Delta | undefined> {
    const key = deltaKey(task.run, task.phase, round);
    if (round === task.round - 1 && downlink.last !== undefined)
      return decodeDelta(downlink.last, run.dimension, key);
    return stored(key, decodeDelta);
  }

  /** Undefined where it is gone. */
  function stored<T>(
    key: string,
    decode: (body: Uint8Array, dimension: number, key: string) => T,
  ): Promise<T | undefined> {
    return orGone(async () => {
      const { value } = await readChecked(ports.objects, key, (body) => ({
        decoded: decode(body, run.dimension, key),
        bytes: body.length,
      }));
      read(value.bytes);
      return value.decoded;
    });
  }

  async function whole({ round, keys }: NonNullable<Downlink["base"]>): Promise<Vectors> {
    const { spec } = run;
    const names = round === 0 ? ["iterate"] : serverStateNames(spec.algorithm);
    const vectors = await Promise.all(
      keys.map(async (key, i) => {
        const precision = precisionOf(names[i] ?? "", spec);
        const vector = await stored(key, (body, dimension) => decodeVector(body, dimension, key, precision));
        if (vector === undefined) throw new NeedState();
        return vector;
      }),
    );
    if (round === 0) return startingServerState(spec, vectors[0]!);
    return Object.fromEntries(names.map((name, i) => [name, vectors[i]!])) as Vectors;
  }
}

/** The state, if its vectors have these checksums. */
function ofSums(run: ReplayedRun, state: Vectors, sums: readonly number[]): Vectors | undefined {
  const own = serverStateNames(run.spec.algorithm).map((name) => vectorCrc(state[name]!));
  return areSame(own, sums) ? state : undefined;
}

function areSame(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((sum, i) => sum === b[i]);
}

/** Undefined for an object that is not there, or is damaged. */
async function orGone<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof DamagedObject) return undefined;
    if (error instanceof MarinaError && error.code === "not-found") return undefined;
    throw error;
  }
}

/** Of all steps, as the aggregator's. */
function workOf(run: ReplayedRun, deltas: readonly Delta[]): Work {
  const vectors = serverStateNames(run.spec.algorithm).length;
  const work = { rows: 0, nonZeros: 0, entries: 0, indices: 0 };
  for (const { workers, sum } of deltas) {
    work.entries += (STEP_PASSES * vectors + roundingPasses(run.spec)) * run.dimension;
    if (sum.kind === "mean") continue;
    work.entries += run.dimension * (sum.weights === undefined ? 1 : 2 * sum.payloads.length);
    const { compressor } = run.among(workers);
    for (const payload of sum.payloads) {
      const own = decodingWork(compressor, payload.length);
      work.entries += own.entries;
      work.indices += own.indices;
    }
  }
  return work;
}
