/** One line of several parts, for terminals of any width. */

/** Of those that have a rank the part of the highest is the first to go where there is no room. */
export type Part = readonly [text: string, rank?: number];

/**
 * The parts that fit, in their order; what still does not fit is cut.
 * @param width characters; undefined: as many as there are
 */
export function fitted(parts: readonly Part[], width: number | undefined, separator = "  "): string {
  let kept = parts.filter(([text]) => text !== "");
  const line = (): string => kept.map(([text]) => text).join(separator);
  if (width === undefined) return line();
  while ([...line()].length > width) {
    const ranked = kept.filter(([, rank]) => rank !== undefined);
    if (ranked.length === 0) return `${[...line()].slice(0, width - 1).join("")}…`;
    const last = ranked.reduce((a, b) => (b[1]! >= a[1]! ? b : a));
    kept = kept.filter((part) => part !== last);
  }
  return line();
}
