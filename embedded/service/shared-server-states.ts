/**
 * The server's states of all environments of an engine. They are in one process: what one has made of deltas the others need
 * not make, though each reads and is charged for what its own environment would have had to.
 */
import type { ServerStateStore, StateIdentity } from "../../lambdas/worker/index.ts";
import type { Vectors } from "../../shared/methods/index.ts";

/** Of all states together; the newest few are kept whatever they take. */
const LIMIT_BYTES = 512_000_000;
const LEAST_KEPT = 4;
const MOST_KEPT = 1000;

export class SharedServerStates {
  /** By owner and identity, the one that was asked for or made longest ago first. */
  readonly #known = new Map<string, Vectors>();
  #bytes = 0;

  /** How many are at hand. */
  get size(): number {
    return this.#known.size;
  }

  /** The store of a new environment: which states it would hold, without the vectors. */
  environment(): ServerStateStore {
    let last: { readonly owner: string; readonly identity: StateIdentity } | undefined;
    let before: typeof last;
    return {
      held: (owner) => [last, before].find((held) => held?.owner === owner)?.identity,
      find: (owner, identity) => this.#find(nameOf(owner, identity)),
      keep: (owner, identity, state) => {
        if (last?.owner !== owner) before = last;
        last = { owner, identity };
        this.#keep(nameOf(owner, identity), state);
      },
    };
  }

  #find(name: string): Vectors | undefined {
    const state = this.#known.get(name);
    if (state === undefined) return undefined;
    this.#known.delete(name);
    this.#known.set(name, state);
    return state;
  }

  #keep(name: string, state: Vectors): void {
    if (this.#find(name) !== undefined) return;
    this.#known.set(name, state);
    this.#bytes += bytesOf(state);
    for (const [oldest, vectors] of this.#known) {
      if (this.#known.size <= LEAST_KEPT) break;
      if (this.#bytes <= LIMIT_BYTES && this.#known.size <= MOST_KEPT) break;
      this.#known.delete(oldest);
      this.#bytes -= bytesOf(vectors);
    }
  }
}

function nameOf(owner: string, { round, sums }: StateIdentity): string {
  return `${owner}/${round}/${sums.join(".")}`;
}

function bytesOf(state: Vectors): number {
  return Object.values(state).reduce((bytes, { byteLength }) => bytes + byteLength, 0);
}
