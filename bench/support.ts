/** What the benchmarks share: a service with a data set in it, and a run driven to its end. */
import { createReadStream } from "node:fs";
import { createRun } from "../cli/launch.ts";
import { createEmbeddedService } from "../embedded/service.ts";
import { importLibsvm } from "../shared/data/import.ts";
import { type ShippedName, shippedFile } from "../shared/data/testing/load.ts";
import { MarinaError } from "../shared/math/errors.ts";
import { resultKey } from "../shared/protocol/keys.ts";
import { decodeResult, type RunResult } from "../shared/protocol/result.ts";
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
  const { cloud, control } = createEmbeddedService({
    seed: spec.seed ?? 1,
    observer: {
      round(_run, record) {
        to = performance.now();
        last = record.round;
        if (record.round === warmup) from = to;
      },
    },
  });
  const { objects } = cloud.client;
  const source = createReadStream(shippedFile(data));
  await importLibsvm(source, { name: data, sourceName: `${data}.gz`, labels: "binary", objects });
  const created = await createRun(objects, parseRunSpec({ ...spec, data }, "benchmark"));
  await control(created.control);
  const key = resultKey(created.run);
  const result = await cloud.run(
    (async () => {
      for (;;) {
        try {
          return decodeResult((await objects.get(key)).body, key);
        } catch (error) {
          if (!(error instanceof MarinaError) || error.code !== "not-found") throw error;
        }
        await cloud.clock.sleep(1000);
      }
    })(),
  );
  return { result, millisecondsPerRound: (to - from) / Math.max(1, last - warmup) };
}

/** The median of several runs of a measurement. */
export async function medianOf(times: number, measure: () => Promise<number> | number): Promise<number> {
  const values: number[] = [];
  for (let i = 0; i < times; i++) values.push(await measure());
  return values.sort((a, b) => a - b)[Math.floor(times / 2)]!;
}
