/** Fewer points of a long curve, chosen so that its picture stays the same. */

/**
 * Positions to keep of `values`, ascending, at most about `budget`. The curve is cut into pieces, half of them equally
 * long and half equally long on a logarithmic axis, so that both kinds of axes look complete; of each piece the first
 * entry, the least and the largest stay, so spikes do too. The last entry always stays. Null entries are no extremes.
 */
export function thin(values: readonly (number | null)[], budget: number): number[] {
  const { length } = values;
  if (length <= budget) return Array.from({ length }, (_, i) => i);
  const kept = new Set<number>([0, length - 1]);
  for (const [from, to] of pieces(length, Math.max(2, Math.floor(budget / 3)))) {
    let least = from;
    let largest = from;
    for (let i = from; i < to; i++) {
      const value = values[i] ?? null;
      if (value === null) continue;
      if (value < (values[least] ?? Number.POSITIVE_INFINITY)) least = i;
      if (value > (values[largest] ?? Number.NEGATIVE_INFINITY)) largest = i;
    }
    kept.add(from).add(least).add(largest);
  }
  return [...kept].sort((a, b) => a - b);
}

/** Positions from 0 to `last`, half of them equally far apart and half so on a logarithmic axis; both ends included. */
export function spread(last: number, count: number): number[] {
  const half = Math.max(2, Math.floor(count / 2));
  const at = new Set<number>([0, last]);
  for (let i = 0; i < half; i++) {
    at.add((last * i) / (half - 1));
    // Four decades of the axis.
    at.add(last * 10 ** (-4 * (1 - i / (half - 1))));
  }
  return [...at].sort((a, b) => a - b);
}

function* pieces(length: number, count: number): Generator<readonly [from: number, to: number]> {
  const edges = [...new Set(spread(length, count).map(Math.floor))].sort((a, b) => a - b);
  for (let i = 0; i + 1 < edges.length; i++) yield [edges[i]!, edges[i + 1]!];
}
