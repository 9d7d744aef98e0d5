/** The gradients that an environment keeps: the last one of each worker, while memory allows. */
import type { Gradient } from "../../shared/methods/index.ts";
import { type GradientOwner, type GradientStore, gradientAt } from "./gradients.ts";
import { RecentlySet } from "./recently-set.ts";

/** Enough for hundreds of workers of small models, two of large ones. */
export const GRADIENTS_KEPT_BYTES = 64_000_000;

interface Held {
  readonly pointRound: number;
  readonly gradient: Gradient;
  /** Kept for the method, not only for the record. */
  readonly forMethod: boolean;
}

/** Last full gradient of each worker; the one that was set longest ago is the first to go. */
export class GradientCache {
  readonly #entries = new RecentlySet<Held>();
  readonly #limitBytes: number;
  #bytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get({ runDigest, phase, worker }: GradientOwner, pointRound: number): Held | undefined {
    const entry = this.#entries.get(runDigest, phase, worker);
    return entry?.pointRound === pointRound ? entry : undefined;
  }

  set({ runDigest, phase, worker }: GradientOwner, held: Held): void {
    const replaced = this.#entries.set(runDigest, phase, worker, held);
    this.#bytes += held.gradient.vector.byteLength - (replaced?.gradient.vector.byteLength ?? 0);
    while (this.#bytes > this.#limitBytes && this.#entries.size > 1) {
      this.#bytes -= this.#entries.dropOldest()!.gradient.vector.byteLength;
    }
  }
}

/** The store of an environment that is alone in its process. */
export function heldGradients(): GradientStore {
  const cache = new GradientCache(GRADIENTS_KEPT_BYTES);
  return {
    holds: (owner, pointRound) => cache.get(owner, pointRound)?.forMethod === true,
    find: (owner, pointRound) => cache.get(owner, pointRound)?.gradient,
    compute: (_owner, _pointRound, source, x) => gradientAt(source, x),
    keep: (owner, pointRound, gradient) => cache.set(owner, { pointRound, gradient, forMethod: true }),
    keepForRecord: (owner, pointRound, gradient) =>
      cache.set(owner, { pointRound, gradient, forMethod: false }),
  };
}
