/** What came after MARINA, on deployed functions: each ends with the bits of the embedded cloud. */
import { beforeAll, expect, inject, test } from "vitest";
import { parseRunSpec } from "../../shared/protocol/spec/spec.ts";
import { embeddedResult } from "./testing/reference.ts";
import { importMushrooms, Service } from "./testing/service.ts";
import { RUN_SECONDS, WORKERS } from "./testing/specs.ts";

const service = new Service(inject("cloud"));

beforeAll(() => importMushrooms(service.ports.objects, "mushrooms"));

const randK = { kind: "rand-k", k: 10 } as const;
const natural = { kind: "composed", first: randK, then: { kind: "natural" } } as const;

test.each([
  ["permk", { kind: "marina", compressor: { kind: "perm-k" } }],
  ["composed", { kind: "marina", compressor: natural }],
  ["ef21", { kind: "ef21", compressor: { kind: "top-k", k: 10 } }],
  ["ef21-carried", { kind: "ef21", compressor: { kind: "top-k", k: 10 }, shift: "carried" }],
  ["dasha", { kind: "dasha", compressor: randK }],
  ["importance", { kind: "pp-marina", compressor: randK, participants: 2, sampling: "importance" }],
  [
    "centred-clip",
    {
      ...{ kind: "marina", compressor: randK, stepSize: 0.1 },
      aggregation: { kind: "centered-clip", tolerate: 0.2 },
    },
  ],
  [
    "geometric-median",
    {
      ...{ kind: "vr-marina", compressor: randK, batchSize: 8, stepSize: 0.05 },
      aggregation: { kind: "geometric-median", tolerate: 0.2 },
    },
  ],
])("%s", async (name, algorithm) => {
  const spec = parseRunSpec(
    {
      ...{ name: `after-${name}`, data: "mushrooms", workers: WORKERS, remainder: "drop" },
      ...{ problem: { kind: "nonconvex-binary" }, algorithm, stop: { rounds: 25 }, evaluateEvery: 10 },
    },
    name,
  );
  const expected = await embeddedResult(spec);
  const result = await service.ended(await service.launch(spec), RUN_SECONDS);
  expect(result).toMatchObject({ status: "done", error: null, rounds: 25 });
  expect(result.iterateSha256).toBe(expected.iterateSha256);
  expect(result.gradientNormSquared).toBe(expected.gradientNormSquared);
});
