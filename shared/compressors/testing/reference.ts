/**
 * The compressors by their formulas, one coordinate at a time, for tests: no code in common with the kinds themselves. A
 * kind that is missing here does not compile.
 */
import type { Draw, Wire } from "../compressor.ts";
import type { CompressorKind, CompressorSpec } from "../registry.ts";
import { WORKERS } from "./specs.ts";

/** One outcome of a compressor's randomness, its probability, and a draw that brings it about. */
export interface Outcome {
  readonly probability: number;
  readonly draw: Draw;
}

/** What becomes of one coordinate of a quantiser: `up` if U < probability, else `down`. */
export interface Coordinate {
  readonly up: number;
  readonly down: number;
  readonly probability: number;
}

/** The table of compressors: a message's counted bits, and how many of them are floats. */
export interface MessageSize {
  readonly bits: number;
  readonly floats: number;
}

interface Reference<S> {
  /** All outcomes that have a positive probability, for a small d. */
  outcomes(spec: S, x: Float64Array): Outcome[];
  /** Q(x) for a draw; what is sent as a float is rounded to the wire. */
  apply(spec: S, x: Float64Array, draw: Draw, wire: Wire, workers: number): Float64Array;
  /** @param nonZeros of Q(x). */
  size(spec: S, d: number, wire: Wire, nonZeros: number, draw: Draw): MessageSize;
  /** E|Q(x) - x|^2, exactly. */
  variance(spec: S, x: Float64Array): number;
  /** A quantiser's coordinates. */
  coordinates?(spec: S, x: Float64Array): Coordinate[];
}

const rounded = (value: number, wire: Wire): number => (wire === "float32" ? Math.fround(value) : value);
const squared = (x: Float64Array): number => x.reduce((sum, entry) => sum + entry * entry, 0);
const JUST_BELOW_ONE = 1 - 2 ** -53;

/** Nothing is lost but by rounding. */
const lossless = {
  outcomes: (): Outcome[] => [{ probability: 1, draw: { kind: "none" } }],
  apply: (x: Float64Array, wire: Wire) => x.map((entry) => rounded(entry, wire)),
};

/** A quantiser by its coordinates' two outcomes, each up or down on its own. */
function quantiser<S>(
  coordinate: (spec: S, entry: number, size: number) => Coordinate,
  size: Reference<S>["size"],
  sendsNorm: boolean,
): Reference<S> {
  const coordinates = (spec: S, x: Float64Array): Coordinate[] => {
    const norm = Math.hypot(...x);
    return [...x].map((entry) =>
      entry === 0 ? { up: 0, down: 0, probability: 0 } : coordinate(spec, entry, norm),
    );
  };
  return {
    coordinates,
    size,
    outcomes(spec, x) {
      const all = coordinates(spec, x);
      return allSubsets(x.length).flatMap((subset) => {
        const ups = new Set(subset);
        const probability = all.reduce((p, c, j) => p * (ups.has(j) ? c.probability : 1 - c.probability), 1);
        const uniforms = Float64Array.from(all, (_, j) => (ups.has(j) ? 0 : JUST_BELOW_ONE));
        return probability > 0 ? [{ probability, draw: { kind: "uniforms", uniforms } as const }] : [];
      });
    },
    apply(spec, x, draw, wire) {
      if (draw.kind !== "uniforms") throw new Error(`expected uniforms, got ${draw.kind}`);
      const norm = Math.hypot(...x);
      const correction = !sendsNorm || norm === 0 ? 1 : rounded(norm, wire) / norm;
      return Float64Array.from(
        coordinates(spec, x),
        (c, j) => (draw.uniforms[j]! < c.probability ? c.up : c.down) * correction,
      );
    },
    variance: (spec, x) =>
      coordinates(spec, x).reduce(
        (sum, { up, down, probability }) => sum + probability * (1 - probability) * (up - down) ** 2,
        0,
      ),
  };
}

