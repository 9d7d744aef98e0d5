/** Where two specs differ, field by field. */

export interface FieldDifference {
  /** As `--set` takes it: algorithm.compressor.k */
  readonly field: string;
  /** Undefined where a spec does not have the field. */
  readonly values: readonly [first: unknown, second: unknown];
}

/** In order of the first one's fields, then of those that the second one alone has. Lists are compared as wholes. */
export function specDifference(first: unknown, second: unknown): FieldDifference[] {
  const [left, right] = [leavesOf(first), leavesOf(second)];
  return [...new Set([...left.keys(), ...right.keys()])]
    .map((field): FieldDifference => ({ field, values: [left.get(field), right.get(field)] }))
    .filter(({ values: [a, b] }) => JSON.stringify(a) !== JSON.stringify(b));
}

function leavesOf(value: unknown, path: readonly string[] = []): Map<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return new Map([[path.join("."), value]]);
  return new Map(Object.entries(value).flatMap(([key, inner]) => [...leavesOf(inner, [...path, key])]));
}
