/** Dense vectors that reducers add by ranged reads: the bits that the aggregator's own sums have on the embedded cloud. */
import { beforeAll, describe, expect, inject, test } from "vitest";
import { leftoverPrefixes } from "../../shared/protocol/keys.ts";
import type { RunSpec } from "../../shared/protocol/spec/spec.ts";
import { embeddedResult } from "./testing/reference.ts";
import { importMushrooms, Service } from "./testing/service.ts";
import { MARINA, PP_MARINA, RUN_SECONDS, spec } from "./testing/specs.ts";

const service = new Service(inject("cloud"));

beforeAll(async () => {
  await importMushrooms(service.ports.objects, "mushrooms");
});

describe.each([
  ["marina", MARINA],
  ["pp-marina", PP_MARINA],
] as const)("%s, every dense round and evaluation reduced", (name, algorithm) => {
  test("ends with the bits of the aggregator's own sums, and leaves nothing behind", async () => {
    const whole: RunSpec = spec(`reduced-${name}`, { ...algorithm, probability: 0.4 }, 20);
    const expected = await embeddedResult({ ...whole, reduction: "aggregator" });
    const run = await service.launch({ ...whole, reduction: "workers" });
    const result = await service.ended(run, RUN_SECONDS);
    expect(result).toMatchObject({ status: "done", error: null, rounds: 20 });
    expect(result.iterateSha256).toBe(expected.iterateSha256);
    expect(result.gradientNormSquared).toBe(expected.gradientNormSquared);
    for (const prefix of leftoverPrefixes(run))
      expect(await service.ports.objects.list(prefix), prefix).toEqual([]);
  });
});