const references: { readonly [K in CompressorKind]: Reference<Extract<CompressorSpec, { kind: K }>> } = {
  identity: {
    outcomes: lossless.outcomes,
    apply: (_spec, x, _draw, wire) => lossless.apply(x, wire),
    size: (_spec, d) => ({ bits: 32 * d, floats: d }),
    variance: () => 0,
  },
  "rand-k": {
    outcomes({ k }, x) {
      if (k === x.length) return lossless.outcomes();
      const subsets = allSubsets(x.length).filter((subset) => subset.length === k);
      return subsets.map((subset) => ({
        probability: 1 / subsets.length,
        draw: { kind: "indices", indices: Uint32Array.from(subset) },
      }));
    },
    apply(_spec, x, draw, wire) {
      if (draw.kind !== "indices") return lossless.apply(x, wire);
      const q = new Float64Array(x.length);
      for (const j of draw.indices) q[j] = (x.length / draw.indices.length) * rounded(x[j]!, wire);
      return q;
    },
    size: ({ k }) => ({ bits: 32 * k, floats: k }),
    variance: ({ k }, x) => (x.length / k - 1) * squared(x),
  },
  "l2-quantization": quantiser(
    (_spec, entry, size) => ({
      up: Math.sign(entry) * size,
      down: 0,
      probability: Math.abs(entry) / size,
    }),
    (_spec, d, _wire, nonZeros) => ({
      bits: Math.min(32 + 2 * d, 32 + nonZeros * (1 + Math.ceil(Math.log2(d)))),
      floats: 1,
    }),
    true,
  ),
  qsgd: quantiser(
    ({ levels }, entry, size) => {
      const u = Math.min(levels, (levels * Math.abs(entry)) / size);
      const low = Math.floor(u);
      const step = (Math.sign(entry) * size) / levels;
      return { up: step * (low + 1), down: step * low, probability: u - low };
    },
    ({ levels }, d) => ({ bits: 32 + d * Math.ceil(Math.log2(2 * levels + 1)), floats: 1 }),
    true,
  ),
  // For n = 2 workers: one of two halves, the larger and the smaller equally likely where they differ.
  "perm-k": {
    outcomes(_spec, x) {
      if (x.length === 1) return lossless.outcomes();
      const sizes = [Math.floor(x.length / WORKERS), Math.ceil(x.length / WORKERS)];
      return sizes.flatMap((size) => {
        const subsets = allSubsets(x.length).filter((subset) => subset.length === size);
        return subsets.map((subset) => ({
          probability: 1 / (sizes.length * subsets.length),
          draw: { kind: "indices" as const, indices: Uint32Array.from(subset) },
        }));
      });
    },
    apply(_spec, x, draw, wire, workers) {
      if (draw.kind !== "indices") return lossless.apply(x, wire);
      const q = new Float64Array(x.length);
      for (const j of draw.indices) q[j] = Math.min(workers, x.length) * rounded(x[j]!, wire);
      return q;
    },
    size(_spec, d, _wire, _nonZeros, draw) {
      const floats = draw.kind === "indices" ? draw.indices.length : d;
      return { bits: 32 * floats, floats };
    },
    variance: (_spec, x) => (Math.min(WORKERS, x.length) - 1) * squared(x),
  },
  composed: {
    outcomes({ first, then }, x) {
      if (first.k === x.length) return outcomes(then, x);
      const subsets = allSubsets(x.length).filter((subset) => subset.length === first.k);
      return subsets.flatMap((subset) =>
        outcomes(then, at(x, subset)).map(({ probability, draw }) => ({
          probability: probability / subsets.length,
          draw: {
            kind: "composed" as const,
            first: { kind: "indices" as const, indices: Uint32Array.from(subset) },
            then: draw,
          },
        })),
      );
    },
    apply({ first, then }, x, draw, wire) {
      if (first.k === x.length) return apply(then, x, draw, wire);
      if (draw.kind !== "composed" || draw.first.kind !== "indices") throw new Error(`got ${draw.kind}`);
      const subset = [...draw.first.indices];
      const kept = apply(then, at(x, subset), draw.then, wire);
      const q = new Float64Array(x.length);
      for (const [i, j] of subset.entries()) q[j] = (x.length / first.k) * kept[i]!;
      return q;
    },
    size: ({ first, then }, _d, wire, nonZeros, draw) =>
      sizeOf(then, first.k, wire, nonZeros, draw.kind === "composed" ? draw.then : draw),
    // E|Q(x)|^2 - |x|^2, with E|Q_2(y)|^2 = |y|^2 + its variance.
    variance({ first, then }, x) {
      const subsets = allSubsets(x.length).filter((subset) => subset.length === first.k);
      const second = subsets.reduce((sum, subset) => {
        const kept = at(x, subset);
        return sum + (squared(kept) + varianceOf(then, kept)) / subsets.length;
      }, 0);
      return (x.length / first.k) ** 2 * second - squared(x);
    },
  },
  "top-k": {
    outcomes: lossless.outcomes,
    apply: ({ k }, x, _draw, wire) => largestOf(x, k).map((entry) => rounded(entry, wire)),
    size: ({ k }, d) => ({ bits: k === d ? 32 * d : k * (32 + Math.ceil(Math.log2(d))), floats: k }),
    variance: ({ k }, x) => squared(x) - squared(largestOf(x, k)),
  },
  natural: quantiser(
    (_spec, entry) => {
      const magnitude = Math.abs(entry);
      let low = 1;
      while (low > magnitude) low /= 2;
      while (2 * low <= magnitude) low *= 2;
      const sign = Math.sign(entry);
      return { up: 2 * sign * low, down: sign * low, probability: magnitude / low - 1 };
    },
    (_spec, d, wire) => ({ bits: (wire === "float32" ? 9 : 12) * d, floats: 0 }),
    false,
  ),
};

