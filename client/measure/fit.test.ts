/** A measurement of the embedded cloud, whose latencies are known: they must come back. */
import { expect, it } from "vitest";
import { AWS_RAMP } from "../../embedded/functions/mapping.ts";
import { AWS_LATENCIES, type LatencyProfile, type Quantiles } from "../../embedded/latency/latencies.ts";
import { DEFAULT_CONFIGURATION } from "../../embedded/service/configuration.ts";
import type { MeasurementPlan } from "../../shared/protocol/stored/measurement.ts";
import { fitLatencies, quantile, quantilesOf, rampOf } from "./fit.ts";
import { simulateMeasurement } from "./simulate.ts";

const PLAN: MeasurementPlan = { hops: 20, bursts: [10, 10, 10, 40], ramp: 40, objects: 2, computes: 10 };
const always = (value: number): Quantiles => ({ p10: value, p50: value, p90: value, p99: value, max: value });

/** Nothing by chance. */
const KNOWN: LatencyProfile = {
  ...AWS_LATENCIES,
  dispatchStandard: always(50),
  dispatchGapMilliseconds: 12,
  arrival: always(30),
  queueCall: always(10),
  objectGet: always(20),
  objectPut: always(35),
  coldStart: always(400),
  coldChance: 0,
  runtimeMilliseconds: 0,
  straggler: always(1),
  computeFactor: 3,
  getBytesPerMillisecond: 40_000,
  putBytesPerMillisecond: 30_000,
};
const within = (seen: number, expected: number, share: number): void => {
  expect(Math.abs(seen / expected - 1), `${seen} for ${expected}`).toBeLessThan(share);
};

it("latencies that are known come back from a measurement", async () => {
  const setting = { ...DEFAULT_CONFIGURATION, latencies: KNOWN };
  const { measurement } = await simulateMeasurement(setting, PLAN);
  expect(measurement.error).toBeNull();
  expect(measurement.contract.filter(({ held }) => !held)).toEqual([]);
  expect(measurement.bursts.map(({ asked, answers }) => [asked, answers.length])).toEqual([
    [10, 10],
    [10, 10],
    [10, 10],
    [40, 40],
  ]);
  const { latencies } = await fitLatencies(measurement, DEFAULT_CONFIGURATION);
  within(latencies.queueCall.p50, 10, 0.05);
  within(latencies.dispatchStandard.p50, 50, 0.05);
  within(latencies.arrival.p50, 30, 0.05);
  within(latencies.dispatchGapMilliseconds, 12, 0.1);
  within(latencies.coldStart.p50, 400, 0.1);
  // The calls' own CPU is in them.
  within(latencies.objectGet.p50, 20, 0.1);
  within(latencies.objectPut.p50, 35, 0.1);
  within(latencies.getBytesPerMillisecond, 40_000, 0.1);
  within(latencies.putBytesPerMillisecond, 30_000, 0.1);
  within(latencies.computeFactor, 3, 0.001);
  within(latencies.clientCpu.sendMilliseconds, AWS_LATENCIES.clientCpu.sendMilliseconds, 1);
  expect(latencies.ramp).toBeNull();
});

it("with published latencies their order and size come back, and no gap that is not there", async () => {
  const { measurement } = await simulateMeasurement(DEFAULT_CONFIGURATION, { ...PLAN, hops: 100 });
  const { latencies, asPublished } = await fitLatencies(measurement, DEFAULT_CONFIGURATION);
  within(latencies.queueCall.p50, AWS_LATENCIES.queueCall.p50, 0.35);
  within(latencies.dispatchStandard.p50, AWS_LATENCIES.dispatchStandard.p50 + 2, 0.35);
  within(latencies.computeFactor, 1, 0.1);
  expect(latencies.dispatchGapMilliseconds).toBeLessThan(3);
  expect(asPublished).toContain("dispatchFifo");
});

it("a ramp shows in slow probes: how many at first, and that more come", async () => {
  const plan = { ...PLAN, hops: 10, bursts: [], ramp: 200 };
  const setting = {
    ...DEFAULT_CONFIGURATION,
    latencies: { ...KNOWN, dispatchGapMilliseconds: 0, coldStart: always(1) },
  };
  const { measurement } = await simulateMeasurement(setting, plan, { ramp: AWS_RAMP });
  const ramp = rampOf(measurement.ramp, 45, 10, 1)!;
  expect([5, 6]).toContain(ramp.atFirst);
  within(ramp.perMinute, 300, 0.25);
});

it("a measurement that failed, or lost most of its probes, makes no table", async () => {
  const { measurement } = await simulateMeasurement(DEFAULT_CONFIGURATION, { ...PLAN, bursts: [], ramp: 0 });
  const failed = { ...measurement, error: "out of time" };
  await expect(fitLatencies(failed, DEFAULT_CONFIGURATION)).rejects.toThrow(
    "the measurement failed: out of time",
  );
  const lost = { ...measurement, hops: { asked: 100, answers: measurement.hops.answers } };
  await expect(fitLatencies(lost, DEFAULT_CONFIGURATION)).rejects.toThrow("20 of 100 probes were answered");
});

it("quantiles are linear between neighbours, and never zero", () => {
  expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5);
  expect(quantile([1, 2, 3], 0)).toBe(1);
  expect(quantilesOf([0, 0, 10])).toEqual({
    p10: 0.05,
    p50: 0.05,
    p90: 8,
    p99: expect.closeTo(9.8, 9),
    max: 10,
  });
});
