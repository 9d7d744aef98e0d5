/** Spectra of shards: what calibration asks of the workers, and how it is kept beside the data set. */
import * as z from "zod";
import { stored } from "../../base/index.ts";
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

const NOT_JSON = { problem: "expected JSON, got other bytes" };
const storedSpectrum = stored<ShardSpectrum>(spectrumSchema, NOT_JSON);
const storedSpectra = stored<Spectra>(spectraSchema, NOT_JSON);

export function encodeSpectrum(spectrum: ShardSpectrum): Uint8Array {
  return new TextEncoder().encode(canonicalJson(spectrum));
}

/** @throws MarinaError "corrupt" or "spec". */
export function decodeSpectrum(bytes: Uint8Array, source: string): ShardSpectrum {
  return storedSpectrum.decode(bytes, source);
}

export function encodeSpectra(spectra: Spectra): Uint8Array {
  return new TextEncoder().encode(`${canonicalJson(spectra)}\n`);
}

/** @throws MarinaError "corrupt" or "spec". */
export function decodeSpectra(bytes: Uint8Array, key: string): Spectra {
  return storedSpectra.decode(bytes, key);
}