/** The formulas of a spec's kind. */
function referenceOf<S extends CompressorSpec>(spec: S): Reference<S> {
  return references[spec.kind] as unknown as Reference<S>;
}

/** All outcomes that have a positive probability, for a small d. */
export function outcomes(spec: CompressorSpec, x: Float64Array): Outcome[] {
  return referenceOf(spec).outcomes(spec, x);
}

/** Q(x) for a draw, by the formula. */
export function apply(
  spec: CompressorSpec,
  x: Float64Array,
  draw: Draw,
  wire: Wire,
  workers = WORKERS,
): Float64Array {
  return referenceOf(spec).apply(spec, x, draw, wire, workers);
}

/** The size of a message by the table of compressors. */
export function sizeOf(
  spec: CompressorSpec,
  d: number,
  wire: Wire,
  nonZeros: number,
  draw: Draw,
): MessageSize {
  return referenceOf(spec).size(spec, d, wire, nonZeros, draw);
}

/** E|Q(x) - x|^2 by the formula of the kind. */
export function varianceOf(spec: CompressorSpec, x: Float64Array): number {
  return referenceOf(spec).variance(spec, x);
}

/** A quantiser's coordinates in exact arithmetic (up to double rounding), whatever the wire; of other kinds undefined. */
export function coordinatesOf(spec: CompressorSpec, x: Float64Array): Coordinate[] | undefined {
  return referenceOf(spec).coordinates?.(spec, x);
}

/** The entries of x at these places. */
function at(x: Float64Array, places: readonly number[]): Float64Array {
  return Float64Array.from(places, (j) => x[j]!);
}

/** The k entries of largest magnitude, of equal ones the first; zeros elsewhere. */
function largestOf(x: Float64Array, k: number): Float64Array {
  const order = Array.from(x.keys()).sort((a, b) => Math.abs(x[b]!) - Math.abs(x[a]!) || a - b);
  const kept = new Set(order.slice(0, k));
  return x.map((entry, j) => (kept.has(j) ? entry : 0));
}

function allSubsets(d: number): number[][] {
  return Array.from({ length: 2 ** d }, (_, mask) =>
    Array.from({ length: d }, (_, j) => j).filter((j) => (mask >>> j) & 1),
  );
}
