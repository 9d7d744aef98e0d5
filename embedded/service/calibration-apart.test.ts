import { createReadStream } from "node:fs";
import { expect, test } from "vitest";
import { createRun } from "../../client/launch.ts";
import { parseUsage, type Usage } from "../../shared/cost/usage.ts";
import { importLibsvm } from "../../shared/data/import.ts";
import { shippedFile } from "../../shared/data/testing/load.ts";
import { spectraKey } from "../../shared/protocol/keys.ts";
import { parseRunSpec, type RunSpecInput } from "../../shared/protocol/spec/spec.ts";
import type { RunResult } from "../../shared/protocol/stored/result.ts";
import { driveToEnd } from "./drive-to-end.ts";
import { createEmbeddedService } from "./service.ts";

const SPEC: Omit<RunSpecInput, "algorithm"> = {
  data: "mushrooms",
  workers: 5,
  problem: { kind: "nonconvex-binary" },
  stop: { rounds: 30 },
  evaluateEvery: 0,
};
const compressor = { kind: "rand-k", k: 10 } as const;

/** Runs on a new cloud, beside the spectra that an earlier run has left, if any; returns those that are there then. */
async function run(
  algorithm: RunSpecInput["algorithm"],
  kept?: Uint8Array,
): Promise<{ result: RunResult; spectra: Uint8Array }> {
  const service = createEmbeddedService({ seed: 1 });
  const { objects } = service.cloud.client;
  const source = createReadStream(shippedFile("mushrooms"));
  await importLibsvm(source, { name: "mushrooms", sourceName: "mushrooms.gz", labels: "binary", objects });
  const key = spectraKey("mushrooms", "5-spread");
  if (kept !== undefined) await objects.put(key, kept);
  const created = await createRun(objects, parseRunSpec({ ...SPEC, algorithm }, "test"));
  const result = await driveToEnd(service, created.control);
  return { result, spectra: (await objects.get(key)).body };
}

/** The method's counts without bytes and times, see below. */
function requestsOf({ method: { objects, aggregator, ...method } }: Usage) {
  const { putBytes: _, ...requests } = objects;
  return { ...method, requests, aggregators: aggregator.invocations };
}

test.each([
  { kind: "marina", compressor } as const,
  // Its step needs a power iteration over all workers as well.
  { kind: "diana", compressor } as const,
])("a data set's first run takes and costs what every later one does: $kind", async (algorithm) => {
  const { result: first, spectra } = await run(algorithm);
  const { result: later } = await run(algorithm, spectra);
  expect(later.iterateSha256).toBe(first.iterateSha256);
  // To the microsecond a checkpoint: it holds the counts, the other account's too, and takes as long as it has bytes.
  expect(later.seconds).toBeCloseTo(first.seconds, 4);
  expect(later.usd).toBeCloseTo(first.usd, 8);
  const [used, usedLater] = [parseUsage(first.usage), parseUsage(later.usage)];
  expect(requestsOf(usedLater)).toEqual(requestsOf(used));
  // Calibration was asked for once, and is on the account of what is not the method's.
  expect(used.evaluation.objects.putRequests).toBeGreaterThan(0);
  expect(usedLater.evaluation.objects.putRequests).toBe(0);
  expect(used.evaluation.worker.invocations).toBeGreaterThan(usedLater.evaluation.worker.invocations);
});
