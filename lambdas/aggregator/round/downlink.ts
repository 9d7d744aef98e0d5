/**
 * The server's state on its way to the workers as deltas: a round's tasks name the state by its checksums, bring or name what
 * leads to it from earlier ones, and hold no point. The state itself is stored where nobody can have made it (a term's or an
 * epoch's first round) and when a worker asks for it.
 */
import type { Log, ObjectStore } from "../../../shared/cloud/index.ts";
import {
  type MadeStep,
  type StateLayout,
  stateEntryBytes,
  stateLayout,
  type Vectors,
} from "../../../shared/methods/index.ts";
import {
  bodyCharacters,
  type Downlink,
  deltaKey,
  encodeDelta,
  encodeVector,
  INLINE_ROUND_BYTES,
  INLINE_TASK_BYTES,
  serverStateKey,
  vectorCrc,
} from "../../../shared/protocol/index.ts";
import { MOST_BYTES_PER_ENTRY, type StateBases } from "../checkpoints/state-bases.ts";
import type { ActiveRun } from "../term/active-run.ts";
import { type PointStore, TASK_OVERHEAD_BYTES } from "./points.ts";

/** Making steps again takes longer than reading as many bytes of the state. */
const CATCH_UP_SHARE = 0.25;

/**
 * Bytes of the deltas that lead on from one another at one time, at most: those that are worth reading, or that the newest base
 * needs, and those of the two rounds in which another one is on its way. None is longer than a mean of d float64.
 * @param vectors of the server's state.
 */
export function mostChainBytes(dimension: number, vectors: number): number {
  const worth = CATCH_UP_SHARE * 8 * dimension * vectors;
  return Math.max(worth, MOST_BYTES_PER_ENTRY * dimension) + 2 * 8 * dimension;
}

interface StoredDelta {
  readonly round: number;
  readonly frame: Uint8Array;
  /** Resolves when it is in the store, or can't be brought there. */
  stored: Promise<void> | undefined;
}

export class DeltaDownlink {
  readonly #objects: ObjectStore;
  readonly #log: Log;
  readonly #run: string;
  readonly #digest: string;
  readonly #phase: number;
  readonly #dimension: number;
  readonly layout: StateLayout;
  readonly #points: PointStore;
  /** Of consecutive rounds, the oldest first: what a worker that has missed some goes on by. */
  #chain: StoredDelta[] = [];
  readonly #bases: Pick<StateBases, "newest" | "now">;
  /** A state that was asked for, and is stored as a whole. */
  #whole: { readonly round: number; readonly keys: readonly string[] } | undefined;
  /** Vectors of such states that are stored beside the points. */
  #stateKeys: string[] = [];
  /** Bytes stored so far, those of points apart. */
  bytes = 0;

  /** @param bases of the term: what a checkpoint is made of is there for workers as well. */
  constructor(
    { ports, run, digest, phase, dimension, spec }: ActiveRun,
    points: PointStore,
    bases: Pick<StateBases, "newest" | "now">,
  ) {
    this.#bases = bases;
    this.#objects = ports.objects;
    this.#log = ports.log;
    this.#run = run;
    this.#digest = digest;
    this.#phase = phase;
    this.#dimension = dimension;
    this.layout = stateLayout(spec);
    this.#points = points;
  }

