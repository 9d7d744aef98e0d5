/** A deployed stack as an engine: on AWS, or on a local cloud that speaks its language. */
import { randomUUID } from "node:crypto";
import { readCheckpoint } from "../../lambdas/aggregator/index.ts";
import { MarinaError } from "../../shared/base/index.ts";
import {
  createAwsPorts,
  createSdkClients,
  type DeployedStack,
  findStack,
} from "../../shared/cloud/aws/index.ts";
import { type Log, type ObjectStore, type Ports, readOptional } from "../../shared/cloud/index.ts";
import {
  type ControlMessage,
  contributionsQueueName,
  decodeResult,
  decodeStoredRun,
  encodeControl,
  type RunResult,
  resultKey,
  specKey,
} from "../../shared/protocol/index.ts";
import { commandBody, type RunCommand } from "./commands.ts";
import { ControlDeadLetters } from "./control-dead-letters.ts";
import type { Engine, Watcher } from "./engine.ts";
import { Quiet } from "./quiet.ts";

/** Between looks for the result. */
const RESULT_INTERVAL_MILLISECONDS = 1000;
/** Looks for the result between looks at the checkpoint, which is larger. */
const LOOKS_PER_PROGRESS = 2;
const SILENT: Log = { info: () => undefined, warn: () => undefined };

/** Finds the stack. @throws MarinaError with one clear line: no credentials, no region, no stack. */
export async function openAwsEngine(stackName: string): Promise<AwsEngine> {
  const stack = await findStack(stackName);
  return new AwsEngine(
    stack,
    createAwsPorts({ bucket: stack.bucket, log: SILENT, clients: createSdkClients() }),
  );
}

export class AwsEngine implements Engine {
  readonly name = "aws";
  readonly predicts = false;
  readonly stack: DeployedStack;
  readonly #ports: Ports;
  readonly #deadLetters: ControlDeadLetters;

  constructor(stack: DeployedStack, ports: Ports) {
    this.stack = stack;
    this.#ports = ports;
    this.#deadLetters = new ControlDeadLetters(ports, stack.controlDeadLetters);
  }

  get objects(): ObjectStore {
    return this.#ports.objects;
  }

  get live(): ObjectStore {
    return this.objects;
  }

  async drive(control: ControlMessage, watcher: Watcher): Promise<RunResult> {
    const { run, tenure } = control;
    // What was said of an earlier attempt is settled by this one.
    await this.#deadLetters.take(run);
    // Each a command of its own: a second one with the same content must not be taken for a repetition.
    const deduplicationId = `${run}.${tenure}.${control.action}.${randomUUID()}`;
    await this.#ports.queues.send(this.stack.controlQueue, [
      { body: encodeControl(control), group: run, deduplicationId },
    ]);
    try {
      return await this.watch(run, watcher, tenure);
    } catch (error) {
      throw cantLook(run, error);
    }
  }

  /**
   * Waits for a run's result.
   * @param tenure results of earlier ones are of an earlier ending.
   * @throws MarinaError "worker-failed" when nobody could go on with it, "not-found" when it was deleted.
   */
  async watch(run: string, watcher: Watcher, tenure = 0): Promise<RunResult> {
    const quiet = new Quiet();
    let seen = -1;
    for (let look = 0; ; look++) {
      const result = await readOptional(this.objects, resultKey(run), decodeResult);
      if (result !== undefined && result.tenure >= tenure) return result;
      if (look % LOOKS_PER_PROGRESS === 0) {
        const checkpoint = (await readCheckpoint(this.objects, run))?.checkpoint;
        for (const record of checkpoint?.records ?? []) {
          if (record.round <= seen) continue;
          seen = record.round;
          watcher.round(record);
        }
        const seconds = quiet.look(checkpoint?.commit, this.#ports.clock.now());
        if (seconds !== undefined) watcher.quiet?.(seconds);
        if (checkpoint === undefined) await this.#checkStored(run);
      }
      if (await this.#deadLetters.takeInTime(run)) throw unhandled(run);
      await this.#ports.clock.sleep(RESULT_INTERVAL_MILLISECONDS);
    }
  }

  async checkAlive(run: string): Promise<void> {
    if (await this.#deadLetters.has(run)) throw unhandled(run);
    await this.#checkStored(run);
  }

  /** @throws MarinaError "not-found" when there is no such run any more. */
  async #checkStored(run: string): Promise<void> {
    const key = specKey(run);
    if ((await readOptional(this.objects, key, decodeStoredRun)) !== undefined) return;
    throw new MarinaError(
      "not-found",
      `run ${run} was deleted while it went on: ${this.locate(key)} is gone; start it anew: marina run`,
    );
  }

  async command(run: string, command: RunCommand): Promise<void> {
    const { queues, objects } = this.#ports;
    const body = await commandBody(objects, run, command);
    const queue = await queues.address(contributionsQueueName(this.stack.queuePrefix, run));
    await queues.send(queue, [{ body }]);
  }

  locate(key: string): string {
    return `s3://${this.stack.bucket}/${key}`;
  }

  async close(): Promise<void> {}
}

function unhandled(run: string): MarinaError {
  return new MarinaError(
    "worker-failed",
    `run ${run}: the aggregator could not go on with it; see why: marina logs ${run}, then: marina resume ${run}`,
  );
}

/** Only the command can't look any more: the run may well go on. */
function cantLook(run: string, error: unknown): unknown {
  if (!(error instanceof MarinaError) || (error.code !== "access" && error.code !== "unavailable"))
    return error;
  const what = `${error.message}; run ${run} does not need this command: once that is repaired look again with marina watch ${run}`;
  return new MarinaError(error.code, what, { cause: error });
}
