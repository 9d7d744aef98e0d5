/** What every compressor checks of its arguments, with one wording. */
import { MarinaError, MessageError, NonFiniteError } from "../base/index.ts";
import { firstNonFinite } from "../math/index.ts";
import type { Draw, Wire } from "./compressor.ts";

/** Where a compressor stands in a run's spec, for errors. */
export const COMPRESSOR_PATH = "algorithm.compressor";

/** A parameter of a spec must be an integer from 1 to `largest`. */
export function requireInteger(value: number, largest: number, path: string, why = ""): void {
  if (!Number.isInteger(value) || value < 1 || value > largest) {
    throw new MarinaError("spec", `${path}: expected an integer from 1 to ${largest}${why}, got ${value}`);
  }
}

/** x must be of length d and finite. */
export function requireVector(x: Float64Array, dimension: number, kind: string): void {
  requireLength(x, dimension, `${kind}: vector to encode`);
  const bad = firstNonFinite(x);
  if (bad >= 0) throw new NonFiniteError(`${kind}: vector to encode`, bad, x[bad]!);
}

/** `into` must be of length d. */
export function requireTarget(into: Float64Array, dimension: number, kind: string): void {
  requireLength(into, dimension, `${kind}: vector to add to`);
}

/** The K coordinates of a draw. They increase, so the last one tells whether all are below d. */
export function requireIndices(draw: Draw, k: number, dimension: number, kind: string): Uint32Array {
  if (draw.kind !== "indices") throw wrongDraw(kind, `${k} indices`, draw.kind);
  const { indices } = draw;
  if (indices.length !== k) throw wrongDraw(kind, `${k} indices`, `${indices.length} of them`);
  if (indices[k - 1]! >= dimension) {
    throw wrongDraw(kind, `indices below ${dimension}`, `index ${indices[k - 1]}`);
  }
  return indices;
}

/** The d uniforms of a draw. */
export function requireUniforms(draw: Draw, dimension: number, kind: string): Float64Array {
  if (draw.kind !== "uniforms") throw wrongDraw(kind, `${dimension} uniforms`, draw.kind);
  if (draw.uniforms.length !== dimension) {
    throw wrongDraw(kind, `${dimension} uniforms`, `${draw.uniforms.length} of them`);
  }
  return draw.uniforms;
}

/** The K coordinates of a composed draw, and the draw of what is sent of them. */
export function requireComposed(
  draw: Draw,
  k: number,
  dimension: number,
  kind: string,
): { readonly indices: Uint32Array; readonly then: Draw } {
  if (draw.kind !== "composed") throw wrongDraw(kind, `${k} indices and what comes then`, draw.kind);
  return { indices: requireIndices(draw.first, k, dimension, kind), then: draw.then };
}

/** A message must be of this many bytes. */
export function requireBytes(bytes: Uint8Array, expected: number, kind: string): void {
  if (bytes.length !== expected) {
    throw new MessageError(`${kind} message: expected ${expected} bytes, got ${bytes.length}`);
  }
}

/** A finite number of the vector that the wire can't hold. */
export function tooLarge(what: string, value: number, largest: string, wire: Wire): MarinaError {
  const remedy = wire === "float32" ? "take a smaller step, or the wire float64" : "take a smaller step";
  return new MarinaError(
    "non-finite",
    `${what} is ${value}, expected at most ${largest} in magnitude (wire ${wire}): the run is diverging; ${remedy}`,
  );
}

function requireLength(x: Float64Array, dimension: number, what: string): void {
  if (x.length !== dimension) {
    throw new MarinaError("usage", `${what}: expected ${dimension} entries, got ${x.length}`);
  }
}

function wrongDraw(kind: string, expected: string, came: string): MarinaError {
  return new MarinaError(
    "usage",
    `${kind}: expected a draw of ${expected}, got ${came}; use draw() of this compressor`,
  );
}
