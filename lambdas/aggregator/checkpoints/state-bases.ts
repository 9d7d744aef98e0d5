/**
 * What checkpoints of large states are made of, where iterates travel as deltas: a base, which is a state whose vectors are
 * objects of their own, and the deltas since. The checkpoint itself is then small. Bases are written behind the tasks of
 * a round; one is forgotten once a durable checkpoint no longer names it.
 */
import type { Log, ObjectStore } from "../../../shared/cloud/index.ts";
import { precisionOf, type StateLayout, type Vectors } from "../../../shared/methods/index.ts";
import {
  type CheckpointBase,
  encodeVector,
  stateBaseKey,
  vectorCrc,
} from "../../../shared/protocol/index.ts";

/** Deltas of more bytes for each entry of a vector are replaced by another base. */
export const MOST_BYTES_PER_ENTRY = 6;

type Base = Omit<CheckpointBase, "deltas">;

export class StateBases {
  readonly #objects: ObjectStore;
  readonly #log: Log;
  readonly #run: string;
  readonly #writer: string;
  #base: Base | undefined;
  /** A base is on its way to the store. */
  #storing: Promise<void> | undefined;
  /** Why the last one did not get there. */
  #failure: unknown;
  /** Deltas of consecutive rounds, from the base's on, or from that of the one on its way. */
  #deltas: { readonly round: number; readonly frame: Uint8Array }[] = [];
  /** Keys of bases that no checkpoint beyond a round names. */
  #retired: { readonly round: number; readonly keys: readonly string[] }[] = [];

  /** @param writer identity of this invocation: no other one writes the same keys. */
  constructor(objects: ObjectStore, log: Log, run: string, writer: string) {
    this.#objects = objects;
    this.#log = log;
    this.#run = run;
    this.#writer = writer;
  }

  /** The base of the checkpoint that the term goes on from is of no use once one of its own is durable. */
  inherit(base: Base | undefined, round: number): void {
    if (base !== undefined) this.#retired.push({ round, keys: base.keys });
  }

  /** What the checkpoint of a round's state can be made of; undefined: of nothing but the state. */
  of(state: Vectors, round: number): CheckpointBase | undefined {
    const base = this.#base;
    // Of workers' states that the server holds as well there is no base.
    if (base?.keys.length !== Object.keys(state).length) return undefined;
    const deltas = this.#deltas.filter((delta) => delta.round >= base.round);
    if (base.round + deltas.length !== round) return undefined;
    return { ...base, deltas: deltas.map(({ frame }) => frame) };
  }

  /** Where the newest base lies. */
  get newest(): { readonly round: number; readonly keys: readonly string[] } | undefined {
    return this.#base;
  }

  /** Stores a state, which nobody can have made of deltas, before anything is asked in its name. */
  async now(state: Vectors, layout: StateLayout, round: number): Promise<readonly string[]> {
    await this.#storing;
    if (this.#base?.round !== round) await this.#begin(state, layout, round);
    if (this.#base?.round === round) return this.#base.keys;
    throw this.#failure;
  }

  /** A step was made. */
  made(round: number, frame: Uint8Array): void {
    if (this.#base !== undefined || this.#storing !== undefined) this.#deltas.push({ round, frame });
  }

  /**
   * The tasks of a round have left: begins to store its state, where there is no base or the deltas have become many.
   */
  sent(state: Vectors, layout: StateLayout, round: number): void {
    // Round 0 is dense: what comes of it is the first state worth keeping.
    if (round === 0 || this.#storing !== undefined) return;
    const dimension = state[layout.names[0]!]!.length;
    const bytes = this.#deltas.reduce((sum, { frame }) => sum + frame.length, 0);
    if (this.#base !== undefined && bytes <= MOST_BYTES_PER_ENTRY * dimension) return;
    void this.#begin(state, layout, round);
  }

  #begin(state: Vectors, layout: StateLayout, round: number): Promise<void> {
    const { names } = layout;
    const keys = names.map((name) => stateBaseKey(this.#run, this.#writer, round, name));
    const sums = names.map((name) => vectorCrc(state[name]!));
    this.#storing = this.#store(keys, layout, state).then(
      () => this.#replace({ round, keys, sums }),
      (error: unknown) => {
        this.#storing = undefined;
        this.#failure = error;
        if (this.#base === undefined) this.#deltas = [];
        this.#log.warn("base-not-stored", { run: this.#run, round, error: String(error) });
      },
    );
    return this.#storing;
  }

  /** Begins to delete the bases that a durable checkpoint has done without. @param durable its round. */
  forget(durable: number): void {
    const old = this.#retired.filter(({ round }) => round < durable);
    this.#retired = this.#retired.filter(({ round }) => round >= durable);
    this.#delete(old.flatMap(({ keys }) => keys));
  }

  /** No base is on its way any more: one that came to the store after the run's sweep would stay for good. */
  async settled(): Promise<void> {
    await this.#storing;
  }

  /** A checkpoint with all of the state is durable: no base is needed any more. */
  async forgetAll(): Promise<void> {
    await this.#storing;
    const keys = [...this.#retired.flatMap((retired) => retired.keys), ...(this.#base?.keys ?? [])];
    this.#retired = [];
    this.#base = undefined;
    this.#deltas = [];
    await Promise.all(this.#delete(keys));
  }

  async #store(keys: readonly string[], { names, ...spec }: StateLayout, state: Vectors): Promise<void> {
    await Promise.all(
      names.map((name, i) => {
        return this.#objects.put(keys[i]!, encodeVector(state[name]!, precisionOf(name, spec)));
      }),
    );
  }

  #replace(base: Base): void {
    this.#storing = undefined;
    const newest = this.#deltas.at(-1)?.round ?? base.round;
    // The checkpoints up to the newest state may name the old one.
    if (this.#base !== undefined) this.#retired.push({ round: newest + 1, keys: this.#base.keys });
    this.#base = base;
    this.#deltas = this.#deltas.filter(({ round }) => round >= base.round);
  }

  #delete(keys: readonly string[]): Promise<void>[] {
    return keys.map((key) =>
      this.#objects.delete(key).catch((error: unknown) => {
        this.#log.warn("base-not-deleted", { key, error: String(error) });
      }),
    );
  }
}
