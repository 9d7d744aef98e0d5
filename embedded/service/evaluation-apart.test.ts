/** Watching a run costs the method nothing, also where its vectors are too large for messages and go through the store. */
import { describe, expect, it } from "vitest";
import { createRun } from "../../client/launch.ts";
import { importLibsvm } from "../../shared/data/import.ts";
import { parseRunSpec, type RunSpecInput } from "../../shared/protocol/spec/spec.ts";
import type { RunResult } from "../../shared/protocol/stored/result.ts";
import { driveToEnd } from "./drive-to-end.ts";
import { createEmbeddedService } from "./service.ts";

/** An iterate is 1.6 MB, a gradient as float32 0.8: neither fits a message of 1 MiB in base64 beside its evaluation. */
const DIMENSION = 200_000;

async function run(spec: Partial<RunSpecInput>): Promise<RunResult> {
  const service = createEmbeddedService({ seed: 1 });
  const { objects } = service.cloud.client;
  const rows = Array.from(
    { length: 12 },
    (_, i) => `${i % 2 === 0 ? 1 : -1} 1:1 ${2 + i}:0.5 ${DIMENSION - i}:0.25\n`,
  );
  const source = (async function* () {
    yield new TextEncoder().encode(rows.join(""));
  })();
  await importLibsvm(source, {
    name: "wide",
    sourceName: "wide",
    labels: "binary",
    dimension: DIMENSION,
    objects,
  });
  const whole = parseRunSpec(
    {
      data: "wide",
      workers: 3,
      problem: { kind: "nonconvex-binary" },
      algorithm: { kind: "gd", stepSize: 1 },
      stop: { rounds: 4 },
      evaluateEvery: 0,
      ...spec,
    },
    "test",
  );
  return driveToEnd(service, (await createRun(objects, whole)).control);
}

/** But for a checkpoint that is longer by the digits of larger counts. */
function same(found: RunResult, expected: RunResult): void {
  expect(Math.abs(found.seconds - expected.seconds)).toBeLessThan(2e-5);
  expect(found.usd / expected.usd - 1).toBeCloseTo(0, 4);
}

describe("a run with vectors that go through the store", () => {
  it.each([
    ["gd", { kind: "gd", stepSize: 1 }],
    [
      "pp-marina",
      { kind: "pp-marina", participants: 2, compressor: { kind: "rand-k", k: 100 }, stepSize: 1 },
    ],
  ] as const)("of %s takes and costs the same however often it is evaluated", async (_name, algorithm) => {
    const [never, always] = [await run({ algorithm }), await run({ algorithm, evaluateEvery: 1 })];
    expect(always.iterateSha256).toBe(never.iterateSha256);
    expect(always.evaluationBytesMeasured).toBeGreaterThan(2 * never.evaluationBytesMeasured);
    same(always, never);
  });

  it("takes no longer where its step size is calibrated", async () => {
    const [given, theory] = [await run({}), await run({ algorithm: { kind: "gd", stepSize: "theory" } })];
    same(theory, given);
  });
});
