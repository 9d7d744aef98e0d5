/** The trajectory is a function of the spec alone: whatever the cloud does, the bits are those of a plain loop. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { AWS_LATENCIES, type LatencyProfile, type Quantiles } from "../../embedded/latency/latencies.ts";
import type { EmbeddedService, ServiceOptions } from "../../embedded/service/service.ts";
import type { RunSpecInput } from "../../shared/protocol/spec/spec.ts";
import { type MethodName, methodNames, oracleOf, oracleOfSpec, ROUNDS, specOf } from "../fixtures/methods.ts";
import {
  checkpointOf,
  createRun,
  drive,
  recordsOf,
  requestStop,
  resultOf,
  resume,
  runToEnd,
  serviceWith,
} from "../fixtures/service.ts";

async function digestOf(
  method: MethodName,
  options: Partial<ServiceOptions> = {},
  change: Partial<RunSpecInput> = {},
): Promise<string> {
  const { status, rounds, iterateSha256 } = await runToEnd(
    await serviceWith(options),
    "r",
    specOf(method, change),
  );
  expect({ status, rounds }).toEqual({ status: "done", rounds: ROUNDS });
  return iterateSha256;
}

/** A service that asks its own run to stop when a round's messages are in. */
async function stoppingAt(round: number, options: Partial<ServiceOptions> = {}): Promise<EmbeddedService> {
  const service: EmbeddedService = await serviceWith({
    ...options,
    observer: {
      round: (run, record) => {
        if (record.round === round) void requestStop(service, run);
      },
    },
  });
  return service;
}

/** Every dispatch takes eight seconds or so: sixty rounds outlast the aggregator's five minutes. */
const slow: Quantiles = { p10: 7000, p50: 8000, p90: 9000, p99: 10_000, max: 11_000 };
const SLOW_LATENCIES: LatencyProfile = { ...AWS_LATENCIES, dispatchStandard: slow };

describe.each(methodNames)("%s", (method) => {
  it("has the bits of a plain loop over the mathematics, with latencies and without", async () => {
    const { sha256 } = await oracleOf(method);
    expect(await digestOf(method)).toBe(sha256);
    expect(await digestOf(method, { latencies: "aws" })).toBe(sha256);
    expect(await digestOf(method, { latencies: "aws", seed: 2 })).toBe(sha256);
  });

  it("records the loss and gradient norm of every iterate, bit for bit", async () => {
    const service = await serviceWith();
    await runToEnd(service, "r", specOf(method));
    const records = await recordsOf(service, "r");
    const { points } = await oracleOf(method);
    const seen = records.map(({ loss, gradientNormSquared }) => ({ loss, gradientNormSquared }));
    expect(seen).toEqual(
      points.slice(0, ROUNDS).map(({ loss, gradientNormSquared }) => ({ loss, gradientNormSquared })),
    );
  });

  it("has the same bits when every message is delivered twice and out of order", async () => {
    const { sha256 } = await oracleOf(method);
    const faults = { shuffle: true, duplicate: true };
    expect(await digestOf(method, { latencies: "aws", seed: 7, faults })).toBe(sha256);
    expect(await digestOf(method, { latencies: "aws", seed: 8, faults }, { checkpointEvery: 7 })).toBe(
      sha256,
    );
  });

  it("has the same bits however often and however strictly it is stored", async () => {
    const { sha256 } = await oracleOf(method);
    expect(await digestOf(method, {}, { checkpointEvery: 7 })).toBe(sha256);
    expect(await digestOf(method, { latencies: "aws" }, { durability: "strict" })).toBe(sha256);
    expect(await digestOf(method, { latencies: "aws" }, { durability: "strict", checkpointEvery: 7 })).toBe(
      sha256,
    );
  });

  it("has the same bits when it is stopped and resumed, also in another process over the same folder", async () => {
    const { sha256 } = await oracleOf(method);
    const home = mkdtempSync(join(tmpdir(), "marina-test-"));
    try {
      const first = await stoppingAt(20, { home, latencies: "aws" });
      const stopped = await runToEnd(first, "r", specOf(method, { checkpointEvery: 7 }));
      expect(stopped).toMatchObject({ status: "stopped", stoppedBy: "user" });
      expect(stopped.rounds).toBeGreaterThan(20);
      expect(stopped.rounds).toBeLessThan(30);
      const { points } = await oracleOf(method);
      expect(stopped.gradientNormSquared).toBe(points[stopped.rounds]!.gradientNormSquared);

      const second = await stoppingAt(40, { home, latencies: "aws", seed: 5 });
      const again = await resume(second, "r");
      expect(again.status).toBe("stopped");
      expect(again.rounds).toBeGreaterThan(40);
      // In the same process again.
      const done = await resume(second, "r");
      expect(done).toMatchObject({
        status: "done",
        stoppedBy: "rounds",
        rounds: ROUNDS,
        iterateSha256: sha256,
      });
      expect((await recordsOf(second, "r")).map(({ round }) => round)).toEqual(
        Array.from({ length: ROUNDS }, (_, t) => t),
      );
    } finally {
      rmSync(home, { recursive: true });
    }
  });

  it("has the same bits when aggregators hand over to their successors", async () => {
    const { sha256 } = await oracleOf(method);
    const service = await serviceWith({ latencies: SLOW_LATENCIES });
    const result = await runToEnd(service, "r", specOf(method, { checkpointEvery: 7 }));
    expect(result).toMatchObject({ status: "done", rounds: ROUNDS, iterateSha256: sha256 });
    expect((await checkpointOf(service, "r")).tenure).toBeGreaterThanOrEqual(1);
    expect(result.seconds).toBeGreaterThan(300);
    const records = await recordsOf(service, "r");
    expect(records.map(({ round }) => round)).toEqual(Array.from({ length: ROUNDS }, (_, t) => t));
  });
});

describe("a compressor that is drawn for all workers jointly", () => {
  const compressor = { kind: "perm-k" } as const;
  const algorithm = { kind: "marina", compressor, probability: 0.2, stepSize: 0.1 } as const;

  it("gives the bits of a plain loop, with duplicates out of order and with tasks that several workers share", async () => {
    const { sha256 } = await oracleOfSpec(specOf("marina", { algorithm }));
    const options: Partial<ServiceOptions> = {
      latencies: "aws",
      seed: 7,
      faults: { shuffle: true, duplicate: true },
    };
    expect(await digestOf("marina", options, { algorithm })).toBe(sha256);
    expect(await digestOf("marina", options, { algorithm, shardsPerTask: 3 })).toBe(sha256);
  });
});

describe("two runs at once in one service", () => {
  it("have the bits that each has alone", async () => {
    const service = await serviceWith({ latencies: "aws" });
    await createRun(service, "first", specOf("diana"));
    await createRun(service, "second", specOf("pp-marina"));
    await createRun(service, "third", specOf("diana", { seed: 4 }));
    await service.control({ version: 1, run: "first", action: "start", tenure: 0 });
    await service.control({ version: 1, run: "second", action: "start", tenure: 0 });
    const third = await drive(service, "third", { action: "start", tenure: 0 });
    const first = await service.cloud.run(resultOf(service, "first"));
    const second = await service.cloud.run(resultOf(service, "second"));
    expect(first.iterateSha256).toBe((await oracleOf("diana")).sha256);
    expect(second.iterateSha256).toBe((await oracleOf("pp-marina")).sha256);
    expect(third.iterateSha256).not.toBe(first.iterateSha256);
  });
});