  /** What a round's tasks say of the state. @param tasks how many there are. */
  async of(state: Vectors, round: number, tasks: number): Promise<Downlink> {
    const sums = this.#sumsOf(state);
    const last = this.#chain.at(-1);
    if (last?.round !== round - 1) {
      this.#chain = [];
      const keys =
        round === 0
          ? [await this.#points.key(state["iterate"]!, 0)]
          : await this.#bases.now(state, this.layout, round);
      return { sums, first: round, base: { round, keys } };
    }
    const first = this.#chain[0]!.round;
    const { newest } = this.#bases;
    const base = newest !== undefined && newest.round >= first ? { base: newest } : {};
    const body = TASK_OVERHEAD_BYTES + bodyCharacters(last.frame.length);
    if (body <= INLINE_TASK_BYTES && tasks * body <= INLINE_ROUND_BYTES)
      return { sums, first, last: last.frame, ...base };
    this.#put(last);
    await last.stored;
    return { sums, first, ...base };
  }

  /** The tasks have left: what travelled in them is stored for those who miss the round. */
  sent(): void {
    const last = this.#chain.at(-1);
    if (last !== undefined) this.#put(last);
  }

  /** The same with all of the state. */
  async whole(
    state: Vectors,
    round: number,
    referenceRound: number,
    downlink: Downlink,
    again: boolean,
  ): Promise<Downlink> {
    if (again) this.#points.storeAgain();
    if (again || this.#whole?.round !== round)
      this.#whole = { round, keys: await this.#store(state, round, referenceRound) };
    return { ...downlink, base: this.#whole };
  }

  /** A step was made: what the next round's tasks bring. Pure computing. Returns the delta. @param next the state after it. */
  made(step: MadeStep, next: Vectors): Uint8Array {
    const { round } = step;
    const frame = encodeDelta({
      ...step,
      runDigest: this.#digest,
      phase: this.#phase,
      next: this.#sumsOf(next),
    });
    this.#chain.push({ round, frame, stored: undefined });
    return frame;
  }

  /**
   * Begins to delete deltas that take longer to read than the state itself and that the newest base does not need, and states of
   * rounds that are over. What is left behind is deleted with the run's iterates.
   */
  forget(): void {
    const most = CATCH_UP_SHARE * stateEntryBytes(this.layout) * this.#dimension;
    const base = this.#bases.newest?.round ?? Number.POSITIVE_INFINITY;
    let bytes = 0;
    let from = this.#chain.length;
    while (
      from > 0 &&
      (from === this.#chain.length ||
        this.#chain[from - 1]!.round >= base ||
        bytes + this.#chain[from - 1]!.frame.length <= most)
    )
      bytes += this.#chain[--from]!.frame.length;
    for (const { round, stored } of this.#chain.splice(0, from))
      void this.#delete(deltaKey(this.#run, this.#phase, round), stored);
    for (const key of this.#stateKeys.splice(0)) void this.#delete(key);
  }

  /** What was begun to be stored is there, or can't be brought there. */
  async settled(): Promise<void> {
    await Promise.all(this.#chain.map(({ stored }) => stored));
  }

  /** @param stored when it is there: one that came after its deletion would stay. */
  async #delete(key: string, stored?: Promise<void>): Promise<void> {
    await stored;
    try {
      await this.#objects.delete(key);
    } catch (error) {
      this.#log.warn("delta-not-deleted", { key, error: String(error) });
    }
  }

  #sumsOf(state: Vectors): readonly number[] {
    return this.layout.names.map((name) => vectorCrc(state[name]!));
  }

  /** Begins to. Who does not find it asks for the state, so a failure is no harm. */
  #put(delta: StoredDelta): void {
    const key = deltaKey(this.#run, this.#phase, delta.round);
    if (delta.stored !== undefined) return;
    this.bytes += delta.frame.length;
    delta.stored = this.#objects.put(key, delta.frame).then(
      () => undefined,
      (error: unknown) => this.#log.warn("delta-not-stored", { key, error: String(error) }),
    );
  }

  /** Unconditional: every aggregator that writes one of these keys writes the same bytes. */
  async #store(state: Vectors, round: number, referenceRound: number): Promise<readonly string[]> {
    const points = this.#points;
    if (round === 0) return [await points.key(state["iterate"]!, 0)];
    return Promise.all(
      this.layout.names.map((name) => {
        const vector = state[name]!;
        if (name === "iterate") return points.key(vector, round);
        if (name === "previous") return points.key(vector, round - 1);
        if (name === "reference") return points.key(vector, referenceRound);
        return this.#storeVector(vector, round, name);
      }),
    );
  }

  async #storeVector(vector: Float64Array, round: number, name: string): Promise<string> {
    const key = serverStateKey(this.#run, this.#phase, round, name);
    const bytes = encodeVector(vector);
    await this.#objects.put(key, bytes);
    this.#stateKeys.push(key);
    this.bytes += bytes.length;
    return key;
  }
}
