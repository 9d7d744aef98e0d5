/** Files of latencies: what was written comes back; what is no such file is refused with its field. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, it } from "vitest";
import { AWS_LATENCIES, NO_LATENCIES } from "../../embedded/latency/latencies.ts";
import { DEFAULT_CONFIGURATION } from "../../embedded/service/configuration.ts";
import { MarinaError } from "../../shared/base/errors.ts";
import { type LatencyFile, latencyFileText, readLatencies } from "./latency-file.ts";
import { measurementPrice } from "./price.ts";

const folder = mkdtempSync(join(tmpdir(), "marina-latencies-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const path = join(folder, "measured.json");

const GOOD: LatencyFile = {
  version: 1,
  measured: {
    ...{ on: "aws", stack: "Marina", region: "us-east-1", architecture: "arm64" },
    ...{ workerMemoryMb: 1769, aggregatorMemoryMb: 1769, answers: 100 },
  },
  asPublished: ["dispatchFifo"],
  latencies: {
    ...AWS_LATENCIES,
    ramp: { atFirst: 5, perMinute: 300 },
    putsPerSecond: Number.POSITIVE_INFINITY,
  },
};

function errorOf(text: string): string {
  writeFileSync(path, text);
  try {
    readLatencies(path);
    return "no error";
  } catch (error) {
    expect(error).toBeInstanceOf(MarinaError);
    return (error as Error).message;
  }
}
const changed = (change: (latencies: Record<string, unknown>) => void): string => {
  const file = JSON.parse(latencyFileText(GOOD)) as { latencies: Record<string, unknown> };
  change(file.latencies);
  return JSON.stringify(file);
};

it("come back as they were, limits that are none too", () => {
  writeFileSync(path, latencyFileText(GOOD));
  expect(readLatencies(path)).toEqual(GOOD.latencies);
});

it.each([
  ["a missing entry", changed((all) => delete all["queueCall"]), "latencies.queueCall"],
  [
    "one entry too many",
    changed((all) => {
      all["queueCal"] = 1;
    }),
    "queueCal",
  ],
  [
    "quantiles out of order",
    changed((all) => {
      all["queueCall"] = { p10: 5, p50: 4, p90: 6, p99: 7, max: 8 };
    }),
    "latencies.queueCall: expected p10 <= p50 <= p90 <= p99 <= max",
  ],
  [
    "a zero among others, which have no logarithm",
    changed((all) => {
      all["queueCall"] = { p10: 0, p50: 4, p90: 6, p99: 7, max: 8 };
    }),
    "latencies.queueCall: expected all of them above 0, or all of them 0",
  ],
  [
    "a straggler of nothing",
    changed((all) => {
      all["straggler"] = NO_LATENCIES.arrival;
    }),
    "latencies.straggler",
  ],
  [
    "a negative limit",
    changed((all) => {
      all["getsPerSecond"] = -1;
    }),
    "latencies.getsPerSecond",
  ],
  [
    "a factor of 0",
    changed((all) => {
      all["computeFactor"] = 0;
    }),
    "latencies.computeFactor",
  ],
  ["another version", latencyFileText(GOOD).replace('"version": 1', '"version": 2'), "version"],
  ["other JSON", '{"date": "2026"}', "expected a file of latencies, as marina measure --out writes it"],
  ["a list", "[]", "expected a file of latencies"],
  ["no JSON", "{", "not JSON"],
])("%s is refused in one line that names it", (_what, text, said) => {
  const message = errorOf(text);
  expect(message).toContain("measured.json");
  expect(message).toContain(said);
});

it("whatever is in them, there is an error of ours or a table", () => {
  const whole = latencyFileText(GOOD);
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.string({ maxLength: 4 }), fc.nat(20), (at, put, cut) => {
      writeFileSync(path, whole.slice(0, at) + put + whole.slice(at + cut));
      try {
        for (const name of ["queueCall", "dispatchStandard"] as const)
          expect(readLatencies(path)[name].max).toBeGreaterThanOrEqual(readLatencies(path)[name].p10);
      } catch (error) {
        expect(error).toBeInstanceOf(MarinaError);
      }
    }),
    { numRuns: 200 },
  );
});

it("a file that is not there is a wrong option", () => {
  expect(() => readLatencies(join(folder, "none.json"))).toThrow(
    "give a file that marina measure --out has written",
  );
});

const plan = { hops: 40, bursts: [10, 100, 500], ramp: 100, objects: 5, computes: 20 };

it("a measurement's price is told with its bound, which is ten cents at most", async () => {
  const { text, usdAtMost } = await measurementPrice(DEFAULT_CONFIGURATION, plan);
  expect(usdAtMost).toBeLessThan(0.1);
  expect(text).toMatch(/^about \$0\.00\d+ and at most \$0\.0\d+ for a measurement of/);
});

it("a dearer one is refused before it begins", async () => {
  const large = { ...DEFAULT_CONFIGURATION, workerMemoryMb: 10_240, aggregatorMemoryMb: 10_240 };
  const dear = { ...plan, bursts: Array<number>(15).fill(500), ramp: 200, computes: 50, objects: 20 };
  await expect(measurementPrice(large, dear)).rejects.toThrow(
    /^nothing was started: a measurement may cost \$0\.1 at most, this one would cost up to \$0\.\d+; give smaller --bursts$/,
  );
});
