/** Selection: the k-th largest of a list, without sorting all of it. */

/**
 * The k-th largest entry, equal ones counted as often as they come. Hoare's selection with the median of three as its
 * pivot: O(length) expected, equal entries included. Reorders the list.
 * @param values no NaN. @param k integer, 1 <= k <= values.length.
 * @see Hoare, "Algorithm 65: Find", CACM 4(7), 1961.
 */
export function kthLargest(values: Float64Array, k: number): number {
  const at = values.length - k;
  let low = 0;
  let high = values.length - 1;
  while (low < high) {
    const pivot = medianOfThree(values[low]!, values[(low + high) >>> 1]!, values[high]!);
    let i = low;
    let j = high;
    while (i <= j) {
      while (values[i]! < pivot) i++;
      while (values[j]! > pivot) j--;
      if (i > j) break;
      const swapped = values[i]!;
      values[i++] = values[j]!;
      values[j--] = swapped;
    }
    // values[low .. j] <= pivot <= values[i .. high], and what lies between is the pivot.
    if (at <= j) high = j;
    else if (at >= i) low = i;
    else break;
  }
  return values[at]!;
}

function medianOfThree(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}
