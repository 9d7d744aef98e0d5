/** For tests and benchmarks: the shipped data sets as shards and objectives, through the importer and the stored form. */
import { createReadStream } from "node:fs";
import { fileURLToPath } from "node:url";
import type { LinearSpec } from "../../problems/linear/losses.ts";
import { createObjective } from "../../problems/linear/objective.ts";
import type { Objective, Shard } from "../../problems/problem.ts";
import { importLibsvm } from "../import.ts";
import type { Manifest } from "../manifest.ts";
import { partition } from "../partition.ts";
import { shardRange } from "../rows/pieces.ts";
import { openShard } from "../rows/shard.ts";
import { memoryStore } from "./memory-store.ts";

export type ShippedName = "mushrooms" | "a9a" | "w8a";

/** Path of a data set that the project ships. */
export function shippedFile(name: ShippedName): string {
  return fileURLToPath(new URL(`../../../experiments/data/${name}.gz`, import.meta.url));
}

export interface LoadedData {
  readonly shards: readonly Shard[];
  readonly objectives: (problem: LinearSpec) => Objective[];
  /** N */
  readonly rows: number;
  readonly features: number;
}

interface Imported {
  readonly manifest: Manifest;
  readonly body: Uint8Array;
}

/** What was imported in this process: an import takes longer than most tests of what is imported. */
const imported = new Map<ShippedName, Promise<Imported>>();

function importOnce(name: ShippedName): Promise<Imported> {
  let found = imported.get(name);
  if (found === undefined) {
    found = importShipped(name);
    imported.set(name, found);
  }
  return found;
}

async function importShipped(name: ShippedName): Promise<Imported> {
  const objects = memoryStore();
  const options = { name, sourceName: `${name}.gz`, labels: "binary", objects } as const;
  const manifest = await importLibsvm(createReadStream(shippedFile(name)), options);
  const { body } = await objects.get(manifest.object.key);
  return { manifest, body };
}

/** A shipped data set split among n workers. */
export async function loadShipped(
  name: ShippedName,
  workers: number,
  remainder: "drop" | "spread",
): Promise<LoadedData> {
  const { manifest, body } = await importOnce(name);
  const parts = partition(manifest.rows, workers, remainder);
  const rows = parts.reduce((sum, { count }) => sum + count, 0);
  const shards = parts.map(({ first, count }) => {
    const range = shardRange(manifest, first, count);
    return openShard(manifest, first, count, body.subarray(range.start, range.end), range);
  });
  return {
    shards,
    rows,
    features: manifest.featureCount,
    objectives: (problem) =>
      shards.map((shard) =>
        createObjective(problem, shard, {
          rowWeight: workers / rows,
          regularizerWeight: (workers * shard.rows) / rows,
        }),
      ),
  };
}
