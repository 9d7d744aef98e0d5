/** A run in the hands of one tenure of the aggregator: what every step of it needs. */

import { compressorOf } from "../../shared/algorithms/registry.ts";
import type { Ports, QueueAddress } from "../../shared/cloud/ports.ts";
import type { Compressor } from "../../shared/compressors/compressor.ts";
import { createCompressor } from "../../shared/compressors/registry.ts";
import { type Manifest, parseManifest } from "../../shared/data/manifest.ts";
import { rowsUsed } from "../../shared/data/partition.ts";
import { MarinaError } from "../../shared/math/errors.ts";
import { manifestKey, specKey } from "../../shared/protocol/keys.ts";
import { decodeStoredRun, runDigest, type StoredRun } from "../../shared/protocol/run.ts";
import type { RunSpec } from "../../shared/protocol/spec.ts";
import type { Point, Task, TaskKind } from "../../shared/protocol/task.ts";
import type { Inbox } from "./inbox.ts";
import { shardsPerTaskOf } from "./packing.ts";

export interface ActiveRun {
  readonly ports: Ports;
  readonly run: string;
  readonly digest: string;
  readonly spec: RunSpec;
  readonly manifest: Manifest;
  /** d */
  readonly dimension: number;
  /** N, rows used. */
  readonly rows: number;
  readonly compressor: Compressor;
  readonly dense: Compressor;
  /** b: neighbouring workers that one task does the work of. */
  readonly shardsPerTask: number;
  readonly taskQueue: QueueAddress;
  /** The run's own queue of contributions. */
  readonly replyTo: QueueAddress;
  readonly inbox: Inbox;
  /** Late tasks are sent again before they are overdue; true by default. */
  readonly hedging?: boolean;
}

export interface StoredSpec extends StoredRun {
  readonly digest: string;
}

/** The run's description. */
export async function loadStored({ objects }: Ports, run: string): Promise<StoredSpec> {
  const key = specKey(run);
  const stored = decodeStoredRun((await objects.get(key)).body, key);
  return { ...stored, digest: runDigest(stored) };
}

/** The run's description and data set, read and checked. */
export async function loadRun(
  ports: Ports,
  run: string,
): Promise<Omit<ActiveRun, "taskQueue" | "replyTo" | "inbox" | "hedging">> {
  const stored = await loadStored(ports, run);
  const { spec, digest } = stored;
  const name = manifestKey(spec.data);
  const manifest = parseManifest((await ports.objects.get(name)).body, name);
  if (manifest.object.sha256 !== stored.data.sha256) {
    throw new MarinaError(
      "corrupt",
      `${name}: data set "${spec.data}" was replaced since run ${run} began; start a new run`,
    );
  }
  const { dimension } = manifest;
  return {
    ports,
    run,
    digest,
    spec,
    manifest,
    dimension,
    rows: rowsUsed(manifest.rows, spec.workers, spec.remainder),
    compressor: createCompressor(compressorOf(spec.algorithm), dimension, spec.wire),
    dense: createCompressor({ kind: "identity" }, dimension, spec.wire),
    shardsPerTask: shardsPerTaskOf(spec, manifest),
  };
}

/** What the tasks of one exchange have in common. */
export interface Assignment {
  readonly kind: TaskKind;
  readonly round: number;
  readonly evaluate: boolean;
  readonly memoryFloor: number;
  readonly points: readonly Point[];
  readonly pointRounds: readonly number[];
}

/** Tasks for these workers; slots are numbered from `firstSlot`. */
export function tasksFor(
  active: ActiveRun,
  assignment: Assignment,
  workers: Iterable<number>,
  firstSlot = 0,
): Task[] {
  const { run, digest: digestOfRun, replyTo } = active;
  return Array.from(workers, (worker, i) => ({
    ...assignment,
    run,
    runDigest: digestOfRun,
    replyTo,
    slot: firstSlot + i,
    worker,
  }));
}
