/** Computing in a real process: it takes the time it takes. */
import type { Compute } from "../index.ts";

export function createDirectCompute(): Compute {
  return {
    // Async, so that what `compute` throws becomes a rejection, as on every engine.
    run: async (_work, compute) => compute(),
  };
}
