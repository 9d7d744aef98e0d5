/** Errors as text. */
import { MarinaError } from "./errors.ts";

/** What a person reads: the message of an error made for people, the stack of a defect. */
export function describeError(error: unknown): string {
  if (error instanceof MarinaError) return `marina: ${error.message}`;
  if (error instanceof Error)
    return `marina: unexpected error, please report it: ${error.stack ?? error.message}`;
  return `marina: unexpected error: ${String(error)}`;
}
