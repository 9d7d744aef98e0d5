/** What the benchmarks share: a service with a data set in it, and a run driven to its end. */
import { createReadStream } from "node:fs";
import { createRun } from "../client/launch.ts";
import { driveToEnd } from "../embedded/service/drive-to-end.ts";
import { createEmbeddedService } from "../embedded/service/service.ts";
import { importLibsvm } from "../shared/data/import.ts";
import { type ShippedName, shippedFile } from "../shared/data/testing/load.ts";
import { parseRunSpec, type RunSpecInput } from "../shared/protocol/spec/spec.ts";
import type { RunResult } from "../shared/protocol/stored/result.ts";

export interface EmbeddedRun {
  readonly result: RunResult;
  /** Of the rounds after the warm-up. */
  readonly millisecondsPerRound: number;
  /** The same of the process's CPU time. */
  readonly cpuMillisecondsPerRound: number;
}

/**
 * Runs a spec on a new embedded cloud.
 * @param warmup so many rounds are not measured.
 * @param threads beside the main one, that compute gradients.
 */
export async function runEmbedded(
  data: ShippedName,
  spec: Omit<RunSpecInput, "data">,
  warmup = 0,
  threads = 0,
): Promise<EmbeddedRun> {
  let from = performance.now();
  let to = from;
  let cpuFrom = cpuMilliseconds();
  let cpuTo = cpuFrom;
  let last = 0;
  const service = createEmbeddedService({
    seed: spec.seed ?? 1,
    threads: { threads },
    observer: {
      round(_run, record) {
        last = record.round;
        // Asking for the CPU time is a system call.
        if (record.round !== warmup && record.round !== spec.stop.rounds - 1) return;
        to = performance.now();
        cpuTo = cpuMilliseconds();
        if (record.round === warmup) [from, cpuFrom] = [to, cpuTo];
      },
    },
  });
  const { objects } = service.cloud.client;
  const source = createReadStream(shippedFile(data));
  await importLibsvm(source, { name: data, sourceName: `${data}.gz`, labels: "binary", objects });
  const created = await createRun(objects, parseRunSpec({ ...spec, data }, "benchmark"));
  const result = await driveToEnd(service, created.control);
  await service.close();
  const rounds = Math.max(1, last - warmup);
  return {
    result,
    millisecondsPerRound: (to - from) / rounds,
    cpuMillisecondsPerRound: (cpuTo - cpuFrom) / rounds,
  };
}

/** User and system time of this process so far. */
export function cpuMilliseconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** The median of several runs of a measurement. */
export async function medianOf(times: number, measure: () => Promise<number> | number): Promise<number> {
  const values: number[] = [];
  for (let i = 0; i < times; i++) values.push(await measure());
  return values.sort((a, b) => a - b)[Math.floor(times / 2)]!;
}
