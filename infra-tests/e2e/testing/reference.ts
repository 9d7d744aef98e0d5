/** What a run must come to: the same handlers on the embedded cloud, on a perfect network. */

import { createRun } from "../../../client/launch.ts";
import { createEmbeddedService, type EmbeddedService } from "../../../embedded/service/service.ts";
import { MarinaError } from "../../../shared/base/errors.ts";
import type { ObjectStore } from "../../../shared/cloud/ports.ts";
import { contributionsQueueName, resultKey, specKey } from "../../../shared/protocol/keys.ts";
import { encodeRunMessage } from "../../../shared/protocol/messages/run-message.ts";
import type { RunSpec } from "../../../shared/protocol/spec/spec.ts";
import { decodeResult, type RunResult } from "../../../shared/protocol/stored/result.ts";
import { decodeStoredRun, runDigest } from "../../../shared/protocol/stored/run.ts";
import { importMushrooms } from "./service.ts";

/** Virtual milliseconds between looks. */
const LOOK_MILLISECONDS = 1000;
/** First part of the names of run queues on the embedded cloud. */
const QUEUE_PREFIX = "marina-";

/**
 * @param latencies by which things take time there: bits do not depend on them, dollars do.
 * @param importData puts the run's data set into the store; default: mushrooms.
 */
export async function embeddedResult(
  spec: RunSpec,
  latencies: "aws" | "none" = "none",
  importData: (objects: ObjectStore, name: string) => Promise<void> = importMushrooms,
): Promise<RunResult> {
  const service = createEmbeddedService({ seed: 1, latencies });
  await importData(service.cloud.client.objects, spec.data);
  return driven(service, spec);
}

/** Of a run that somebody stops once it has done this round; everything is in the folder `home` afterwards. */
export async function stoppedOnEmbedded(spec: RunSpec, round: number, home: string): Promise<RunResult> {
  const service: EmbeddedService = createEmbeddedService({
    seed: 1,
    latencies: "none",
    home,
    observer: {
      round: (run, record) => {
        if (record.round === round) void requestStop(service, run);
      },
    },
  });
  await importMushrooms(service.cloud.client.objects, spec.data);
  const result = await driven(service, spec);
  service.cloud.flush();
  return result;
}

async function driven({ cloud, control: send }: EmbeddedService, spec: RunSpec): Promise<RunResult> {
  const { objects } = cloud.client;
  const { run, control } = await createRun(objects, spec);
  await send(control);
  const key = resultKey(run);
  const result = async (): Promise<RunResult> => {
    for (;;) {
      try {
        return decodeResult((await objects.get(key)).body, key);
      } catch (error) {
        if (!(error instanceof MarinaError) || error.code !== "not-found") throw error;
      }
      await cloud.clock.sleep(LOOK_MILLISECONDS);
    }
  };
  return cloud.run(result());
}

async function requestStop({ cloud }: EmbeddedService, run: string): Promise<void> {
  const { objects, queues } = cloud.client;
  const key = specKey(run);
  const digest = runDigest(decodeStoredRun((await objects.get(key)).body, key));
  const queue = await queues.address(contributionsQueueName(QUEUE_PREFIX, run));
  const body = encodeRunMessage({ kind: "stop", runDigest: digest, generation: 0, now: false });
  await queues.send(queue, [{ body }]);
}
