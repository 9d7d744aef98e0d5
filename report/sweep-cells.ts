/** What a sweep's results.json tells of its cells, checked at the door, and the curves that they make. */

import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { MarinaError } from "../shared/base/index.ts";
import { methodLabel } from "../shared/methods/index.ts";
import { canonicalJson, parseRunSpec, type RunSpec } from "../shared/protocol/index.ts";
import { isSetByLabel, phaseSchema, valueText } from "../sweep/index.ts";

const cellSchema = z.object({
  label: z.string().nullable(),
  axes: z.record(z.string(), z.unknown()),
  seed: z.number(),
  confirms: z.literal(true).optional(),
  deployed: z.object({ run: z.string() }).optional(),
  spec: z.unknown(),
  result: z.object({
    digest: z.string(),
    status: z.enum(["stopped", "done", "failed", "diverged"]),
    stoppedBy: z.string().nullable(),
    error: z.string().nullable(),
    reached: z.boolean(),
    rounds: z.number(),
    loss: z.number().nullable(),
    relativeGradientNormSquared: z.number().nullable(),
    uplinkBitsPerWorker: z.number(),
    seconds: z.number(),
    usd: z.number(),
    functionsUsd: z.number(),
    queuesUsd: z.number(),
    objectsUsd: z.number(),
    usdByItem: z.record(z.string(), z.number()).exactOptional(),
    stepSize: z.number(),
    probability: z.number(),
    resentTasks: z.number(),
    iterateSha256: z.string(),
    phases: z.array(phaseSchema),
  }),
});

export type SweepCell = Omit<z.infer<typeof cellSchema>, "spec"> & { readonly spec: RunSpec };

/** Cells that differ in their seed only. */
export interface CellGroup {
  /** Unique within the sweep. */
  readonly name: string;
  /** What the sweep varied, of this group: field -> value, for people. */
  readonly settings: Readonly<Record<string, string>>;
  readonly cells: readonly SweepCell[];
}

/** The results file of a path that names one, or a sweep's folder; undefined where it is neither, but a run's name. */
export function sweepFile(path: string): string | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat?.isFile() === true) return path;
  if (stat?.isDirectory() !== true) return undefined;
  const inside = join(path, "results.json");
  return statSync(inside, { throwIfNoEntry: false })?.isFile() === true ? inside : undefined;
}

/** @throws MarinaError "spec" when the file is not a sweep's results. */
export function readCells(path: string): SweepCell[] {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new MarinaError(
      "spec",
      `${path}: expected the results.json of a sweep, got something that is not JSON`,
      { cause: error },
    );
  }
  const parsed = z.array(cellSchema).min(1).safeParse(value);
  if (parsed.success) return parsed.data.map((cell) => ({ ...cell, spec: parseRunSpec(cell.spec, path) }));
  const issue = parsed.error.issues[0];
  throw new MarinaError(
    "spec",
    `${path}: expected the results.json that marina sweep writes; at ${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`,
  );
}

/** In the order of their first cells. */
export function groupCells(cells: readonly SweepCell[]): CellGroup[] {
  const byKey = new Map<string, SweepCell[]>();
  for (const cell of cells) {
    // What confirms a choice is kept apart from what the choice was made by.
    const key = canonicalJson([cell.label, cell.axes, cell.confirms ?? false]);
    const group = byKey.get(key);
    if (group === undefined) byKey.set(key, [cell]);
    else group.push(cell);
  }
  const groups = [...byKey.values()];
  const settings = settingsOf(groups.map((members) => members[0]!));
  const names = unique(
    groups.map(([first], i) => {
      const said = Object.entries(settings[i]!).map(([field, text]) =>
        field === "run" ? text : `${field} ${text}`,
      );
      if (first!.confirms === true) said.push("confirmed with other seeds");
      return said.length === 0 ? methodLabel(first!.spec.algorithm) : said.join(", ");
    }),
  );
  return groups.map((members, i) => ({ name: names[i]!, settings: settings[i]!, cells: members }));
}

/** Label and fields in which the groups differ; a field that the label sets is said by it. */
function settingsOf(groups: readonly SweepCell[]): Readonly<Record<string, string>>[] {
  const labelled = groups.some(({ label }) => label !== null);
  const paths = [...new Set(groups.flatMap(({ axes }) => Object.keys(axes)))].filter(
    (path) => path !== "seed" && !(labelled && isSetByLabel(groups, path)),
  );
  const texts = groups.map(({ axes }) => paths.map((path) => valueText(axes[path])));
  const shown = paths.flatMap((path, i) => {
    const differs = new Set(texts.map((row) => row[i])).size > 1;
    return differs ? [{ field: fieldName(path, paths), at: i }] : [];
  });
  return groups.map(({ label }, g) =>
    Object.fromEntries([
      ...(labelled ? [["run", label ?? "-"] as const] : []),
      ...shown.map(({ field, at }) => [field, texts[g]![at]!] as const),
    ]),
  );
}

/** The path's last word, where no other path ends with it. */
function fieldName(path: string, among: readonly string[]): string {
  const last = path.slice(path.lastIndexOf(".") + 1);
  if (path.startsWith("stop.")) return `limit of ${last}`;
  const shared = among.some((other) => other !== path && other.slice(other.lastIndexOf(".") + 1) === last);
  return shared || last === "run" ? path : last;
}

function unique(names: readonly string[]): string[] {
  const seen = new Map<string, number>();
  return names.map((name) => {
    const times = (seen.get(name) ?? 0) + 1;
    seen.set(name, times);
    return times > 1 ? `${name} (${times})` : name;
  });
}
