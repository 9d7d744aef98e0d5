/** Threads that parse pieces of LIBSVM text. */
import { Worker } from "node:worker_threads";
import type { LibsvmOptions } from "../libsvm.ts";
import type { PieceAnswer } from "./parser-thread.ts";

interface Waiting {
  resolve(answer: PieceAnswer): void;
  reject(error: unknown): void;
}

/** Pieces go to the threads in turn. Threads start with the first piece. */
export class ParserPool {
  readonly #size: number;
  readonly #options: LibsvmOptions;
  readonly #threads: { readonly worker: Worker; readonly waiting: Waiting[] }[] = [];
  #next = 0;
  #closed = false;

  constructor(threads: number, options: LibsvmOptions) {
    this.#size = threads;
    this.#options = options;
  }

  /** @param piece whole lines, in a buffer of its own, which is handed over. */
  parse(piece: Uint8Array): Promise<PieceAnswer> {
    if (this.#threads.length < this.#size) this.#start();
    const { worker, waiting } = this.#threads[this.#next]!;
    this.#next = (this.#next + 1) % this.#size;
    return new Promise((resolve, reject) => {
      waiting.push({ resolve, reject });
      worker.postMessage(piece, [piece.buffer as ArrayBuffer]);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()));
  }

  #start(): void {
    const worker = new Worker(new URL("parser-thread.ts", import.meta.url), { workerData: this.#options });
    const waiting: Waiting[] = [];
    worker.on("message", (answer: PieceAnswer) => waiting.shift()!.resolve(answer));
    const fail = (error: unknown) => {
      for (const { reject } of waiting.splice(0)) reject(error);
    };
    worker.on("error", fail);
    worker.on("exit", (code) => {
      if (!this.#closed) fail(new Error(`a parser thread ended with code ${code}`));
    });
    this.#threads.push({ worker, waiting });
  }
}
