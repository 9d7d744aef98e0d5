/** A thread that runs the trials of some seeds after the other, as it is told. */
import { parentPort, workerData } from "node:worker_threads";
import type { FaultRatios } from "../embedded/index.ts";
import type { Stage } from "./baseline.ts";
import { type Campaign, runSeeds } from "./campaign.ts";

/** What all trials of a thread have in common. */
export interface ThreadSetting {
  readonly stages: readonly Stage[];
  readonly ratios: FaultRatios;
}

/** To the thread: run these. */
export interface SeedOrder {
  readonly seeds: readonly number[];
  readonly explained: number;
}

/** To the campaign: what came of them, or why nothing did. */
export type SeedReply =
  | { readonly kind: "done"; readonly campaign: Campaign }
  | { readonly kind: "failed"; readonly error: string };

const port = parentPort;
if (port === null) throw new Error("trial-thread.ts is started by the campaign, as a worker thread");
const setting = workerData as ThreadSetting;
// Errors are part of every trial, by the hundred; nobody looks where in the program they were made.
Error.stackTraceLimit = 0;

port.on("message", ({ seeds, explained }: SeedOrder) => {
  runSeeds(seeds, { ...setting, explained }).then(
    (campaign) => port.postMessage({ kind: "done", campaign } satisfies SeedReply),
    (error: unknown) =>
      port.postMessage({
        kind: "failed",
        error: `seeds ${seeds.join(", ")}: ${String(error)}`,
      } satisfies SeedReply),
  );
});
