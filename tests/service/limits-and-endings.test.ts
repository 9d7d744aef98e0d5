/** Limits on spending, stops, bad numbers, and what is left of a run when it has ended. */
import { describe, expect, it } from "vitest";
import { loadShipped } from "../../shared/data/testing/load.ts";
import { firstNonFiniteRow } from "../../shared/problems/linear/non-finite-row.ts";
import { runPrefix } from "../../shared/protocol/keys.ts";
import { methods, oracleOf, ROUNDS, specOf } from "../fixtures/methods.ts";
import { recordsOf, runToEnd, serviceWith } from "../fixtures/service.ts";

describe("a limit on dollars or seconds", () => {
  it("ends the run before the round that would break it, and says so", async () => {
    const free = await runToEnd(await serviceWith({ latencies: "aws" }), "r", specOf("marina"));
    const usd = free.usd / 2;
    const service = await serviceWith({ latencies: "aws" });
    const result = await runToEnd(service, "r", specOf("marina", { stop: { rounds: ROUNDS, usd } }));
    expect(result).toMatchObject({ status: "done", stoppedBy: "usd" });
    expect(result.usd).toBeLessThanOrEqual(usd);
    expect(result.rounds).toBeGreaterThan(3);
    expect(result.rounds).toBeLessThan(ROUNDS);

    const seconds = free.seconds / 2;
    const timed = await runToEnd(
      await serviceWith({ latencies: "aws" }),
      "r",
      specOf("marina", { stop: { rounds: ROUNDS, seconds } }),
    );
    expect(timed).toMatchObject({ status: "done", stoppedBy: "seconds" });
    expect(timed.seconds).toBeLessThanOrEqual(seconds);
    expect(timed.rounds).toBeGreaterThan(3);
  });
});

describe("checkpoints by the clock", () => {
  it.each(["marina", "diana", "vr-diana"] as const)(
    "give %s the same bits, and every round is recorded",
    async (method) => {
      const service = await serviceWith({ latencies: "aws" });
      const result = await runToEnd(service, "r", specOf(method, { checkpointEvery: { seconds: 0.7 } }));
      expect(result.iterateSha256).toBe((await oracleOf(method)).sha256);
      expect((await recordsOf(service, "r")).map(({ round }) => round)).toEqual(
        Array.from({ length: ROUNDS }, (_, t) => t),
      );
    },
  );
});

it("of a run that is done only its description, checkpoint, records, preparation and result are left", async () => {
  const service = await serviceWith({ latencies: "aws" });
  await runToEnd(service, "r", specOf("diana"));
  const left = (await service.cloud.client.objects.list(runPrefix("r"))).map((key) =>
    key.slice(runPrefix("r").length),
  );
  expect(left.filter((key) => !key.startsWith("rounds/"))).toEqual([
    "checkpoint",
    "preparation.json",
    "result.json",
    "spec.json",
  ]);
});

describe("an iterate that has grown beyond all bounds", () => {
  it("ends the run as diverged, and names the worker and the row of the data set that overflows", async () => {
    const algorithm = { ...methods.gd, stepSize: 1e308 };
    const change = { algorithm, evaluateEvery: 0, problem: { kind: "least-squares" } as const };
    const result = await runToEnd(await serviceWith(), "r", { ...specOf("gd"), ...change });
    expect(result.status).toBe("diverged");
    expect(result.error).toMatch(/smaller step size/);
  });

  it("overflows first at the first row whose margin is not finite", async () => {
    const { shards } = await loadShipped("mushrooms", 5, "drop");
    const shard = shards[2]!;
    const x = new Float64Array(shard.features);
    const base = shard.offsets[0]!;
    // A coordinate that the first row does not have, but some later one does.
    const rowOf = (row: number) =>
      shard.indices.slice(shard.offsets[row]! - base, shard.offsets[row + 1]! - base);
    const first = new Set(rowOf(0));
    const rare = Array.from({ length: shard.features }, (_, j) => j).find(
      (j) => !first.has(j) && [...shard.indices].includes(j),
    )!;
    x[rare] = Number.POSITIVE_INFINITY;
    let expected = 0;
    while (!rowOf(expected).includes(rare)) expected++;
    expect(firstNonFiniteRow(shard, "least-squares", x)).toBe(expected);
    expect(expected).toBeGreaterThan(0);
    expect(firstNonFiniteRow(shard, "least-squares", new Float64Array(shard.features))).toBeUndefined();
  });
});
