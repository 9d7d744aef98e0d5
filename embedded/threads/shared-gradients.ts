/**
 * Gradients of all environments of an engine. They are in one process: what one has computed the others need not compute,
 * though each is charged for what its own environment would have had to.
 */
import {
  GRADIENTS_KEPT_BYTES,
  GradientCache,
  type GradientOwner,
  type GradientSource,
  type GradientStore,
  gradientAt,
  RecentlySet,
} from "../../lambdas/worker/index.ts";
import type { Gradient } from "../../shared/methods/index.ts";

/** Gradients of all workers of an engine. */
const LIMIT_BYTES = 512_000_000;

/** Gradients that were computed elsewhere before they are asked for: the same bits. */
export interface GradientsAhead {
  /** The gradient at this round's point, if it is there or under way. It is the caller's then. */
  take(owner: GradientOwner, pointRound: number, source: GradientSource): Gradient | undefined;
}

/** Which gradients an environment would hold: the rounds of its own cache, without the vectors. */
class HeldRounds {
  readonly #rounds = new RecentlySet<number>();

  has({ runDigest, phase, worker }: GradientOwner, pointRound: number): boolean {
    return this.#rounds.get(runDigest, phase, worker) === pointRound;
  }

  set({ runDigest, phase, worker }: GradientOwner, pointRound: number, dimension: number): void {
    this.#rounds.set(runDigest, phase, worker, pointRound);
    const bytes = this.#rounds.size * 8 * dimension;
    if (bytes > GRADIENTS_KEPT_BYTES && this.#rounds.size > 1) this.#rounds.dropOldest();
  }
}

export class SharedGradients {
  readonly #memo = new GradientCache(LIMIT_BYTES);
  /** Other threads of the engine that compute gradients. */
  ahead: GradientsAhead | undefined;

  /** Is the gradient at this point known? */
  knows(owner: GradientOwner, pointRound: number): boolean {
    return this.#memo.get(owner, pointRound) !== undefined;
  }

  /** The store of a new environment. */
  environment(): GradientStore {
    const own = new HeldRounds();
    const memo = this.#memo;
    return {
      holds: (owner, pointRound) => own.has(owner, pointRound),
      find: (owner, pointRound) => memo.get(owner, pointRound)?.gradient,
      compute: (owner, pointRound, source, x) =>
        this.ahead?.take(owner, pointRound, source) ?? gradientAt(source, x),
      keep(owner, pointRound, gradient) {
        own.set(owner, pointRound, gradient.vector.length);
        memo.set(owner, { pointRound, gradient, forMethod: true });
      },
      keepForRecord: (owner, pointRound, gradient) =>
        memo.set(owner, { pointRound, gradient, forMethod: false }),
    };
  }
}
