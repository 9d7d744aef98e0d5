/** A deployed stack as an engine: on AWS, or on a local cloud that speaks its language. */
import { randomUUID } from "node:crypto";
import type { LatencyProfile } from "../../embedded/index.ts";
import { isOver } from "../../lambdas/aggregator/index.ts";
import { MarinaError, NOT_YET, type Waiting, waitFor } from "../../shared/base/index.ts";
import {
  createAwsPorts,
  createSdkClients,
  type DeployedStack,
  findStack,
  type StoredFile,
  storedObjects,
} from "../../shared/cloud/aws/index.ts";
import { type Log, type ObjectStore, type Ports, readOptional } from "../../shared/cloud/index.ts";
import {
  type ControlMessage,
  contributionsQueueName,
  decodeMeasurement,
  decodeResult,
  decodeStoredRun,
  encodeControl,
  type MeasureMessage,
  type Measurement,
  measurementKey,
  type RunResult,
  resultKey,
  specKey,
} from "../../shared/protocol/index.ts";
import { CheckpointProgress } from "./checkpoint-progress.ts";
import { commandBody, type RunCommand } from "./commands.ts";
import { ControlDeadLetters } from "./control-dead-letters.ts";
import type { Engine, Watcher, Written } from "./engine.ts";
import { judge, type Liveness, type StackEvidence } from "./liveness.ts";
import { stackEvidence } from "./stack-evidence.ts";

/** Between looks for the result. */
const RESULT_INTERVAL_MILLISECONDS = 1000;
/** Looks for the result between looks at the checkpoint, which is larger. */
const LOOKS_PER_PROGRESS = 2;
/** Looks for the result between judgements whether a run that is followed still lives. */
const LOOKS_PER_JUDGEMENT = 10;
const SILENT: Log = { info: () => undefined, warn: () => undefined };

type InventoryOf = (bucket: string, prefix: string) => Promise<readonly StoredFile[]>;
type EvidenceOf = (stack: DeployedStack, run: string) => Promise<StackEvidence>;

/** Finds the stack. @throws MarinaError with one clear line: no credentials, no region, no stack. */
export async function openAwsEngine(stackName: string, latencies?: LatencyProfile): Promise<AwsEngine> {
  const stack = await findStack(stackName);
  return new AwsEngine(
    stack,
    createAwsPorts({ bucket: stack.bucket, log: SILENT, clients: createSdkClients() }),
    stackEvidence,
    storedObjects,
    latencies,
  );
}

export class AwsEngine implements Engine {
  readonly name = "aws";
  readonly predicts = false;
  readonly stack: DeployedStack;
  readonly latencies?: LatencyProfile;
  readonly #ports: Ports;
  readonly #evidence: EvidenceOf;
  readonly #inventory: InventoryOf;
  readonly #deadLetters: ControlDeadLetters;
  readonly #closed = new AbortController();

  constructor(
    stack: DeployedStack,
    ports: Ports,
    evidence: EvidenceOf,
    inventory: InventoryOf = storedObjects,
    latencies?: LatencyProfile,
  ) {
    this.stack = stack;
    if (latencies !== undefined) this.latencies = latencies;
    this.#ports = ports;
    this.#evidence = evidence;
    this.#inventory = inventory;
    this.#deadLetters = new ControlDeadLetters(ports, stack.controlDeadLetters);
  }

  get objects(): ObjectStore {
    return this.#ports.objects;
  }

  get live(): ObjectStore {
    return this.objects;
  }

