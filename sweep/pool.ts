/** Runs cells on several threads, and hands each result over as soon as it is there. */
import { Worker } from "node:worker_threads";
import { type ErrorCode, MarinaError } from "../shared/base/index.ts";
import type { Cell } from "./cell.ts";
import type { CellOrder, CellReply } from "./cell-thread.ts";
import type { Library } from "./library.ts";
import type { CellOutcome } from "./run-cell.ts";

/** Where cells run. Close it when no more cells will come. */
export class CellPool {
  readonly #library: Library;
  readonly #idle: Worker[] = [];
  readonly #threads: Worker[] = [];
  readonly #jobs: number;

  /** @param jobs threads at most; they are started when they are needed */
  constructor(library: Library, jobs: number) {
    this.#library = library;
    this.#jobs = jobs;
  }

  /**
   * Runs all cells, in any order; resolves when all are done.
   * @param onResult told of each as it is done
   * @throws MarinaError of the first cell that could not be run at all; what was done before is kept
   */
  async run(cells: readonly Cell[], onResult: (cell: Cell, outcome: CellOutcome) => void): Promise<void> {
    let next = 0;
    let failed = false;
    const lane = async (): Promise<void> => {
      while (!failed) {
        const cell = cells[next++];
        if (cell === undefined) return;
        try {
          onResult(cell, await this.#runOne(cell));
        } catch (error) {
          failed = true;
          throw error;
        }
      }
    };
    const lanes = Array.from({ length: Math.min(this.#jobs, cells.length) }, lane);
    const settled = await Promise.allSettled(lanes);
    for (const outcome of settled) if (outcome.status === "rejected") throw outcome.reason;
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.terminate()));
  }

  async #runOne({ digest, spec, configuration, axes }: Cell): Promise<CellOutcome> {
    const stored = await this.#library.objectsOf(spec.data);
    const order: CellOrder = { digest, spec, configuration, stored };
    const reply = await this.#ask(order);
    if (reply.kind === "failed") {
      const message = `cell ${JSON.stringify({ ...axes, seed: spec.seed })}: ${reply.message}`;
      throw reply.code === null ? new Error(message) : new MarinaError(reply.code as ErrorCode, message);
    }
    await this.#library.keep(reply.outcome.spectra);
    return reply.outcome;
  }

  #ask(order: CellOrder): Promise<CellReply> {
    const thread = this.#idle.pop() ?? this.#start();
    return new Promise((resolve, reject) => {
      const done = (): void => {
        thread.off("message", onMessage);
        thread.off("error", onError);
      };
      const onMessage = (reply: CellReply): void => {
        done();
        this.#idle.push(thread);
        resolve(reply);
      };
      const onError = (error: unknown): void => {
        done();
        reject(error);
      };
      thread.on("message", onMessage);
      thread.on("error", onError);
      thread.postMessage(order);
    });
  }

  #start(): Worker {
    const thread = new Worker(new URL("./cell-thread.ts", import.meta.url));
    this.#threads.push(thread);
    return thread;
  }
}
