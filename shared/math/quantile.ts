/** Quantiles of a sample. */

/**
 * The quantile at `share` of an ascending sample, linear between neighbours (R's type 7, numpy's default).
 * @param sorted at least one entry.
 */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  const at = (sorted.length - 1) * share;
  const below = Math.floor(at);
  const low = sorted[below]!;
  // On an entry its neighbour, which may be infinite, has no say.
  if (at === below) return low;
  const high = sorted[below + 1]!;
  // Equal neighbours stay what they are, infinite ones too.
  return low === high ? low : low + (high - low) * (at - below);
}