  exclusively<T>(_kind: Written, _name: string, work: () => Promise<T>): Promise<T> {
    return work();
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
   * Has the aggregator measure the cloud, and waits for what it has seen.
   * @throws MarinaError "worker-failed" when no aggregator could do it
   */
  async measure(message: MeasureMessage): Promise<Measurement> {
    const { run } = message;
    await this.#ports.queues.send(this.stack.controlQueue, [
      { body: encodeControl(message), group: run, deduplicationId: `${run}.${randomUUID()}` },
    ]);
    const key = measurementKey(run);
    return this.#wait(async () => {
      const seen = await readOptional(this.objects, key, decodeMeasurement);
      if (seen !== undefined) return seen;
      if (await this.#deadLetters.takeInTime(run))
        throw new MarinaError(
          "worker-failed",
          `the aggregator could not measure: see why with marina logs ${run}; a stack of an earlier version must be deployed again`,
        );
      return NOT_YET;
    });
  }

  /**
   * Waits for a run's result.
   * @param tenure results of earlier ones are of an earlier ending.
   * @throws MarinaError "worker-failed" when nobody could go on with it, "not-found" when it was deleted.
   */
  async watch(run: string, watcher: Watcher, tenure = 0): Promise<RunResult> {
    const progress = new CheckpointProgress(this.objects, run, watcher);
    return this.#wait(async (look) => {
      const result = await readOptional(this.objects, resultKey(run), decodeResult);
      // One that is over can't have been gone on with: it ended while it was asked to.
      if (result !== undefined && (result.tenure >= tenure || isOver(result.status))) return result;
      if (look % LOOKS_PER_PROGRESS === 0) {
        const begun = await progress.look(this.#ports.clock.now());
        if (!begun) await this.#checkStored(run);
      }
      if (await this.#deadLetters.takeInTime(run)) throw unhandled(run);
      return NOT_YET;
    });
  }

  async attach(run: string, watcher: Watcher): Promise<RunResult | undefined> {
    const progress = new CheckpointProgress(this.objects, run, watcher);
    try {
      return await this.#wait(async (looked) => {
        const look = looked + 1;
        const result = await readOptional(this.objects, resultKey(run), decodeResult);
        if (result !== undefined) return result;
        if (look % LOOKS_PER_PROGRESS === 0) await progress.look(this.#ports.clock.now());
        // Costs requests; a run that is cut off stays so.
        if (look % LOOKS_PER_JUDGEMENT !== 0) return NOT_YET;
        const { state } = await this.liveness(run);
        return state === "cut-off" || state === "silent" ? undefined : NOT_YET;
      });
    } catch (error) {
      throw cantLook(run, error);
    }
  }

  #wait<T>(look: Waiting<T>["look"]): Promise<T> {
    return waitFor({
      look,
      pause: () => this.#ports.clock.sleep(RESULT_INTERVAL_MILLISECONDS),
      signal: this.#closed.signal,
    });
  }

  async liveness(run: string): Promise<Liveness> {
    if ((await readOptional(this.objects, resultKey(run), decodeResult)) !== undefined)
      return { state: "ended", because: "it has its result" };
    if (await this.#deadLetters.has(run))
      return {
        state: "cut-off",
        because: `the aggregator could not go on with it; see why: marina logs ${run}`,
      };
    await this.#checkStored(run);
    return judge(await this.#evidence(this.stack, run));
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
    try {
      const queue = await queues.address(contributionsQueueName(this.stack.queuePrefix, run));
      await queues.send(queue, [{ body }]);
    } catch (error) {
      if (!(error instanceof MarinaError) || error.code !== "not-found") throw error;
      throw new MarinaError(
        "usage",
        `run ${run} takes no commands now: it has ended or has not begun (its queue is not there); see: marina show ${run}`,
        { cause: error },
      );
    }
  }

  inventory(prefix: string): Promise<readonly StoredFile[]> {
    return this.#inventory(this.stack.bucket, prefix);
  }

  async discardRun(run: string, keys: readonly string[]): Promise<void> {
    const { queues } = this.#ports;
    for (const key of keys) await this.objects.delete(key);
    // One that was cut off has left its queue; what is said of it in the dead letters is of nobody any more.
    try {
      await queues.destroy(await queues.address(contributionsQueueName(this.stack.queuePrefix, run)));
    } catch (error) {
      if (!(error instanceof MarinaError) || error.code !== "not-found") throw error;
    }
    await this.#deadLetters.take(run);
  }

  locate(key: string): string {
    return `s3://${this.stack.bucket}/${key}`;
  }

  /** Whoever still waits for a run is told so; the run goes on. */
  async close(): Promise<void> {
    this.#closed.abort(
      new MarinaError("unavailable", "no longer waited for: the engine was closed; the run goes on"),
    );
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
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
