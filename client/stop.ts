/** Tells a run to stop, also one that is too young to be told. */
import { MarinaError, NOT_YET, waitFor } from "../shared/base/index.ts";
import type { Engine } from "./engines/engine.ts";

export interface Stopping {
  /** At once: what the present round has brought is dropped, and asked for again when the run is resumed. */
  readonly now?: boolean;
  /** Has the run ended meanwhile, or is there another reason to give up? */
  readonly isOver: () => boolean;
  /** Is it worth another attempt after this error? By default where the run is too young to be told. */
  readonly isPassing?: (error: unknown) => boolean;
  /** Between attempts. */
  readonly pause: () => Promise<void>;
}

/**
 * A run that was begun a moment ago has no queue yet and can't be told: then again, until it can, or is over.
 * @throws MarinaError where the reason is another one.
 */
export function stopRun(
  engine: Pick<Engine, "command">,
  run: string,
  { now = false, isOver, isPassing = isYoung, pause }: Stopping,
): Promise<void> {
  return waitFor({
    look: async () => {
      if (isOver()) return undefined;
      try {
        return await engine.command(run, { kind: "stop", now });
      } catch (error) {
        if (isPassing(error)) return NOT_YET;
        throw error;
      }
    },
    pause,
  });
}

function isYoung(error: unknown): boolean {
  return error instanceof MarinaError && (error.code === "not-found" || error.code === "usage");
}
