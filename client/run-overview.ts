/** All runs of a store in short: what they are, how far they are, why they ended, and what they took. */
import { MarinaError } from "../shared/base/index.ts";
import type { StoredFile } from "../shared/cloud/aws/index.ts";
import { readOptional } from "../shared/cloud/index.ts";
import {
  type Checkpoint,
  decodeStoredRun,
  labelsKey,
  NO_LABELS,
  type RunLabels,
  type RunResult,
  type RunSpec,
  runPrefix,
  runsPrefix,
  specKey,
} from "../shared/protocol/index.ts";
import type { Engine } from "./engines/engine.ts";
import type { Liveness } from "./engines/liveness.ts";
import { findRun } from "./find.ts";
import { readLabels } from "./labels.ts";
import { namesIn } from "./run-names.ts";
import { standingOf } from "./standing.ts";

export interface RunOverview {
  readonly run: string;
  readonly spec: RunSpec;
  /** Of the rows that it was begun with. */
  readonly dataSha256: string;
  /** When it was begun, or taken in from elsewhere, in milliseconds since 1970. */
  readonly createdAt: number;
  readonly storedBytes: number;
  readonly labels: RunLabels;
  /** Of a run that has ended. */
  readonly result: RunResult | undefined;
  /** Of one that has not. */
  readonly liveness: Liveness | undefined;
  readonly checkpoint: Checkpoint | undefined;
}

/** In order of their names. */
export async function runOverviews(engine: Engine): Promise<RunOverview[]> {
  const files = await engine.inventory(runsPrefix);
  const byRun = Map.groupBy(files, ({ key }) => key.split("/")[1]!);
  const found = await Promise.all(
    namesIn(files.map(({ key }) => key)).map((run) => overviewOf(engine, run, byRun.get(run) ?? [])),
  );
  // Without those that were deleted since they were listed.
  return found.filter((one) => one !== undefined);
}

/** @throws MarinaError "usage" with the nearest name. */
export async function runOverview(engine: Engine, run: string): Promise<RunOverview> {
  await findRun(engine.live, run);
  const found = await overviewOf(engine, run, await engine.inventory(runPrefix(run)));
  if (found === undefined) throw new MarinaError("not-found", `run ${run} was deleted`);
  return found;
}

async function overviewOf(
  engine: Engine,
  run: string,
  files: readonly StoredFile[],
): Promise<RunOverview | undefined> {
  const description = files.find(({ key }) => key === specKey(run));
  const stored = await readOptional(engine.live, specKey(run), decodeStoredRun);
  if (stored === undefined || description === undefined) return undefined;
  const standing = await standingOf(engine, run);
  const { result } = standing;
  const hasLabels = files.some(({ key }) => key === labelsKey(run));
  return {
    run,
    spec: stored.spec,
    dataSha256: stored.data.sha256,
    createdAt: description.writtenAt,
    storedBytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    labels: hasLabels ? await readLabels(engine.live, run) : NO_LABELS,
    result,
    liveness: result === undefined ? standing.liveness : undefined,
    checkpoint: result === undefined ? standing.checkpoint : undefined,
  };
}
