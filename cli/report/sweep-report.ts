/** The report of a sweep, from the file that `marina sweep` leaves: figures of every cell, but no rounds. */
import { readFileSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import * as z from "zod";
import { MarinaError } from "../../shared/math/errors.ts";
import { canonicalJson } from "../../shared/protocol/digest.ts";
import { parseRunSpec } from "../../shared/protocol/spec.ts";
import { methodName } from "../output/report.ts";
import { meanOf, withFront } from "./build.ts";
import { shellWord } from "./recipe.ts";
import type { ReportData, RunSummary } from "./report-data.ts";

const BITS_PER_MBIT = 1e6;

const cellSchema = z.looseObject({
  label: z.string().nullable(),
  axes: z.record(z.string(), z.unknown()),
  seed: z.number(),
  spec: z.unknown(),
  result: z.looseObject({
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
    resentTasks: z.number(),
    iterateSha256: z.string(),
  }),
});
type Cell = z.infer<typeof cellSchema>;

/** The results file of a path that names one, or a sweep's folder; undefined where it is neither, but a run's name. */
export function sweepFile(path: string): string | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat?.isFile() === true) return path;
  if (stat?.isDirectory() !== true) return undefined;
  const inside = join(path, "results.json");
  return statSync(inside, { throwIfNoEntry: false })?.isFile() === true ? inside : undefined;
}

/** @throws MarinaError "spec" when the file is not a sweep's results. */
export function readSweepReport(path: string): ReportData {
  const cells = readCells(path);
  const groups = new Map<string, { name: string; cells: Cell[] }>();
  for (const cell of cells) {
    const key = canonicalJson({ label: cell.label, axes: cell.axes });
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { name: nameOf(cell, path), cells: [cell] });
    else group.cells.push(cell);
  }
  const all = [...groups.values()];
  makeUnique(all);
  const runs = all.flatMap(({ name, cells: members }) => members.map((cell) => summaryOf(cell, name, path)));
  return {
    title: `Sweep ${basename(dirname(resolve(path)))}`,
    predicts: true,
    billItems: ["functions", "queues", "objects"],
    series: all.map(({ name, cells: members }) => ({
      name,
      runs: members.map((cell) => `${name}, seed ${cell.seed}`),
      curve: null,
      bestLoss: null,
      usdByItem: meanOf(
        members.map(({ result }) => ({
          functions: result.functionsUsd,
          queues: result.queuesUsd,
          objects: result.objectsUsd,
        })),
      ),
      latency: null,
      workers: [],
    })),
    runs,
    reached: withFront(
      all.flatMap(({ name, cells: members }) =>
        members
          .filter(({ result }) => result.reached)
          .map(({ result, seed }) => ({
            run: `${name}, seed ${seed}`,
            series: name,
            seconds: result.seconds,
            usd: result.usd,
            uplinkMbit: result.uplinkBitsPerWorker / BITS_PER_MBIT,
          })),
      ),
    ),
    recipes: all.map(({ name, cells: [first] }) => {
      const spec = parseRunSpec(first!.spec, path);
      return {
        run: name,
        spec: JSON.stringify(spec, null, 2),
        constants: [["SHA-256 of the final iterate", first!.result.iterateSha256]],
        commands: `echo ${shellWord(JSON.stringify(spec))} | npx marina run -`,
      };
    }),
  };
}

function readCells(path: string): Cell[] {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new MarinaError(
      "spec",
      `${path}: expected the results.json of a sweep, got something that is not JSON`,
      {
        cause: error,
      },
    );
  }
  const parsed = z.array(cellSchema).min(1).safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new MarinaError(
    "spec",
    `${path}: expected the results.json that marina sweep writes; at ${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`,
  );
}

/** Its label and what the sweep varied. */
function nameOf({ label, axes, spec }: Cell, path: string): string {
  const settings = Object.entries(axes)
    .filter(([field]) => field !== "seed")
    .map(([field, value]) => `${field} ${typeof value === "string" ? value : canonicalJson(value)}`);
  const head = label === null ? [] : [label];
  const name = [...head, ...settings].join(", ");
  return name === "" ? methodName(parseRunSpec(spec, path).algorithm) : name;
}

/** Names are unique in a report. */
function makeUnique(groups: { name: string }[]): void {
  const seen = new Map<string, number>();
  for (const group of groups) {
    const times = (seen.get(group.name) ?? 0) + 1;
    seen.set(group.name, times);
    if (times > 1) group.name = `${group.name} (${times})`;
  }
}

function summaryOf({ result, seed, spec }: Cell, series: string, path: string): RunSummary {
  const { data, workers } = parseRunSpec(spec, path);
  return {
    run: `${series}, seed ${seed}`,
    series,
    data,
    workers,
    seed,
    status: result.status,
    ended: result.error ?? (result.reached ? "accuracy reached" : (result.stoppedBy ?? result.status)),
    rounds: result.rounds,
    loss: result.loss,
    gradientNormSquared: null,
    relativeGradientNormSquared: result.relativeGradientNormSquared,
    uplinkMbit: result.uplinkBitsPerWorker / BITS_PER_MBIT,
    seconds: result.seconds,
    usd: result.usd,
    resentTasks: result.resentTasks,
  };
}
