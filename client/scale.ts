/** Asks a run that is under way to go on with another number of workers, or of participants. */
import { MarinaError } from "../shared/base/index.ts";
import { type ObjectStore, readOptional } from "../shared/cloud/index.ts";
import {
  checkpointKey,
  decodeCheckpoint,
  decodeResult,
  resultKey,
  type ScaleRequest,
  startingMembership,
  whyNotScaled,
} from "../shared/protocol/index.ts";
import type { Engine } from "./engines/engine.ts";
import { findManifest, findRun } from "./find.ts";

export interface ScaleOptions {
  /** n from then on. */
  readonly workers?: number;
  /** r of PP-MARINA from then on. */
  readonly participants?: number;
  /** Make the next round a dense one, rather than wait for one. */
  readonly now?: boolean;
}

/**
 * Asks the run to go on with others. @returns what to tell the user.
 * @throws MarinaError "usage" where the run can't follow, with the reason.
 */
export async function requestScale(
  engine: Pick<Engine, "live" | "command">,
  run: string,
  options: ScaleOptions,
): Promise<string> {
  const { workers = null, participants = null, now = false } = options;
  if (workers === null && participants === null) {
    throw new MarinaError("usage", "scale: say what to change: --workers N, or --participants R (pp-marina)");
  }
  await check(engine.live, run, workers, participants);
  const request: ScaleRequest = { request: Date.now(), workers, participants, now };
  await engine.command(run, { kind: "scale", ...request });
  const what = [
    workers === null ? [] : [`${workers} workers`],
    participants === null ? [] : [`${participants} participants`],
  ].flat();
  const when =
    workers === null
      ? "from its next round on"
      : now
        ? "at a dense round, at once"
        : "at its next dense round";
  return `asked ${run} to go on with ${what.join(" and ")} ${when}; see: marina watch ${run}`;
}

async function check(
  objects: Pick<ObjectStore, "get" | "list">,
  run: string,
  workers: number | null,
  participants: number | null,
): Promise<void> {
  const { spec } = await findRun(objects, run);
  const result = await readOptional(objects, resultKey(run), decodeResult);
  if (result !== undefined) {
    throw new MarinaError("usage", `run ${run} is not under way: it is ${result.status}`);
  }
  // The rows limit the workers alone.
  const rows = workers === null ? Number.POSITIVE_INFINITY : (await findManifest(objects, spec.data)).rows;
  const checkpoint = await readOptional(objects, checkpointKey(run), decodeCheckpoint);
  const now = checkpoint?.elastic.phases.at(-1) ?? startingMembership(spec);
  const why = whyNotScaled(run, spec, now, { workers, participants }, rows);
  if (why !== undefined) throw new MarinaError("usage", why);
}
