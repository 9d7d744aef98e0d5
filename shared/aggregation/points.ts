/** Vectors of which only some entries may be other than zero, and what the rules need of them: O(K) each. */

export interface SparseVector {
  /** Entries that may be other than zero, increasing; undefined: all. */
  readonly indices: Uint32Array | undefined;
  /** One number for each of them. */
  readonly values: Float64Array;
}

/** Vectors over the entries that any of them has: what is zero in all is left out. */
export interface Cloud {
  readonly points: readonly SparseVector[];
  /** Where entry j of the points lies in R^d; undefined: there. */
  readonly support: Uint32Array | undefined;
  /** Entries of a vector over the support. */
  readonly size: number;
}

/** The vectors over their common support; those with all entries are of one length. Takes what sorting all indices takes. */
export function cloudOf(vectors: readonly SparseVector[]): Cloud {
  const whole = vectors.find(({ indices }) => indices === undefined);
  if (whole !== undefined) return { points: vectors, support: undefined, size: whole.values.length };
  const all = new Uint32Array(vectors.reduce((sum, { values }) => sum + values.length, 0));
  let at = 0;
  for (const { indices } of vectors) {
    all.set(indices!, at);
    at += indices!.length;
  }
  all.sort();
  const support = all.filter((j, k) => k === 0 || j !== all[k - 1]);
  return {
    points: vectors.map(({ indices, values }) => ({ indices: placesOf(indices!, support), values })),
    support,
    size: support.length,
  };
}

/** Where the indices stand in the support; both increase. */
function placesOf(indices: Uint32Array, support: Uint32Array): Uint32Array {
  let place = 0;
  return indices.map((j) => {
    // Where gaps are long a step at a time would cost the length of the support for each vector.
    let step = 1;
    while (place + step < support.length && support[place + step]! <= j) step *= 2;
    let high = Math.min(place + step, support.length - 1);
    while (place < high) {
      const middle = (place + high) >>> 1;
      if (support[middle]! < j) place = middle + 1;
      else high = middle;
    }
    return place;
  });
}

/** A vector over a cloud's support as one of R^d. @param dimension d */
export function spread(v: Float64Array, { support }: Cloud, dimension: number): Float64Array {
  if (support === undefined) return v;
  const whole = new Float64Array(dimension);
  for (let i = 0; i < support.length; i++) whole[support[i]!] = v[i]!;
  return whole;
}

/** out = sum_i weights_i x_i, in the order of the points. */
export function weightedSum(
  points: readonly SparseVector[],
  weights: Float64Array,
  out: Float64Array,
): Float64Array {
  out.fill(0);
  for (const [i, { indices, values }] of points.entries()) {
    const weight = weights[i]!;
    if (weight === 0) continue;
    if (indices === undefined) for (let j = 0; j < out.length; j++) out[j] = out[j]! + weight * values[j]!;
    else
      for (let k = 0; k < indices.length; k++) {
        const j = indices[k]!;
        out[j] = out[j]! + weight * values[k]!;
      }
  }
  return out;
}

/** |x_i - v| of each; Infinity where its square is too large for a number. */
export function distances(points: readonly SparseVector[], v: Float64Array): Float64Array {
  let whole = 0;
  for (let j = 0; j < v.length; j++) whole += v[j]! * v[j]!;
  return Float64Array.from(points, ({ indices, values }) => {
    let inside = 0;
    // Of v, where the point has no entries.
    let outside = indices === undefined ? 0 : whole;
    for (let k = 0; k < values.length; k++) {
      const own = v[indices === undefined ? k : indices[k]!]!;
      const difference = values[k]! - own;
      inside += difference * difference;
      if (indices !== undefined) outside -= own * own;
    }
    return Math.sqrt(inside + Math.max(0, outside));
  });
}

/** |x| */
export function sizeOf({ values }: SparseVector): number {
  let sum = 0;
  for (let k = 0; k < values.length; k++) sum += values[k]! * values[k]!;
  return Math.sqrt(sum);
}

/** x, or as much of it as makes its norm `longest`: clip(x) = min(1, longest/|x|) x. */
export function clipped(x: SparseVector, longest: number): SparseVector {
  const size = sizeOf(x);
  if (size <= longest) return x;
  const factor = longest / size;
  return { indices: x.indices, values: x.values.map((value) => (factor === 0 ? 0 : factor * value)) };
}

/** (1/n) sum_i x_i, slot by slot, divided at the end: the arithmetic of a plain round. */
export function meanOf(vectors: readonly SparseVector[], dimension: number): Float64Array {
  const sum = weightedSum(vectors, new Float64Array(vectors.length).fill(1), new Float64Array(dimension));
  for (let j = 0; j < dimension; j++) sum[j] = sum[j]! / vectors.length;
  return sum;
}
