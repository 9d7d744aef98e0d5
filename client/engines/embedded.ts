/** The embedded cloud as an engine: the default. Its state is a folder. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { createEmbeddedService, driveToEnd, type EmbeddedService } from "../../embedded/index.ts";
import { describeError, MarinaError } from "../../shared/base/index.ts";
import type { Log, ObjectStore } from "../../shared/cloud/index.ts";
import { type ControlMessage, contributionsQueueName, type RunResult } from "../../shared/protocol/index.ts";
import { machineMemoryBytes } from "../vector-memory.ts";
import { CommandBox } from "./command-box.ts";
import { commandBody, type RunCommand } from "./commands.ts";
import type { Engine, Watcher } from "./engine.ts";
import { folderReader } from "./folder-reader.ts";
import { gradientThreads } from "./threads.ts";

/** Latencies are drawn from one seed: predictions repeat. */
const SIMULATION_SEED = 1;

export class EmbeddedEngine implements Engine {
  readonly name = "embedded";
  readonly predicts = true;
  readonly machineBytes = machineMemoryBytes();
  readonly #home: string;
  readonly #service: EmbeddedService;
  readonly #warnings: string[] = [];
  #watcher: Watcher | undefined;

  constructor(home: string) {
    this.#home = resolve(home);
    const log: Log = {
      info: () => undefined,
      warn: (event, fields) => {
        this.#warnings.push(`${event}: ${String(fields["error"] ?? JSON.stringify(fields))}`);
        if (this.#warnings.length > 100) this.#warnings.shift();
      },
    };
    this.#service = createEmbeddedService({
      seed: SIMULATION_SEED,
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

  async drive(control: ControlMessage, watcher: Watcher): Promise<RunResult> {
    const { run } = control;
    const release = this.#lock(run);
    const closeBox = this.#box(run).open((body) => {
      // The run may just have ended: then there is nobody to tell any more.
      this.#deliver(run, body).catch((error: unknown) =>
        this.#warnings.push(`command-not-delivered: ${describeError(error)}`),
      );
    });
    this.#watcher = watcher;
    try {
      // From now on other processes see the run, as they do on a cloud.
      this.#service.cloud.flush();
      return await driveToEnd(this.#service, control, () => this.#warnings.at(-1));
    } finally {
      closeBox();
      release();
    }
  }

  /** In this process by a message; in another one through its box of commands. */
  async command(run: string, command: RunCommand): Promise<void> {
    const driver = this.#driver(run);
    if (driver === undefined) {
      throw new MarinaError("usage", `run ${run} is not running; go on with it: marina resume ${run}`);
    }
    const body = await commandBody(driver === process.pid ? this.objects : this.live, run, command);
    if (driver === process.pid) await this.#deliver(run, body);
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

  locate(key: string): string {
    return join(this.#home, "objects", key);
  }

  async close(): Promise<void> {
    this.#service.cloud.flush();
    await this.#service.close();
  }

  /** One process per run: two would not see each other's conditional writes. */
  #lock(run: string): () => void {
    const path = this.#lockFile(run);
    mkdirSync(dirname(path), { recursive: true });
    for (;;) {
      try {
        writeFileSync(path, String(process.pid), { flag: "wx" });
        return () => rmSync(path, { force: true });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
        const pid = this.#driver(run);
        if (pid !== undefined) {
          throw new MarinaError(
            "usage",
            `run ${run} is being driven by process ${pid}; stop that one first: marina stop ${run}`,
          );
        }
        rmSync(path, { force: true });
      }
    }
  }

  #lockFile(run: string): string {
    return join(this.#home, "locks", `${run}.pid`);
  }

  /** The living process that drives a run. */
  #driver(run: string): number | undefined {
    try {
      const pid = Number(readFileSync(this.#lockFile(run), "utf8"));
      return isAlive(pid) ? pid : undefined;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
