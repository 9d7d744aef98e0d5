/**
 * Dense vectors that reducers add by ranged reads, and iterates that travel as deltas: the bits of the aggregator's own sums and of full
 * iterates on the embedded cloud, in float32 too, also where everybody who holds something dies.
 */
import { afterEach, beforeAll, describe, expect, inject, test } from "vitest";
import { leftoverPrefixes } from "../../shared/protocol/keys.ts";
import type { RunSpec } from "../../shared/protocol/spec/spec.ts";
import { printComplaints } from "./testing/complaints.ts";
import { reachesProcesses, signalFunction } from "./testing/functions.ts";
import { embeddedResult } from "./testing/reference.ts";
import { importMushrooms, Service } from "./testing/service.ts";
import { DIANA, MARINA, PP_MARINA, RUN_SECONDS, spec } from "./testing/specs.ts";

const cloud = inject("cloud");
const service = new Service(cloud);
const workerName = service.output("WorkerFunctionName");
const aggregatorName = service.output("AggregatorFunctionName");

beforeAll(async () => {
  await importMushrooms(service.ports.objects, "mushrooms");
});

afterEach(async ({ task }) => {
  if (task.result?.state === "fail") await printComplaints(cloud, [aggregatorName, workerName]);
});

/** Everything at the aggregator, iterates themselves, and gradients computed where no environment holds them. */
const plain = { reduction: "aggregator", downlink: "full", reuse: "environment" } as const;

async function endsAsPlain(run: RunSpec, name: string): Promise<void> {
  const expected = await embeddedResult({ ...run, ...plain });
  const result = await service.ended(name, RUN_SECONDS);
  expect(result).toMatchObject({ status: "done", error: null, rounds: run.stop.rounds });
  expect(result.iterateSha256).toBe(expected.iterateSha256);
  expect(result.gradientNormSquared).toBe(expected.gradientNormSquared);
  for (const prefix of leftoverPrefixes(name))
    expect(await service.ports.objects.list(prefix), prefix).toEqual([]);
}

const WAYS = [
  ["reducers", { reduction: "workers" }],
  ["deltas", { downlink: "deltas" }],
  ["deltas and reducers", { reduction: "workers", downlink: "deltas" }],
] as const;

describe.each([
  ["marina", { ...MARINA, probability: 0.4 }],
  ["pp-marina", { ...PP_MARINA, probability: 0.4 }],
  ["diana", DIANA],
] as const)("%s", (kind, algorithm) => {
  test.each(WAYS)(
    "with %s ends with the bits of the plain run, and leaves nothing behind",
    async (way, asked) => {
      const run: RunSpec = { ...spec(`${kind}-${way.replaceAll(" ", "-")}`, algorithm, 20), ...asked };
      await endsAsPlain(run, await service.launch(run));
    },
  );
});

test.each([
  ["marina", { ...MARINA, probability: 0.2 }, {}],
  ["pp-marina", { ...PP_MARINA, participants: 4, probability: 0.2 }, { shardsPerTask: 2 }],
  ["marina-deltas", { ...MARINA, probability: 0.2 }, { downlink: "deltas" }],
] as const)(
  "%s with gradients kept in the store ends with the bits of the plain run, and leaves nothing behind",
  async (name, algorithm, asked) => {
    const run: RunSpec = { ...spec(`kept-${name}`, algorithm, 30), ...asked, reuse: "store" };
    await endsAsPlain(run, await service.launch(run));
  },
);

test.each([
  ["marina", { ...MARINA, probability: 0.3 }, { downlink: "full", shardsPerTask: 2 }],
  ["pp-marina", { ...PP_MARINA, probability: 0.3 }, { downlink: "deltas", reduction: "workers" }],
  ["diana", DIANA, { downlink: "deltas" }],
] as const)(
  "%s with iterates in float32 ends with the bits of the embedded cloud, and leaves nothing behind",
  async (name, algorithm, asked) => {
    const start = { uniform: 0.5 };
    const run: RunSpec = { ...spec(`float32-${name}`, algorithm, 30), ...asked, iterate: "float32", start };
    await endsAsPlain(run, await service.launch(run));
  },
);

describe.runIf(reachesProcesses(cloud))("deltas and reducers", () => {
  test.each([
    ["workers", workerName],
    ["aggregator", aggregatorName],
  ])("come to the same bits when the %s dies with all that is held", async (who, name) => {
    const run: RunSpec = {
      ...spec(`held-by-${who}`, { ...MARINA, probability: 0.2 }, 60),
      ...{ reduction: "workers", downlink: "deltas" },
    };
    const launched = await service.launch(run);
    const { round } = await service.reached(launched, 10, RUN_SECONDS);
    expect(round).toBeLessThan(60);
    expect(signalFunction(cloud, name, "SIGKILL")).toBeGreaterThan(0);
    await endsAsPlain(run, launched);
  });
});
