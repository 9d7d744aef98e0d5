import { describe, expect, it } from "vitest";
import { DEFAULT_CONFIGURATION } from "../../embedded/service/configuration.ts";
import { PRICES_US_EAST_1 } from "../../shared/cost/prices.ts";
import { billByRound } from "../../shared/cost/round-bill.ts";
import { runBill } from "../../shared/cost/run-bill.ts";
import { parseUsage } from "../../shared/cost/usage.ts";
import type { RunSpecInput } from "../../shared/protocol/spec/spec.ts";
import { DATA, recordsOf, runToEnd, serviceWith } from "../fixtures/service.ts";

const spec: RunSpecInput = {
  data: DATA,
  workers: 5,
  problem: { kind: "nonconvex-binary" },
  algorithm: { kind: "marina", compressor: { kind: "rand-k", k: 10 } },
  stop: { rounds: 40 },
  evaluateEvery: 10,
};

describe("a run's dollars", () => {
  it("are its counts priced line by line, and the sum over its rounds", async () => {
    const service = await serviceWith({ latencies: "aws" });
    const result = await runToEnd(service, "r", spec);
    const usage = parseUsage(result.usage);
    const bill = runBill(usage.method, PRICES_US_EAST_1, DEFAULT_CONFIGURATION);
    expect(Math.abs(bill.totalUsd - result.usd)).toBeLessThan(1e-12);
    // Five tasks in each of forty rounds, each received and deleted once by the mapping; evaluations are apart.
    expect(usage.method.worker.invocations).toBe(200);
    expect(usage.method.standardMapping.receiveRequests).toBe(200);

    const rows = billByRound(await recordsOf(service, "r"), result);
    expect(rows.filter(({ round }) => round !== null).length).toBe(40);
    expect(Math.abs(rows.reduce((sum, { usd }) => sum + usd, 0) - result.usd)).toBeLessThan(1e-12);
    for (const { usd } of rows) expect(usd).toBeGreaterThanOrEqual(0);
  });
});
