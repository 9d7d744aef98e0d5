/** Spectra of shards: what calibration asks of the workers, and how it is kept beside the data set. */
import * as z from "zod";
import { explain, MarinaError } from "../../base/index.ts";
import type { ShardSpectrum } from "../../problems/index.ts";
import { canonicalJson } from "../digest.ts";

const spectrumSchema = z.strictObject({
  rows: z.int().min(0),
  nonZeros: z.int().min(0),
  gramEigenvalue: z.number().min(0),
  sumSquaredNorms: z.number().min(0),
  sumFourthNorms: z.number().min(0),
  maxSquaredNorm: z.number().min(0),
});

/** Everything known of one (data set, partition). */
export interface Spectra {
  readonly version: 1;
  /** SHA-256 of the data object these belong to. */
  readonly data: string;
  readonly shards: readonly ShardSpectrum[];
  /** lambda_max(A^T A) over all shards; absent until a method needed L_f. */
  readonly gramEigenvalue?: number;
  /** In its place: the power iteration had not settled after so many steps, and was given up. */
  readonly gramSteps?: number;
}

const spectraSchema = z.strictObject({
  version: z.literal(1),
  data: z.string(),
  shards: z.array(spectrumSchema),
  gramEigenvalue: z.number().min(0).exactOptional(),
  gramSteps: z.int().min(1).exactOptional(),
});

export function encodeSpectrum(spectrum: ShardSpectrum): Uint8Array {
  return new TextEncoder().encode(canonicalJson(spectrum));
}

/** @throws MarinaError "corrupt" or "spec". */
export function decodeSpectrum(bytes: Uint8Array, source: string): ShardSpectrum {
  return parse(spectrumSchema, bytes, source);
}

export function encodeSpectra(spectra: Spectra): Uint8Array {
  return new TextEncoder().encode(`${canonicalJson(spectra)}\n`);
}

/** @throws MarinaError "corrupt" or "spec". */
export function decodeSpectra(bytes: Uint8Array, key: string): Spectra {
  return parse(spectraSchema, bytes, key);
}

function parse<T>(schema: z.ZodType<T>, bytes: Uint8Array, source: string): T {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw new MarinaError("corrupt", `${source}: expected JSON, got other bytes`, { cause: error });
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw explain(parsed.error, schema, value, source);
  return parsed.data;
}
