import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  createEmbeddedService,
  driveToEnd,
  type EmbeddedService,
  type LatencyProfile,
} from "../../embedded/index.ts";
import { describeError, MarinaError, NOT_YET, waitFor } from "../../shared/base/index.ts";
import type { StoredFile } from "../../shared/cloud/aws/index.ts";
import { type Log, type ObjectStore, readOptional } from "../../shared/cloud/index.ts";
import {
  type ControlMessage,
  checkpointKey,
  contributionsQueueName,
  datasetPrefix,
  decodeResult,
  decodeStoredRun,
  type RunResult,
  resultKey,
  runPrefix,
  sha256,
  specKey,
} from "../../shared/protocol/index.ts";
import { machineMemoryBytes } from "../vector-memory.ts";
import { CheckpointProgress } from "./checkpoint-progress.ts";
import { CommandBox } from "./command-box.ts";
import { commandBody, type RunCommand } from "./commands.ts";
import { dataLock, requireUnused } from "./data-uses.ts";
import { configurationOf, type Engine, type Watcher, type Written } from "./engine.ts";
import { folderReader, storedFiles } from "./folder-reader.ts";
import type { Liveness } from "./liveness.ts";
import { RunLock } from "./run-lock.ts";
import { gradientThreads } from "./threads.ts";

/** Latencies are drawn from one seed: predictions repeat. */
const SIMULATION_SEED = 1;
/** Between looks at a run that another process drives; and how many of them come to one at its checkpoint. */
const LOOK_INTERVAL_MILLISECONDS = 200;
const LOOKS_PER_PROGRESS = 3;
/** At another process that writes what this one wants to write, before it is given up: some seconds. */
const LOOKS_FOR_WRITER = 25;

export class EmbeddedEngine implements Engine {
  readonly name = "embedded";
  readonly predicts = true;
  readonly machineBytes = machineMemoryBytes();
  readonly latencies?: LatencyProfile;
  readonly #home: string;
  readonly #service: EmbeddedService;
  readonly #warnings: string[] = [];
  readonly #driven = new Set<string>();
  #watcher: Watcher | undefined;
  readonly #closed = new AbortController();
  #changesCount = true;

