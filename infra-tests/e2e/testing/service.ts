/** The deployed service as the tests use it: data sets in, runs started, results awaited. */
import { createReadStream, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { commandBody, type RunCommand } from "../../../client/engines/commands.ts";
import { createRun, resumeRun } from "../../../client/launch.ts";
import { MarinaError } from "../../../shared/base/errors.ts";
import { createAwsPorts } from "../../../shared/cloud/aws/ports.ts";
import { createSdkClients } from "../../../shared/cloud/aws/sdk-clients.ts";
import type { Ports, QueueAddress } from "../../../shared/cloud/ports.ts";
import { importLibsvm } from "../../../shared/data/import.ts";
import {
  checkpointKey,
  contributionsQueueName,
  manifestKey,
  resultKey,
} from "../../../shared/protocol/keys.ts";
import type { RunSpec } from "../../../shared/protocol/spec/spec.ts";
import { type Checkpoint, decodeCheckpoint } from "../../../shared/protocol/stored/checkpoint.ts";
import { decodeResult, type RunResult } from "../../../shared/protocol/stored/result.ts";
import { type ControlMessage, encodeControl } from "../../../shared/protocol/stored/run.ts";
import { projectRoot } from "../../local/paths.ts";
import type { TestCloud } from "../global-setup.ts";

const LOOK_MILLISECONDS = 100;
const SHIPPED_DATA = join(projectRoot, "experiments", "data", "mushrooms.gz");

/** The shipped data set mushrooms, under some name, if it is not there yet: files of tests share a cloud. */
export async function importMushrooms(objects: Ports["objects"], name: string): Promise<void> {
  if ((await objects.list(manifestKey(name))).length > 0) return;
  await importLibsvm(createReadStream(SHIPPED_DATA), {
    name,
    sourceName: "mushrooms.gz",
    labels: "binary",
    objects,
  });
}

/**
 * The first rows of mushrooms. Workers keep data by its content, so a data set that is to be read anew must not equal one
 * that was read before.
 */
export async function importSomeRows(objects: Ports["objects"], name: string, rows: number): Promise<void> {
  const lines = gunzipSync(readFileSync(SHIPPED_DATA)).toString("utf8").split("\n").slice(0, rows);
  const text = new TextEncoder().encode(`${lines.join("\n")}\n`);
  await importLibsvm(once(text), { name, sourceName: `${name}.txt`, labels: "binary", objects });
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

export class Service {
  readonly cloud: TestCloud;
  readonly ports: Ports;

  constructor(cloud: TestCloud) {
    this.cloud = cloud;
    // Clients read the process's environment when they are made.
    Object.assign(process.env, cloud.env);
    const log = { info: () => undefined, warn: () => undefined };
    this.ports = createAwsPorts({ bucket: this.output("BucketName"), log, clients: createSdkClients() });
  }

  /** @throws MarinaError "usage" when the stack has no such output. */
  output(name: string): string {
    const value = this.cloud.outputs[name];
    if (value !== undefined) return value;
    throw new MarinaError(
      "usage",
      `stack: expected an output ${name}, got ${Object.keys(this.cloud.outputs).join(", ")}`,
    );
  }

  get taskQueue(): QueueAddress {
    return this.output("TaskQueueUrl") as QueueAddress;
  }

  /** Writes a run's description; nothing happens yet. */
  create(spec: RunSpec): Promise<{ run: string; control: ControlMessage }> {
    return createRun(this.ports.objects, spec);
  }

  send(control: ControlMessage): Promise<void> {
    const { run, tenure } = control;
    return this.ports.queues.send(this.output("ControlQueueUrl") as QueueAddress, [
      { body: encodeControl(control), group: run, deduplicationId: `${run}.${tenure}` },
    ]);
  }

  /** Creates and starts a run. */
  async launch(spec: RunSpec): Promise<string> {
    const { run, control } = await this.create(spec);
    await this.send(control);
    return run;
  }

  async resume(run: string): Promise<void> {
    await this.send((await resumeRun(this.ports.objects, run)).control);
  }

  /** Tells a run that is under way to stop, or to go on with others, as the command line does. */
  async command(run: string, command: RunCommand): Promise<void> {
    const body = await commandBody(this.ports.objects, run, command);
    const queue = await this.ports.queues.address(this.contributionsQueue(run));
    await this.ports.queues.send(queue, [{ body }]);
  }

  contributionsQueue(run: string): string {
    return contributionsQueueName(this.output("QueuePrefix"), run);
  }

  checkpoint(run: string): Promise<Checkpoint | undefined> {
    const key = checkpointKey(run);
    return this.#find(key, (bytes) => decodeCheckpoint(bytes, key));
  }

  result(run: string): Promise<RunResult | undefined> {
    const key = resultKey(run);
    return this.#find(key, (bytes) => decodeResult(bytes, key));
  }

  /** @throws MarinaError "unavailable" that says how far the run has come. */
  async ended(run: string, seconds: number): Promise<RunResult> {
    return this.#await(() => this.result(run), seconds, `the result of run ${run}`, run);
  }

  /** Waits until at least so many rounds are durable. */
  async reached(run: string, round: number, seconds: number): Promise<Checkpoint> {
    const look = async () => {
      const checkpoint = await this.checkpoint(run);
      return checkpoint !== undefined && checkpoint.round >= round ? checkpoint : undefined;
    };
    return this.#await(look, seconds, `round ${round} of run ${run}`, run);
  }

  async #await<T>(
    look: () => Promise<T | undefined>,
    seconds: number,
    what: string,
    run: string,
  ): Promise<T> {
    const found = await eventually(look, seconds);
    if (found !== undefined) return found;
    const checkpoint = await this.checkpoint(run);
    const state =
      checkpoint === undefined ? "no checkpoint" : `round ${checkpoint.round}, ${checkpoint.status}`;
    throw new MarinaError("unavailable", `expected ${what} within ${seconds} s; the run is at: ${state}`);
  }

  async #find<T>(key: string, decode: (bytes: Uint8Array) => T): Promise<T | undefined> {
    try {
      return decode((await this.ports.objects.get(key)).body);
    } catch (error) {
      if (error instanceof MarinaError && error.code === "not-found") return undefined;
      throw error;
    }
  }
}

/** The first thing that is there, or undefined when the time is over. */
export async function eventually<T>(
  look: () => Promise<T | undefined>,
  seconds: number,
): Promise<T | undefined> {
  const deadline = performance.now() + 1000 * seconds;
  for (;;) {
    const found = await look();
    if (found !== undefined || performance.now() >= deadline) return found;
    await sleep(LOOK_MILLISECONDS);
  }
}
