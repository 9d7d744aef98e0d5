/** What calibrations keep while they go on, and what they took. */
import * as z from "zod";
import { stored } from "../../base/index.ts";
import type { PowerState } from "../../math/index.ts";
import { canonicalJson } from "../digest.ts";
import { FrameReader, FrameWriter } from "../frames/frame.ts";

/** The power iteration for L_f between two steps, beside the spectra of its partition. */
export interface PowerProgress {
  /** SHA-256 of the data object that it belongs to. */
  readonly data: string;
  readonly power: PowerState;
}

export function encodePowerProgress({ data, power }: PowerProgress): Uint8Array {
  const { vector, eigenvalue, steps, converged } = power;
  return new FrameWriter("powerProgress", 160 + vector.byteLength)
    .text(data)
    .u32(steps)
    .u8(converged ? 1 : 0)
    .f64(eigenvalue)
    .vector(vector)
    .finish();
}

/** @throws MessageError, or MarinaError "version". */
export function decodePowerProgress(bytes: Uint8Array, key: string): PowerProgress {
  const reader = new FrameReader("powerProgress", bytes, key);
  const data = reader.text();
  const steps = reader.u32();
  const converged = reader.u8() === 1;
  const eigenvalue = reader.f64();
  const vector = reader.vector();
  reader.end();
  return { data, power: { vector, eigenvalue, steps, converged } };
}

/** What the calibrations of a run took before and between its rounds, shown apart. */
export interface Preparation {
  /** By the invocations' time. On the embedded cloud none of it is in the run's seconds. */
  readonly seconds: number;
  /** Of all requests and invocations; on the embedded cloud none of it is in the run's dollars. */
  readonly usd: number;
  /** Where a constant could not be found out, and what took its place; for people. */
  readonly warnings: readonly string[];
}

export const NO_PREPARATION: Preparation = { seconds: 0, usd: 0, warnings: [] };

const preparationSchema = z.strictObject({
  version: z.literal(1),
  seconds: z.number(),
  usd: z.number(),
  warnings: z.array(z.string()),
});

export function encodePreparation(preparation: Preparation): Uint8Array {
  return new TextEncoder().encode(`${canonicalJson({ version: 1, ...preparation })}\n`);
}

const storedPreparation = stored<Preparation>(preparationSchema, {
  problem: "expected JSON, got other bytes",
});

/** @throws MarinaError "corrupt" or "spec". */
export function decodePreparation(bytes: Uint8Array, key: string): Preparation {
  const { seconds, usd, warnings } = storedPreparation.decode(bytes, key);
  return { seconds, usd, warnings };
}
