/** Runs with more tasks than the account lets run at once. */
import { describe, expect, it } from "vitest";
import { FREE_RATES } from "../../embedded/functions/compute-charge.ts";
import { MAX_SENDS, QUEUE_PATIENCE_SECONDS, RESEND_AFTER_SECONDS } from "../../shared/protocol/limits.ts";
import type { RunSpecInput } from "../../shared/protocol/spec/spec.ts";
import { createRun, DATA, recordsOf, resultOf, runToEnd, serviceWith } from "../fixtures/service.ts";

const ROWS = 8124;
/** Each of the n workers' passes over its rows takes so long. */
const slow = (workers: number, seconds: number) =>
  ({
    kind: "model",
    rates: { ...FREE_RATES, rowNanoseconds: (1e9 * seconds * workers) / ROWS },
  }) as const;
const spec = (workers: number, rounds: number): RunSpecInput => ({
  data: DATA,
  workers,
  problem: { kind: "nonconvex-binary" },
  algorithm: { kind: "gd", stepSize: 0.1 },
  stop: { rounds },
  evaluateEvery: 0,
});

describe("a round of more tasks than can run at once", () => {
  it("waits for its turns: a hundred tasks of 5 s on eight workers, with the bits of nine hundred", async () => {
    const slowly = { latencies: "aws", compute: slow(100, 5) } as const;
    const few = await serviceWith({ ...slowly, workerConcurrency: 8 });
    const result = await runToEnd(few, "few", spec(100, 2));
    expect(result).toMatchObject({ status: "done", rounds: 2 });
    const many = await runToEnd(await serviceWith(slowly), "many", spec(100, 2));
    expect(result.iterateSha256).toBe(many.iterateSha256);
    // Thirteen turns of 5 s; a task waits for 60 s, for which four sends would be too little.
    const rounds = await recordsOf(few, "few");
    expect(rounds[1]!.seconds - rounds[0]!.seconds).toBeGreaterThan(60);
    expect(13 * 5).toBeGreaterThan(MAX_SENDS * RESEND_AFTER_SECONDS);
    // Waiting is no reason to send again.
    expect(result.resentTasks).toBeLessThanOrEqual(4);
    expect(result.usd).toBeLessThan(1.1 * many.usd);
  });
  it("waits for tasks that outlast the patience for a lost one, sending again only those of the last turn", async () => {
    const service = await serviceWith({ latencies: "aws", compute: slow(24, 20), workerConcurrency: 8 });
    const result = await runToEnd(service, "long", spec(24, 1));
    expect(result).toMatchObject({ status: "done", rounds: 1 });
    expect(result.resentTasks).toBeLessThanOrEqual(8);
  });

  it("waits for the tasks of another run", async () => {
    const service = await serviceWith({ latencies: "aws", compute: slow(64, 5), workerConcurrency: 4 });
    // Eighty seconds of work are in the queue before the second run's first task.
    await createRun(service, "first", spec(64, 1));
    await service.control({ version: 1, run: "first", action: "start", tenure: 0 });
    await service.cloud.run(service.cloud.client.clock.sleep(10_000));
    const second = await runToEnd(service, "second", { ...spec(64, 1), seed: 2, workers: 32 });
    expect(second).toMatchObject({ status: "done", rounds: 1 });
    expect(second.resentTasks).toBeLessThanOrEqual(4);
    expect(second.seconds).toBeGreaterThan(QUEUE_PATIENCE_SECONDS / 4);
    expect(await service.cloud.run(resultOf(service, "first"))).toMatchObject({ status: "done" });
  });

  it("fails after minutes in which nobody works, with what may be the reason", async () => {
    const service = await serviceWith({ latencies: "aws", workerConcurrency: 0 });
    const result = await runToEnd(service, "nobody", spec(5, 1));
    expect(result).toMatchObject({ status: "failed", resentTasks: 0 });
    expect(result.error).toMatch(
      /no answer of any worker for 18\d s while about 5 tasks wait in the queue: its workers are busy with other runs, or none are started/,
    );
    expect(result.seconds).toBeLessThan(QUEUE_PATIENCE_SECONDS + 2 * RESEND_AFTER_SECONDS);
  });
});
