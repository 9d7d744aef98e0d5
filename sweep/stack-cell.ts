/** A cell's run on a deployed stack: its name tells what it is, so the stack itself knows which cells are done. */
import { type ObjectStore, readOptional } from "../shared/cloud/index.ts";
import {
  decodeResult,
  decodeStoredRun,
  type RunResult,
  type RunSpec,
  resultKey,
  specKey,
} from "../shared/protocol/index.ts";
import type { Cell } from "./cell.ts";

/** Hexadecimal digits of the cell's digest in its run's name: 64 bits, so that no two cells ever meet. */
const DIGEST_DIGITS = 16;
const NAME_LENGTH = 64;

/** The same cell has the same name in every sweep and from every machine. */
export function stackRunName({ digest, spec }: Pick<Cell, "digest" | "spec">): string {
  const what = `${spec.algorithm.kind}-${spec.data}`;
  return `${what.slice(0, NAME_LENGTH - 1 - DIGEST_DIGITS)}-${digest.slice(0, DIGEST_DIGITS)}`;
}

/** What a stack knows of a cell. */
export type StackCellState =
  | { readonly kind: "new" }
  /** It was begun: it still runs, or was cut off. */
  | { readonly kind: "begun" }
  /** It has ended, for good or (stopped, failed) so that it can go on. */
  | { readonly kind: "ended"; readonly result: RunResult };

export async function stackCellState(objects: ObjectStore, run: string): Promise<StackCellState> {
  const result = await readOptional(objects, resultKey(run), decodeResult);
  if (result !== undefined) return { kind: "ended", result };
  const known = await readOptional(objects, specKey(run), decodeStoredRun);
  return { kind: known === undefined ? "new" : "begun" };
}

/** Will the run come to the same bits on every engine? Not where it ends, or changes, by seconds or by dollars. */
export function isSameOnEveryEngine({ stop, workers, algorithm }: RunSpec): boolean {
  const schedules = [workers, "participants" in algorithm ? algorithm.participants : 1];
  const byClock = schedules.some(
    (schedule) =>
      typeof schedule === "object" &&
      (!Array.isArray(schedule) || schedule.some((entry) => "fromSeconds" in entry)),
  );
  return stop.seconds === undefined && stop.usd === undefined && !byClock;
}
