/** From errors to exit codes: 0 done, 1 failed, 2 wrong usage. */
import { MarinaError } from "../shared/base/index.ts";

const USAGE_CODES: ReadonlySet<string> = new Set(["usage", "spec"]);

export function exitCodeOf(error: unknown): 1 | 2 {
  return error instanceof MarinaError && USAGE_CODES.has(error.code) ? 2 : 1;
}
