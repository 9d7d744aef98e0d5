/** Runs cells on several threads, and hands each result over as soon as it is there. */
import { Worker } from "node:worker_threads";
import { type ErrorCode, MarinaError } from "../shared/base/index.ts";
import { dataSetsOf } from "../shared/protocol/index.ts";
import type { Cell } from "./cell.ts";
import type { CellOrder, CellReply } from "./cell-thread.ts";
import type { Library } from "./library.ts";
import type { CellOutcome } from "./run-cell.ts";

/** A cell that could not be run at all. */
export interface CellFailure {
  readonly cell: Cell;
  readonly error: unknown;
}

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
   * Runs all cells, in any order, whatever becomes of any of them; resolves when all are done or `signal` says that no more
   * are wanted: cells that are being run are then given up.
   * @param onResult told of each as it is done; where it throws no further cell is begun
   * @returns those that could not be run, in the order in which they failed
   */
  async run(
    cells: readonly Cell[],
    onResult: (cell: Cell, outcome: CellOutcome) => void,
    signal?: AbortSignal,
  ): Promise<CellFailure[]> {
    const failures: CellFailure[] = [];
    let next = 0;
    let broken = false;
    const aborted = (): boolean => signal?.aborted === true;
    const lane = async (): Promise<void> => {
      while (!broken && !aborted()) {
        const cell = cells[next++];
        if (cell === undefined) return;
        let outcome: CellOutcome;
        try {
          outcome = await this.#runOne(cell, signal);
        } catch (error) {
          if (!aborted()) failures.push({ cell, error });
          continue;
        }
        try {
          onResult(cell, outcome);
        } catch (error) {
          broken = true;
          throw error;
        }
      }
    };
    const lanes = Array.from({ length: Math.min(this.#jobs, cells.length) }, lane);
    const settled = await Promise.allSettled(lanes);
    for (const outcome of settled) if (outcome.status === "rejected") throw outcome.reason;
    return failures;
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.terminate()));
  }

  async #runOne(
    { digest, spec, configuration, axes }: Cell,
    signal: AbortSignal | undefined,
  ): Promise<CellOutcome> {
    const stored = (await Promise.all(dataSetsOf(spec).map((name) => this.#library.objectsOf(name)))).flat();
    const order: CellOrder = { digest, spec, configuration, stored };
    const reply = await this.#ask(order, signal);
    if (reply.kind === "failed") {
      const message = `cell ${JSON.stringify({ ...axes, seed: spec.seed })}: ${reply.message}`;
      throw reply.code === null ? new Error(message) : new MarinaError(reply.code as ErrorCode, message);
    }
    await this.#library.keep(reply.outcome.spectra);
    return reply.outcome;
  }

  #ask(order: CellOrder, signal: AbortSignal | undefined): Promise<CellReply> {
    const thread = this.#idle.pop() ?? this.#start();
    return new Promise((resolve, reject) => {
      const done = (): void => {
        thread.off("message", onMessage);
        thread.off("error", onError);
        thread.off("exit", onExit);
        signal?.removeEventListener("abort", onAbort);
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
      const onExit = (code: number): void =>
        onError(new Error(`a thread that ran a cell ended with code ${code}`));
      const onAbort = (): void => {
        onError(signal?.reason);
        void thread.terminate();
      };
      thread.on("message", onMessage);
      thread.on("error", onError);
      thread.on("exit", onExit);
      signal?.addEventListener("abort", onAbort);
      thread.postMessage(order);
    });
  }

  #start(): Worker {
    const thread = new Worker(new URL("./cell-thread.ts", import.meta.url));
    this.#threads.push(thread);
    return thread;
  }
}
