/** A deployed stack as an engine: on AWS, or on a local cloud that speaks its language. */
import { randomUUID } from "node:crypto";
import { createAwsPorts } from "../../shared/cloud/aws/ports.ts";
import { type DeployedStack, findStack } from "../../shared/cloud/aws/stack.ts";
import type { Log, ObjectStore, Ports } from "../../shared/cloud/ports.ts";
import { MarinaError } from "../../shared/math/errors.ts";
import { type Checkpoint, decodeCheckpoint } from "../../shared/protocol/checkpoint.ts";
import { encodeIncoming } from "../../shared/protocol/contribution.ts";
import { checkpointKey, contributionsQueueName, resultKey, specKey } from "../../shared/protocol/keys.ts";
import { decodeResult, type RunResult } from "../../shared/protocol/result.ts";
import { type ControlMessage, decodeStoredRun, encodeControl, runDigest } from "../../shared/protocol/run.ts";
import type { Engine, Watcher } from "./engine.ts";

/** Between looks for the result. */
const RESULT_INTERVAL_MILLISECONDS = 1000;
/** Looks for the result between looks at the checkpoint, which is larger. */
const LOOKS_PER_PROGRESS = 2;
const SILENT: Log = { info: () => undefined, warn: () => undefined };

/** Finds the stack. @throws MarinaError with one clear line: no credentials, no region, no stack. */
export async function openAwsEngine(stackName: string): Promise<AwsEngine> {
  const stack = await findStack(stackName);
  return new AwsEngine(stack, createAwsPorts({ bucket: stack.bucket, log: SILENT }));
}

export class AwsEngine implements Engine {
  readonly name = "aws";
  readonly predicts = false;
  readonly stack: DeployedStack;
  readonly #ports: Ports;

  constructor(stack: DeployedStack, ports: Ports) {
    this.stack = stack;
    this.#ports = ports;
  }

  get objects(): ObjectStore {
    return this.#ports.objects;
  }

  async drive(control: ControlMessage, watcher: Watcher): Promise<RunResult> {
    const { run, tenure } = control;
    // Each a command of its own: a second one with the same content must not be taken for a repetition.
    const deduplicationId = `${run}.${tenure}.${control.action}.${randomUUID()}`;
    await this.#ports.queues.send(this.stack.controlQueue, [
      { body: encodeControl(control), group: run, deduplicationId },
    ]);
    return this.watch(run, watcher, tenure);
  }

  /** @param tenure results of earlier ones are of an earlier ending. */
  async watch(run: string, watcher: Watcher, tenure = 0): Promise<RunResult> {
    let seen = -1;
    for (let look = 0; ; look++) {
      const result = await this.#optional(resultKey(run), decodeResult);
      if (result !== undefined && result.tenure >= tenure) return result;
      if (look % LOOKS_PER_PROGRESS === 0) {
        const checkpoint = await this.#checkpoint(run);
        for (const record of checkpoint?.records ?? []) {
          if (record.round <= seen) continue;
          seen = record.round;
          watcher.round(record);
        }
      }
      await this.#checkDeadLetters(run);
      await this.#ports.clock.sleep(RESULT_INTERVAL_MILLISECONDS);
    }
  }

  /** A control message that nobody could handle means that nothing will ever happen. */
  async #checkDeadLetters(run: string): Promise<void> {
    const dead = await this.#ports.queues.receive(this.stack.controlDeadLetters, { max: 10, waitSeconds: 0 });
    for (const { body, receipt } of dead) {
      let about: unknown;
      try {
        about = (JSON.parse(body) as { run?: unknown }).run;
      } catch {
        continue;
      }
      if (about !== run) continue;
      await this.#ports.queues.delete(this.stack.controlDeadLetters, [receipt]);
      throw new MarinaError(
        "unavailable",
        `run ${run}: the aggregator could not go on with it; see why: marina logs ${run}, then: marina resume ${run}`,
      );
    }
  }

  async requestStop(run: string, now = false): Promise<void> {
    const { queues, objects } = this.#ports;
    const key = specKey(run);
    const digest = runDigest(decodeStoredRun((await objects.get(key)).body, key));
    const generation = (await this.#checkpoint(run))?.generation ?? 0;
    const queue = await queues.address(contributionsQueueName(this.stack.queuePrefix, run));
    await queues.send(queue, [
      { body: encodeIncoming({ kind: "stop", runDigest: digest, generation, now }) },
    ]);
  }

  locate(key: string): string {
    return `s3://${this.stack.bucket}/${key}`;
  }

  async close(): Promise<void> {}

  #checkpoint(run: string): Promise<Checkpoint | undefined> {
    return this.#optional(checkpointKey(run), decodeCheckpoint);
  }

  async #optional<T>(key: string, decode: (bytes: Uint8Array, key: string) => T): Promise<T | undefined> {
    try {
      return decode((await this.objects.get(key)).body, key);
    } catch (error) {
      if (error instanceof MarinaError && error.code === "not-found") return undefined;
      throw error;
    }
  }
}
