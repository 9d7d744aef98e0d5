/** Networks through the whole service: the trajectory is a function of the spec alone, as that of every other problem. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { EmbeddedService, ServiceOptions } from "../../embedded/service/service.ts";
import type { RunSpecInput } from "../../shared/protocol/spec/spec.ts";
import { methodNames } from "../fixtures/methods.ts";
import {
  DIGITS,
  DIMENSION,
  digitsService,
  LAMBDA,
  networkOracle,
  networkSpec,
  ROUNDS,
  ROWS,
} from "../fixtures/networks.ts";
import { checkpointOf, recordsOf, requestStop, resume, runToEnd } from "../fixtures/service.ts";

async function digestOf(
  change: Partial<RunSpecInput> = {},
  options: Partial<ServiceOptions> = {},
  layout: "dense" | "sparse" = "dense",
): Promise<string> {
  const service = await digitsService(options, layout);
  const { status, iterateSha256 } = await runToEnd(service, "r", networkSpec("marina", change));
  expect(status).toBe("done");
  await service.close();
  return iterateSha256;
}

describe.each(methodNames)("a network by %s", (method) => {
  it("has the bits, losses and gradient norms of a plain loop with the reference kernels", async () => {
    const { sha256, points } = networkOracle(method);
    const service = await digitsService();
    const result = await runToEnd(service, "r", networkSpec(method));
    expect(result).toMatchObject({ status: "done", rounds: ROUNDS, iterateSha256: sha256 });
    const seen = (await recordsOf(service, "r")).map(({ loss, gradientNormSquared }) => ({
      loss,
      gradientNormSquared,
    }));
    expect(seen).toEqual(
      points.slice(0, ROUNDS).map(({ loss, gradientNormSquared }) => ({ loss, gradientNormSquared })),
    );
    expect(points.at(-1)!.loss).toBeLessThan(points[0]!.loss);
  });
});

describe("a network", () => {
  const { sha256 } = networkOracle("marina");

  it("asks its workers nothing beforehand, and has no constants but those of the compressor", async () => {
    const service = await digitsService();
    await runToEnd(service, "r", networkSpec("marina"));
    const { constants } = await checkpointOf(service, "r");
    expect(constants).toMatchObject({ dimension: DIMENSION, stepSize: 0.1, probability: 0.2 });
    expect(Object.keys(constants)).not.toEqual(expect.arrayContaining(["L"]));
    expect((await service.cloud.client.objects.list("")).filter((key) => key.includes("spectra"))).toEqual(
      [],
    );
  });

  it("has the same bits from sparse rows, packed, with latencies, duplicates and any order", async () => {
    expect(await digestOf({}, {}, "sparse")).toBe(sha256);
    expect(await digestOf({ shardsPerTask: 3 })).toBe(sha256);
    expect(await digestOf({ shardsPerTask: "auto" }, { latencies: "aws" })).toBe(sha256);
    const faults = { shuffle: true, duplicate: true };
    expect(await digestOf({ checkpointEvery: 5 }, { latencies: "aws", seed: 7, faults })).toBe(sha256);
  });

  it("has the same bits when threads compute its gradients", async () => {
    const threads = { threads: 2, fromNonZeros: 1, startNonZeros: 1, wait: true };
    const service = await digitsService({ threads });
    const { iterateSha256 } = await runToEnd(service, "r", networkSpec("marina"));
    expect(service.gradientsFromThreads()).toBeGreaterThan(ROUNDS);
    expect(iterateSha256).toBe(sha256);
    await service.close();
  });

  it("has the same bits when it is stopped and resumed in another process over the same folder", async () => {
    const home = mkdtempSync(join(tmpdir(), "marina-test-"));
    try {
      const first: EmbeddedService = await digitsService({
        home,
        observer: { round: (run, { round }) => void (round === 4 && requestStop(first, run)) },
      });
      const stopped = await runToEnd(first, "r", networkSpec("marina", { checkpointEvery: 3 }));
      expect(stopped.status).toBe("stopped");
      await first.close();
      const second = await digitsService({ home, seed: 5 });
      expect(await resume(second, "r")).toMatchObject({ status: "done", iterateSha256: sha256 });
      await second.close();
    } finally {
      rmSync(home, { recursive: true });
    }
  });

  it("has a trajectory of its own in float32, near to that in float64", async () => {
    const service = await digitsService();
    const { points } = networkOracle("gd");
    const { problem } = networkSpec("gd");
    const single = await runToEnd(
      service,
      "r",
      networkSpec("gd", { problem: { ...problem, precision: "float32" } as typeof problem }),
    );
    expect(Math.abs(single.loss! - points.at(-1)!.loss)).toBeLessThan(1e-5);
    expect(single.loss).not.toBe(points.at(-1)!.loss);
  });

  it("goes on with other workers, every step an unbiased one: the loss falls throughout", async () => {
    const service = await digitsService();
    const workers = [{ workers: 5 }, { fromRound: 6, workers: 9, denseRound: "force" as const }];
    const { status, phases } = await runToEnd(service, "r", networkSpec("marina", { workers }));
    expect(status).toBe("done");
    expect(phases?.map((each) => each.workers)).toEqual([5, 9]);
    const losses = (await recordsOf(service, "r")).map(({ loss }) => loss!);
    expect(losses.at(-1)!).toBeLessThan(losses[6]!);
    expect(losses[6]!).toBeLessThan(losses[0]!);
  });

  it("in float32 is told of a stopping rule that rounding may keep it from, and computes all the same", async () => {
    const service = await digitsService();
    const { problem } = networkSpec("gd");
    const spec = (relativeGradientNormSquared: number, precision: "float32" | "float64") =>
      networkSpec("gd", {
        problem: { ...problem, precision } as typeof problem,
        stop: { rounds: 2, relativeGradientNormSquared },
      });
    const warningsOf = async (run: string) => {
      const { objects } = service.cloud.client;
      const key = (await objects.list(`runs/${run}/`)).find((each) => each.endsWith("preparation.json"));
      if (key === undefined) return [];
      return JSON.parse(new TextDecoder().decode((await objects.get(key)).body)).warnings as string[];
    };
    expect((await runToEnd(service, "low", spec(1e-9, "float32"))).status).toBe("done");
    expect(await warningsOf("low")).toEqual([expect.stringMatching(/^float32: .*1e-8 of a gradient.*1e-9/)]);
    await runToEnd(service, "high", spec(1e-6, "float32"));
    await runToEnd(service, "double", spec(1e-9, "float64"));
    expect([await warningsOf("high"), await warningsOf("double")]).toEqual([[], []]);
  });

  it("looks at held-out data: loss and right rows as the objective itself has them", async () => {
    const service = await digitsService();
    const result = await runToEnd(service, "r", networkSpec("gd", { heldOut: { data: DIGITS, every: 4 } }));
    // Held out are the training rows themselves: the loss is f without the regulariser.
    const { state } = await checkpointOf(service, "r");
    const square = state["iterate"]!.reduce((sum, v) => sum + v * v, 0);
    expect(result.heldOut!.loss).toBeCloseTo(result.loss! - (LAMBDA / 2) * square, 12);
    expect(result.heldOut!.correct).toBeGreaterThan(ROWS / 4);
    expect(result.heldOut!.rows).toBe(ROWS);
  });

  it("that overflows ends as diverged, with worker, row and operation", async () => {
    const service = await digitsService();
    const problem: RunSpecInput["problem"] = {
      kind: "network",
      input: [64],
      layers: [{ dense: 4 }, { activation: "relu" }, { dense: 10 }],
      loss: "squared",
    };
    const algorithm = { kind: "gd", stepSize: 1e200 } as const;
    const result = await runToEnd(service, "r", networkSpec("gd", { problem, algorithm }));
    expect(result.status).toBe("diverged");
    expect(result.error).toMatch(
      /worker \d: row \d+ of the data set \(row \d+ of worker \d's shard\) overflows in operation 14 \("multiply", after 2\.dense\.bias\) at the iterate of round \d+: .*smaller step size/,
    );
  });
});
