/** "did you mean": the nearest of the known names, when it is near. */
import { closest, distance } from "fastest-levenshtein";

export function nearest(name: string, known: readonly string[]): string {
  if (known.length === 0) return "";
  const near = closest(name, known);
  if (distance(name, near) <= Math.max(2, Math.ceil(near.length / 3))) return ` (did you mean "${near}"?)`;
  return known.length <= 8 ? ` (there are: ${known.join(", ")})` : "";
}
