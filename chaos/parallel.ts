/** A campaign on several threads: each is given the next few seeds as soon as it has done its last ones. */
import { Worker } from "node:worker_threads";
import type { FaultRatios } from "../embedded/index.ts";
import type { Stage } from "./baseline.ts";
import { type Campaign, SHRUNK_FAILURES } from "./campaign.ts";
import type { SeedOrder, SeedReply, ThreadSetting } from "./trial-thread.ts";

/** Seeds of one order: a fraction of a second's work. */
const SEEDS_AT_ONCE = 10;
/** Trials make much that is garbage soon; by default it is collected four times as often. */
const YOUNG_GENERATION_MB = 64;

export interface ParallelOptions {
  readonly stages: readonly Stage[];
  readonly ratios: FaultRatios;
  readonly threads: number;
  /** Seeds to try, in order; may be without end. */
  readonly seeds: Iterator<number>;
  /** Asked before seeds are given out. */
  readonly enough: () => boolean;
  /** Told what came of some seeds. */
  readonly onPart: (seeds: readonly number[], part: Campaign) => void;
}

/** Resolves when all seeds that were given out are done. @throws what keeps a thread from its work. */
export async function runInParallel(options: ParallelOptions): Promise<void> {
  const { stages, ratios, threads, seeds, enough, onPart } = options;
  const workerData: ThreadSetting = { stages, ratios };
  let unexplained = SHRUNK_FAILURES;
  const lane = async (): Promise<void> => {
    let worker: Worker | undefined;
    try {
      while (!enough()) {
        const some = nextOf(seeds);
        if (some.length === 0) return;
        worker ??= new Worker(new URL("./trial-thread.ts", import.meta.url), {
          workerData,
          resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
        });
        const part = await ask(worker, { seeds: some, explained: unexplained });
        unexplained = Math.max(0, unexplained - part.failures.length);
        onPart(some, part);
      }
    } finally {
      await worker?.terminate();
    }
  };
  const settled = await Promise.allSettled(Array.from({ length: threads }, lane));
  for (const outcome of settled) if (outcome.status === "rejected") throw outcome.reason;
}

function nextOf(seeds: Iterator<number>): number[] {
  const some: number[] = [];
  while (some.length < SEEDS_AT_ONCE) {
    const next = seeds.next();
    if (next.done === true) break;
    some.push(next.value);
  }
  return some;
}

function ask(worker: Worker, order: SeedOrder): Promise<Campaign> {
  return new Promise((resolve, reject) => {
    const died = (code: number): void => reject(new Error(`a thread of the campaign ended with ${code}`));
    worker.once("error", reject);
    worker.once("exit", died);
    worker.once("message", (reply: SeedReply) => {
      worker.off("error", reject);
      worker.off("exit", died);
      if (reply.kind === "done") resolve(reply.campaign);
      else reject(new Error(reply.error));
    });
    worker.postMessage(order);
  });
}