  /** @param latencies what it predicts with, where not with what is published. */
  constructor(home: string, latencies?: LatencyProfile) {
    this.#home = resolve(home);
    if (latencies !== undefined) this.latencies = latencies;
    const log: Log = {
      info: () => undefined,
      warn: (event, fields) => {
        this.#warnings.push(`${event}: ${String(fields["error"] ?? JSON.stringify(fields))}`);
        if (this.#warnings.length > 100) this.#warnings.shift();
      },
    };
    this.#service = createEmbeddedService({
      seed: SIMULATION_SEED,
      configuration: configurationOf(this),
      home: this.#home,
      threads: { threads: gradientThreads() },
      log,
      observer: {
        calibration: (what, step) => this.#watcher?.calibration(what, step),
        round: (_run, record) => this.#watcher?.round(record),
      },
    });
  }

  /** As they were when this was opened, and as this process has changed them since. */
  get objects(): ObjectStore {
    return this.#service.cloud.client.objects;
  }

  get live(): Pick<ObjectStore, "get" | "list"> {
    return folderReader(this.#home);
  }

  async exclusively<T>(
    kind: Written,
    name: string,
    work: () => Promise<T>,
    { unused }: { readonly unused: boolean } = { unused: false },
  ): Promise<T> {
    const lock = kind === "run" ? this.#lock(name) : dataLock(this.#home, name);
    const release = await waitFor({
      look: async (look) => {
        const taken = lock.take();
        if ("release" in taken) return taken.release;
        if (look < LOOKS_FOR_WRITER) return NOT_YET;
        throw new MarinaError(
          "usage",
          `${kind} ${name} is being written by process ${taken.driver}: wait for its end, then try again`,
        );
      },
      pause: () => sleep(LOOK_INTERVAL_MILLISECONDS),
      signal: this.#closed.signal,
    });
    const { cloud } = this.#service;
    try {
      if (unused) requireUnused(this.#home, name);
      cloud.refresh(kind === "run" ? runPrefix(name) : `${datasetPrefix}${name}/`);
      const done = await work();
      cloud.flush();
      return done;
    } finally {
      release();
    }
  }

  async drive(control: ControlMessage, watcher: Watcher): Promise<RunResult> {
    const { run } = control;
    const lock = this.#lock(run).take();
    if ("driver" in lock) {
      // What this process has changed of the run, its driver must not find on the disk.
      this.#changesCount = false;
      throw new MarinaError(
        "usage",
        `run ${run} is being driven by process ${lock.driver}; follow it to its end: marina resume ${run}, or stop it: marina stop ${run}`,
      );
    }
    try {
      await this.#requireCurrent(run);
    } catch (error) {
      this.#changesCount = false;
      lock.release();
      throw error;
    }
    const closeBox = this.#box(run).open((body) => {
      // The run may just have ended: then there is nobody to tell any more.
      this.#deliver(run, body).catch((error: unknown) =>
        this.#warnings.push(`command-not-delivered: ${describeError(error)}`),
      );
    });
    this.#watcher = watcher;
    this.#driven.add(run);
    try {
      // From now on other processes see the run, as they do on a cloud.
      this.#service.cloud.flush();
      return await driveToEnd(this.#service, control, () => this.#warnings.at(-1));
    } finally {
      this.#driven.delete(run);
      closeBox();
      lock.release();
    }
  }

  /**
   * Between the opening of this engine and the taking of the lock another process may have driven the run on: to go on from
   * what was seen then would undo that.
   */
  async #requireCurrent(run: string): Promise<void> {
    const key = checkpointKey(run);
    const stateIn = (objects: Pick<ObjectStore, "get">) => readOptional(objects, key, (body) => sha256(body));
    if ((await stateIn(this.objects)) === (await stateIn(this.live))) return;
    throw new MarinaError(
      "usage",
      `run ${run} was driven on by another process meanwhile; look at it: marina show ${run}`,
    );
  }

  async attach(run: string, watcher: Watcher): Promise<RunResult | undefined> {
    const lock = this.#lock(run);
    const key = resultKey(run);
    const progress = new CheckpointProgress(this.live, run, watcher);
    return waitFor({
      look: async (look) => {
        // The lock first: what its driver wrote before it gave it back is on the disk then.
        const driver = lock.driver();
        if (look % LOOKS_PER_PROGRESS === 0) await progress.look(performance.now());
        return driver === undefined ? await readOptional(this.live, key, decodeResult) : NOT_YET;
      },
      pause: () => sleep(LOOK_INTERVAL_MILLISECONDS),
      signal: this.#closed.signal,
    });
  }

  async liveness(run: string): Promise<Liveness> {
    const key = specKey(run);
    if ((await readOptional(this.live, key, decodeStoredRun)) === undefined)
      throw new MarinaError("not-found", `run ${run} was deleted: ${this.locate(key)} is gone`);
    const driver = this.#lock(run).driver();
    if (driver !== undefined) return { state: "live", because: `process ${driver} drives it` };
    if ((await readOptional(this.live, resultKey(run), decodeResult)) !== undefined)
      return { state: "ended", because: "it has its result" };
    return { state: "cut-off", because: "no process drives it" };
  }

  /** By a message to a run that this engine drives; to another's, in whichever process, through its box of commands. */
  async command(run: string, command: RunCommand): Promise<void> {
    const driver = this.#lock(run).driver();
    if (driver === undefined) {
      throw new MarinaError("usage", `run ${run} is not running; go on with it: marina resume ${run}`);
    }
    const body = await commandBody(this.#driven.has(run) ? this.objects : this.live, run, command);
    if (this.#driven.has(run)) await this.#deliver(run, body);
    else this.#box(run).leave(body, driver);
  }

  async #deliver(run: string, body: string): Promise<void> {
    const { queues } = this.#service.cloud.client;
    const queue = await queues.address(contributionsQueueName("marina-", run));
    await queues.send(queue, [{ body }]);
  }

  #box(run: string): CommandBox {
    return new CommandBox(join(this.#home, "locks", `${run}.commands`));
  }

  async inventory(prefix: string): Promise<readonly StoredFile[]> {
    return storedFiles(this.#home, prefix);
  }

  async discardRun(run: string, keys: readonly string[]): Promise<void> {
    const lock = this.#lock(run).take();
    if ("driver" in lock)
      throw new MarinaError("usage", `run ${run} is being driven by process ${lock.driver}`);
    try {
      const { cloud } = this.#service;
      cloud.refresh(runPrefix(run));
      for (const key of keys) await cloud.client.objects.delete(key);
      cloud.flush();
      this.#box(run).remove();
    } finally {
      lock.release();
    }
  }

  locate(key: string): string {
    return join(this.#home, "objects", key);
  }

  async close(): Promise<void> {
    this.#closed.abort(
      new MarinaError("unavailable", "no longer waited for: the engine was closed; the run goes on"),
    );
    try {
      if (this.#changesCount) this.#service.cloud.flush();
    } finally {
      await this.#service.close();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** One process per run: two would not see each other's conditional writes. */
  #lock(run: string): RunLock {
    return new RunLock(join(this.#home, "locks", `${run}.pid`));
  }
}
