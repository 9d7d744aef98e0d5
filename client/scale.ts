/** Asks a run that is under way to go on with another number of workers, or of participants. */
import { MarinaError } from "../shared/base/index.ts";
import { readOptional } from "../shared/cloud/index.ts";
import { dataForm, type Manifest } from "../shared/data/index.ts";
import { openProblem } from "../shared/problems/index.ts";
import {
  checkpointKey,
  decodeCheckpoint,
  decodeResult,
  type RunSpec,
  resultKey,
  type ScaleRequest,
  startingMembership,
  whyNotScaled,
} from "../shared/protocol/index.ts";
import type { Engine } from "./engines/engine.ts";
import { findManifest, findRun } from "./find.ts";
import { checkMemory } from "./preflight.ts";
import { checkMachine } from "./vector-memory.ts";

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
  engine: Pick<Engine, "live" | "command" | "stack" | "machineBytes">,
  run: string,
  options: ScaleOptions,
): Promise<string> {
  const { workers = null, participants = null, now = false } = options;
  if (workers === null && participants === null) {
    throw new MarinaError("usage", "scale: say what to change: --workers N, or --participants R (pp-marina)");
  }
  await check(engine, run, workers, participants);
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
  engine: Pick<Engine, "live" | "stack" | "machineBytes">,
  run: string,
  workers: number | null,
  participants: number | null,
): Promise<void> {
  const { live: objects } = engine;
  const { spec } = await findRun(objects, run);
  const result = await readOptional(objects, resultKey(run), decodeResult);
  if (result !== undefined) {
    throw new MarinaError("usage", `run ${run} is not under way: it is ${result.status}`);
  }
  // The rows limit the workers alone.
  const manifest = workers === null ? undefined : await findManifest(objects, spec.data);
  const rows = manifest?.rows ?? Number.POSITIVE_INFINITY;
  const checkpoint = await readOptional(objects, checkpointKey(run), decodeCheckpoint);
  const now = checkpoint?.elastic.phases.at(-1) ?? startingMembership(spec);
  const why = whyNotScaled(run, spec, now, { workers, participants }, rows);
  if (why !== undefined) throw new MarinaError("usage", why);
  if (workers !== null && manifest !== undefined) checkMemoryFor(engine, run, { ...spec, workers }, manifest);
}

/** Whoever holds a round of so many answers: the aggregator's function, or this machine. @throws MarinaError "limit" */
function checkMemoryFor(
  { stack, machineBytes }: Pick<Engine, "stack" | "machineBytes">,
  run: string,
  spec: RunSpec,
  manifest: Manifest,
): void {
  const problem = openProblem(spec.problem, dataForm(manifest));
  if (machineBytes !== undefined) checkMachine(spec, manifest, problem, machineBytes);
  if (stack === undefined) return;
  const { good, text } = checkMemory(spec, problem, { memoryMb: stack.aggregatorMemoryMb });
  if (!good) throw new MarinaError("limit", `run ${run} with ${spec.workers} workers: ${text}`);
}
