/** What a command ends with whose runs were interrupted. */
import { CellsLeft } from "../../sweep/index.ts";

/**
 * Says what is kept, and sets the exit code of what was stopped.
 * @throws `error` itself, where it is anything but an interruption.
 */
export function endInterrupted(error: unknown): void {
  if (!(error instanceof CellsLeft) || !error.interrupted) throw error;
  console.error(`marina: ${error.message}`);
  process.exitCode = 130;
}
