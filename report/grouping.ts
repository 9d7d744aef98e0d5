/** Which runs make one curve, and what it is called. */

import type { CollectedRun } from "../client/index.ts";
import { methodLabel } from "../shared/methods/index.ts";
import { canonicalJson, type RunSpec } from "../shared/protocol/index.ts";

export interface Group {
  readonly name: string;
  readonly runs: readonly CollectedRun[];
}

/** Runs that differ in nothing but name and seed are one group, in the order in which they came. */
export function groupRuns(runs: readonly CollectedRun[]): Group[] {
  const byKey = new Map<string, CollectedRun[]>();
  for (const run of runs) {
    const key = canonicalJson({ spec: essence(run.stored.spec), data: run.stored.data.sha256 });
    const group = byKey.get(key);
    if (group === undefined) byKey.set(key, [run]);
    else group.push(run);
  }
  const groups = [...byKey.values()];
  const names = nameGroups(groups);
  return groups.map((members, i) => ({ name: names[i]!, runs: members }));
}

/** The spec without what tells repetitions of an experiment apart. */
function essence(spec: RunSpec): Readonly<Record<string, unknown>> {
  const { name: _name, seed: _seed, $schema: _schema, ...rest } = spec;
  return rest;
}

/** The method; where that is the same for several, also the fields in which those differ; else also the run's name. */
function nameGroups(groups: readonly (readonly CollectedRun[])[]): string[] {
  const specs = groups.map((members) => members[0]!.stored.spec);
  const short = specs.map((spec) => methodLabel(spec.algorithm));
  const fields = specs.map((spec) => flatten(essence(spec)));
  const told = short.map((name, i) => {
    const twins = fields.filter((_, j) => short[j] === name);
    const differing = [...new Set(twins.flatMap((twin) => [...twin.keys()]))].filter(
      (path) => new Set(twins.map((twin) => twin.get(path))).size > 1,
    );
    const parts = differing.map((path) => fieldText(path, fields[i]!.get(path) ?? "-"));
    return [name, ...parts].join(", ");
  });
  return told.map((name, i) =>
    told.filter((other) => other === name).length > 1 ? `${name} (${groups[i]![0]!.stored.run})` : name,
  );
}

/** A limit is called one: beside rounds and dollars that were used it would be taken for a result. */
const LIMITS: Readonly<Record<string, (value: string) => string>> = {
  "stop.rounds": (value) => `limit ${Number(value).toLocaleString("en-US")} rounds`,
  "stop.usd": (value) => `limit $${value}`,
  "stop.seconds": (value) => `limit ${value} s`,
  "stop.relativeGradientNormSquared": (value) => `until ‖∇f‖²/start ≤ ${value}`,
  "stop.gradientNormSquared": (value) => `until ‖∇f‖² ≤ ${value}`,
};

/** A field of a spec and its value, in the name of a curve. */
export function fieldText(path: string, value: string): string {
  const limit = LIMITS[path];
  if (limit !== undefined) return value === "-" ? `no ${path}` : limit(value);
  return `${path.slice(path.lastIndexOf(".") + 1)} ${value}`;
}

/** Leaves by their dotted path. */
function flatten(value: unknown, path = "", into = new Map<string, string>()): Map<string, string> {
  if (typeof value === "object" && value !== null) {
    for (const [key, inner] of Object.entries(value))
      flatten(inner, path === "" ? key : `${path}.${key}`, into);
  } else {
    into.set(path, String(value));
  }
  return into;
}
