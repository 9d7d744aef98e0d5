/**
 * The compressors by their formulas, one coordinate at a time, for tests: no code in common with the kinds themselves.
 * A coordinate has at most two outcomes, each with its probability.
 */
import type { CompressorSpec, Draw, Wire } from "./compressor.ts";

/** What becomes of one coordinate of a quantiser: `up` if U < probability, else `down`. */
export interface Coordinate {
  readonly up: number;
  readonly down: number;
  readonly probability: number;
}

export type QuantizerSpec = Exclude<CompressorSpec, { kind: "identity" } | { kind: "rand-k" }>;

export function isQuantizer(spec: CompressorSpec): spec is QuantizerSpec {
  return spec.kind !== "identity" && spec.kind !== "rand-k";
}

/** The outcomes of every coordinate in exact arithmetic (up to double rounding), whatever the wire. */
export function coordinates(spec: QuantizerSpec, x: Float64Array): Coordinate[] {
  const size = Math.hypot(...x);
  return [...x].map((entry) =>
    entry === 0 ? { up: 0, down: 0, probability: 0 } : coordinate(spec, entry, size),
  );
}

function coordinate(spec: QuantizerSpec, entry: number, size: number): Coordinate {
  const magnitude = Math.abs(entry);
  const sign = Math.sign(entry);
  switch (spec.kind) {
    case "l2-quantization":
      return { up: sign * size, down: 0, probability: magnitude / size };
    case "qsgd": {
      const u = Math.min(spec.levels, (spec.levels * magnitude) / size);
      const low = Math.floor(u);
      const step = (sign * size) / spec.levels;
      return { up: step * (low + 1), down: step * low, probability: u - low };
    }
    case "natural": {
      let low = 1;
      while (low > magnitude) low /= 2;
      while (2 * low <= magnitude) low *= 2;
      return { up: 2 * sign * low, down: sign * low, probability: magnitude / low - 1 };
    }
  }
}

/** One outcome of a compressor's randomness, its probability, and a draw that brings it about. */
export interface Outcome {
  readonly probability: number;
  readonly draw: Draw;
}

const JUST_BELOW_ONE = 1 - 2 ** -53;

/** All outcomes that have a positive probability, for a small d. */
export function outcomes(spec: CompressorSpec, x: Float64Array): Outcome[] {
  const d = x.length;
  if (spec.kind === "identity" || (spec.kind === "rand-k" && spec.k === d)) {
    return [{ probability: 1, draw: { kind: "none" } }];
  }
  if (spec.kind === "rand-k") {
    const subsets = allSubsets(d).filter((subset) => subset.length === spec.k);
    return subsets.map((subset) => ({
      probability: 1 / subsets.length,
      draw: { kind: "indices", indices: Uint32Array.from(subset) },
    }));
  }
  const all = coordinates(spec, x);
  return allSubsets(d).flatMap((subset) => {
    const ups = new Set(subset);
    const probability = all.reduce((p, c, j) => p * (ups.has(j) ? c.probability : 1 - c.probability), 1);
    const uniforms = Float64Array.from(all, (_, j) => (ups.has(j) ? 0 : JUST_BELOW_ONE));
    return probability > 0 ? [{ probability, draw: { kind: "uniforms", uniforms } as const }] : [];
  });
}

/** Q(x) for a draw, by the formula; the norm, or what RandK keeps, rounded to the wire. */
export function apply(spec: CompressorSpec, x: Float64Array, draw: Draw, wire: Wire): Float64Array {
  const round = (value: number): number => (wire === "float32" ? Math.fround(value) : value);
  const d = x.length;
  if (draw.kind === "none") return x.map(round);
  if (draw.kind === "indices") {
    const q = new Float64Array(d);
    for (const j of draw.indices) q[j] = (d / draw.indices.length) * round(x[j]!);
    return q;
  }
  if (!isQuantizer(spec)) throw new Error(`${spec.kind} draws no uniforms`);
  const size = Math.hypot(...x);
  const correction = spec.kind === "natural" || size === 0 ? 1 : round(size) / size;
  const all = coordinates(spec, x);
  return Float64Array.from(all, (c, j) => (draw.uniforms[j]! < c.probability ? c.up : c.down) * correction);
}

function allSubsets(d: number): number[][] {
  return Array.from({ length: 2 ** d }, (_, mask) =>
    Array.from({ length: d }, (_, j) => j).filter((j) => (mask >>> j) & 1),
  );
}
