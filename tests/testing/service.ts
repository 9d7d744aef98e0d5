/** For tests: the whole service on the embedded cloud, with mushrooms in it, and runs driven to their ends. */
import { createReadStream } from "node:fs";
import { commandBody, type RunCommand } from "../../cli/engines/commands.ts";
import { createEmbeddedService, type EmbeddedService, type ServiceOptions } from "../../embedded/service.ts";
import type { ObjectStore, StoredObject } from "../../shared/cloud/ports.ts";
import { importLibsvm } from "../../shared/data/import.ts";
import { parseManifest } from "../../shared/data/manifest.ts";
import { shippedFile } from "../../shared/data/testing/load.ts";
import { memoryStore } from "../../shared/data/testing/memory-store.ts";
import { MarinaError } from "../../shared/math/errors.ts";
import { type Checkpoint, decodeCheckpoint } from "../../shared/protocol/checkpoint.ts";
import {
  checkpointKey,
  contributionsQueueName,
  manifestKey,
  resultKey,
  roundsPrefix,
  specKey,
} from "../../shared/protocol/keys.ts";
import { decodeResult, type RunResult } from "../../shared/protocol/result.ts";
import { decodeRounds, type RoundRecord } from "../../shared/protocol/round-record.ts";
import { type ControlMessage, encodeStoredRun } from "../../shared/protocol/run.ts";
import { parseRunSpec, type RunSpecInput } from "../../shared/protocol/spec.ts";

export const DATA = "mushrooms";

/** By the virtual clock: no run of a test takes so long. */
const LONGEST_RUN_SECONDS = 4 * 3600;

/** Mushrooms as imported, to be copied into every cloud: an import takes longer than a run. */
let imported: Promise<ObjectStore> | undefined;

async function importOnce(): Promise<ObjectStore> {
  const objects = memoryStore();
  const source = createReadStream(shippedFile(DATA));
  await importLibsvm(source, { name: DATA, sourceName: `${DATA}.gz`, labels: "binary", objects });
  return objects;
}

/** A service whose object store holds mushrooms. */
export async function serviceWith(options: Partial<ServiceOptions> = {}): Promise<EmbeddedService> {
  const service = createEmbeddedService({ seed: 1, latencies: "none", ...options });
  const { objects } = service.cloud.client;
  imported ??= importOnce();
  const source = await imported;
  const existing = await objects.list(manifestKey(DATA));
  if (existing.length > 0) return service;
  for (const key of await source.list("")) await objects.put(key, (await source.get(key)).body);
  return service;
}

/** Stores a run of this name. */
export async function createRun({ cloud }: EmbeddedService, run: string, spec: RunSpecInput): Promise<void> {
  const { objects } = cloud.client;
  const key = manifestKey(spec.data);
  const { object } = parseManifest((await objects.get(key)).body, key);
  const stored = {
    version: 1,
    run,
    spec: parseRunSpec(spec, "test"),
    data: { sha256: object.sha256, etag: object.etag },
  } as const;
  await objects.put(specKey(run), encodeStoredRun(stored), { ifNoneMatch: "*" });
}

/** Sends a control message and waits for the run's result. */
export async function drive(
  service: EmbeddedService,
  run: string,
  message: Pick<ControlMessage, "action" | "tenure">,
): Promise<RunResult> {
  await service.cloud.client.objects.delete(resultKey(run));
  await service.control({ version: 1, run, ...message });
  return service.cloud.run(resultOf(service, run));
}

export async function resultOf(
  { cloud, controlDeadLetters }: EmbeddedService,
  run: string,
): Promise<RunResult> {
  const key = resultKey(run);
  const deadline = cloud.clock.now() + 1000 * LONGEST_RUN_SECONDS;
  for (;;) {
    const found = await optional(() => cloud.client.objects.get(key));
    if (found !== undefined) return decodeResult(found.body, key);
    if (cloud.queue(controlDeadLetters).waiting > 0)
      throw new Error(`run ${run}: its control message is dead`);
    if (cloud.clock.now() > deadline) throw new Error(`run ${run}: no result after ${LONGEST_RUN_SECONDS} s`);
    await cloud.clock.sleep(1000);
  }
}

async function optional(read: () => Promise<StoredObject>): Promise<StoredObject | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof MarinaError && error.code === "not-found") return undefined;
    throw error;
  }
}

/** A new run from its start to its end. */
export async function runToEnd(
  service: EmbeddedService,
  run: string,
  spec: RunSpecInput,
): Promise<RunResult> {
  await createRun(service, run, spec);
  return drive(service, run, { action: "start", tenure: 0 });
}

export async function checkpointOf({ cloud }: EmbeddedService, run: string): Promise<Checkpoint> {
  const key = checkpointKey(run);
  return decodeCheckpoint((await cloud.client.objects.get(key)).body, key);
}

/** Goes on with a run that has ended as stopped or failed. */
export async function resume(service: EmbeddedService, run: string): Promise<RunResult> {
  const { tenure } = await checkpointOf(service, run);
  return drive(service, run, { action: "resume", tenure: tenure + 1 });
}

/** Tells a run that is under way to stop, or to go on with others, as the command line does. */
export async function command(service: EmbeddedService, run: string, command: RunCommand): Promise<void> {
  const { objects, queues } = service.cloud.client;
  const body = await commandBody(objects, run, command);
  await queues.send(await queues.address(contributionsQueueName("marina-", run)), [{ body }]);
}

/** Asks a run to stop at its next round boundary. */
export function requestStop(service: EmbeddedService, run: string): Promise<void> {
  return command(service, run, { kind: "stop", now: false });
}

/** Every record of a run, each round once: the stored blocks, then what the checkpoint still holds. */
export async function recordsOf(service: EmbeddedService, run: string): Promise<RoundRecord[]> {
  const { objects } = service.cloud.client;
  const records = new Map<number, RoundRecord>();
  for (const key of await objects.list(roundsPrefix(run))) {
    for (const record of decodeRounds((await objects.get(key)).body, key)) records.set(record.round, record);
  }
  for (const record of (await checkpointOf(service, run)).records) records.set(record.round, record);
  return [...records.values()].sort((a, b) => a.round - b.round);
}
