/** A start that is given: the parameters of another run, or a file of numbers. */
import * as z from "zod";
import { NAME_PATTERN, NAME_RULE } from "./names.ts";

/** Whose x: x^0, or the last one that is stored. */
export const WHICH_ITERATE = ["start", "last"] as const;
export type WhichIterate = (typeof WHICH_ITERATE)[number];

const digest = z
  .string()
  .regex(/^[0-9a-f]{64}$/, "expected 64 hexadecimal digits")
  .exactOptional()
  .describe(
    "SHA-256 of x^0 as little-endian float64, before it is rounded (iterate). Kept with the run; where it is given, x^0 must have it.",
  );

export const startOfRun = z
  .strictObject({
    run: z
      .string()
      .regex(NAME_PATTERN, `expected ${NAME_RULE}`)
      .describe("Name of a run on the same engine."),
    at: z
      .enum(WHICH_ITERATE)
      .exactOptional()
      .describe('Its x^0 ("start"), or its last stored iterate ("last", the default).'),
    sha256: digest,
  })
  .describe("Begin at another run's parameters.");

export const startOfFile = z
  .strictObject({
    file: z
      .string()
      .min(1)
      .describe("A .safetensors, .npy, .json or .csv file; its path is relative to the spec's."),
    sha256: digest,
  })
  .describe("Begin at the parameters in a file.");

/** A start that a run has stored as `startKey` says: its digest is known. */
export interface StoredStart {
  readonly sha256: string;
}

/** Is x^0 given, and hence stored beside the run? */
export function isGiven(start: unknown): start is z.output<typeof startOfRun> | z.output<typeof startOfFile> {
  return typeof start === "object" && start !== null && ("run" in start || "file" in start);
}
