/** What the benchmarks share: a service with a data set in it, and a run driven to its end. */
import { createReadStream } from "node:fs";
import { createRun } from "../cli/launch.ts";
import { driveToEnd } from "../embedded/drive-to-end.ts";
import { createEmbeddedService } from "../embedded/service.ts";
import { importLibsvm } from "../shared/data/import.ts";
import { type ShippedName, shippedFile } from "../shared/data/testing/load.ts";
import type { RunResult } from "../shared/protocol/result.ts";
import { parseRunSpec, type RunSpecInput } from "../shared/protocol/spec.ts";

/** Runs a spec on a new embedded cloud; `wallMilliseconds` is of the rounds from `warmup` on. */
export async function runEmbedded(
  data: ShippedName,
  spec: Omit<RunSpecInput, "data">,
  warmup = 0,
): Promise<{ readonly result: RunResult; readonly millisecondsPerRound: number }> {
  let from = performance.now();
  let to = from;
  let last = 0;
  const service = createEmbeddedService({
    seed: spec.seed ?? 1,
    observer: {
      round(_run, record) {
        to = performance.now();
        last = record.round;
        if (record.round === warmup) from = to;
      },
    },
  });
  const { objects } = service.cloud.client;
  const source = createReadStream(shippedFile(data));
  await importLibsvm(source, { name: data, sourceName: `${data}.gz`, labels: "binary", objects });
  const created = await createRun(objects, parseRunSpec({ ...spec, data }, "benchmark"));
  const result = await driveToEnd(service, created.control);
  return { result, millisecondsPerRound: (to - from) / Math.max(1, last - warmup) };
}

/** The median of several runs of a measurement. */
export async function medianOf(times: number, measure: () => Promise<number> | number): Promise<number> {
  const values: number[] = [];
  for (let i = 0; i < times; i++) values.push(await measure());
  return values.sort((a, b) => a - b)[Math.floor(times / 2)]!;
}
