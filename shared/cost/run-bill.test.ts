import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { priceUsd } from "./bill.ts";
import { PRICES_US_EAST_1 } from "./prices.ts";
import {
  freeAllowance,
  holdingsBill,
  netLines,
  type RunBill,
  runBill,
  storageUsdPerMonth,
} from "./run-bill.ts";
import { zeroUsage } from "./usage.ts";

const configuration = { workerMemoryMb: 1769, aggregatorMemoryMb: 512, architecture: "arm64" } as const;

function usdOf(bill: RunBill, item: string): number {
  const found = bill.lines.filter((line) => line.item === item);
  expect(found.map(({ item: name }) => name)).toEqual([item]);
  return found[0]!.usd;
}

/** Distinct counts in every field: a count priced as another one's shows. */
function everyCount() {
  const { method } = zeroUsage();
  let next = 1001;
  for (const group of Object.values(method) as Record<string, number>[]) {
    for (const name of Object.keys(group)) group[name] = next++;
  }
  return method;
}

describe("a run's bill", () => {
  it("has the hand-worked dollars on each line", () => {
    const { method } = zeroUsage();
    Object.assign(method.worker, { invocations: 3, billedMilliseconds: 64_000, initMilliseconds: 375 });
    Object.assign(method.aggregator, { invocations: 2, billedMilliseconds: 10_240, initMilliseconds: 1_000 });
    Object.assign(method.standardQueues, {
      sendRequests: 11,
      receiveRequests: 12,
      emptyReceiveRequests: 13,
      deleteRequests: 14,
      extendRequests: 15,
      manageRequests: 16,
    });
    Object.assign(method.fifoQueues, { sendRequests: 21, extendRequests: 22 });
    Object.assign(method.standardMapping, {
      receiveRequests: 31,
      emptyReceiveRequests: 32,
      deleteRequests: 33,
    });
    Object.assign(method.fifoMapping, { receiveRequests: 41 });
    Object.assign(method.objects, { putRequests: 51, listRequests: 52, getRequests: 53, deleteRequests: 54 });
    const memory = { workerMemoryMb: 1024, aggregatorMemoryMb: 512, architecture: "arm64" } as const;
    const bill = runBill(method, PRICES_US_EAST_1, memory);
    const expected: Record<string, number> = {
      // 64 GB-s, 0.375 GB-s, 5.12 GB-s, 0.5 GB-s at 0.0000133334 $
      "worker: compute": 0.0008533376,
      "worker: cold starts (INIT)": 0.000005000025,
      "worker: invocations": 0.0000006,
      "aggregator: compute": 0.000068267008,
      "aggregator: cold starts (INIT)": 0.0000066667,
      "aggregator: invocations": 0.0000004,
      // 0.40 $ a million
      "standard queues: send": 0.0000044,
      "standard queues: receive": 0.0000048,
      "standard queues: empty receive": 0.0000052,
      "standard queues: delete": 0.0000056,
      "standard queues: change visibility": 0.000006,
      "standard queues: create, look up, destroy": 0.0000064,
      // 0.50 $ a million
      "FIFO queues: send": 0.0000105,
      "FIFO queues: change visibility": 0.000011,
      "worker's mapping: receive": 0.0000124,
      "worker's mapping: empty receive": 0.0000128,
      "worker's mapping: delete": 0.0000132,
      "aggregator's mapping: receive": 0.0000205,
      // 5 $ a million, and 0.40 $; deletions are free
      put: 0.000255,
      list: 0.00026,
      get: 0.0000212,
    };
    expect(bill.lines.map(({ item }) => item).sort()).toEqual(Object.keys(expected).sort());
    for (const [item, usd] of Object.entries(expected))
      expect(Math.abs(usdOf(bill, item) - usd)).toBeLessThan(1e-12);
    const total = Object.values(expected).reduce((sum, usd) => sum + usd, 0);
    expect(Math.abs(bill.totalUsd - total)).toBeLessThan(1e-12);
  });

  it("prices what is kept and logged by time and volume", () => {
    const holdings = {
      seconds: 7200,
      storedBytes: 2 ** 30,
      loggedBytes: 2 ** 29,
      metrics: 4,
      provisionedPollers: 2,
    };
    const bill = holdingsBill(holdings, PRICES_US_EAST_1, "arm64");
    // Two hours of a month of 720.
    expect(usdOf(bill, "storage, while it ran")).toBeCloseTo(0.023 / 360, 12);
    expect(usdOf(bill, "log lines")).toBeCloseTo(0.25, 12);
    expect(usdOf(bill, "metrics")).toBeCloseTo(1.2 / 360, 12);
    expect(usdOf(bill, "provisioned pollers")).toBeCloseTo(0.037, 12);
    expect(storageUsdPerMonth(2 ** 31, PRICES_US_EAST_1)).toBeCloseTo(0.046, 12);
  });

  it("is the sum of its lines, and what the aggregator counts as it goes", () => {
    const method = everyCount();
    const bill = runBill(method, PRICES_US_EAST_1, configuration);
    expect(bill.totalUsd).toBe(bill.lines.reduce((sum, { usd }) => sum + usd, 0));
    expect(Math.abs(bill.totalUsd - priceUsd(method, PRICES_US_EAST_1, configuration).totalUsd)).toBeLessThan(
      1e-12,
    );
  });

  it("grows by one unit's price when one request more is counted", () => {
    const before = everyCount();
    const base = runBill(before, PRICES_US_EAST_1, configuration).totalUsd;
    const prices: [group: keyof typeof before, name: string, usd: number][] = [
      ["worker", "invocations", 2e-7],
      ["aggregator", "invocations", 2e-7],
      ["standardQueues", "emptyReceiveRequests", 4e-7],
      ["fifoQueues", "deleteRequests", 5e-7],
      ["standardMapping", "emptyReceiveRequests", 4e-7],
      ["fifoMapping", "deleteRequests", 5e-7],
      ["objects", "putRequests", 5e-6],
      ["objects", "getRequests", 4e-7],
      ["objects", "deleteRequests", 0],
      ["worker", "coldStarts", 0],
    ];
    for (const [group, name, usd] of prices) {
      const more = structuredClone(before) as unknown as Record<string, Record<string, number>>;
      more[group]![name]!++;
      const total = runBill(more as unknown as typeof before, PRICES_US_EAST_1, configuration).totalUsd;
      expect(Math.abs(total - base - usd), `${group}.${name}`).toBeLessThan(1e-12);
    }
  });

  it("takes the free tier off up to what was used, never more", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 3_000_000 }),
        fc.integer({ min: 0, max: 3_000_000 }),
        (calls, sends) => {
          const { method } = zeroUsage();
          method.worker.invocations = calls;
          method.standardQueues.sendRequests = sends;
          const free = runBill(
            method,
            PRICES_US_EAST_1,
            configuration,
            freeAllowance(PRICES_US_EAST_1),
          ).totalUsd;
          const expected = Math.max(0, calls - 1e6) * 2e-7 + Math.max(0, sends - 1e6) * 4e-7;
          expect(Math.abs(free - expected)).toBeLessThan(1e-9);
        },
      ),
    );
    const { method } = zeroUsage();
    // 500,000 GB-s together; 400,000 are free.
    method.worker.billedMilliseconds = 300_000_000;
    method.aggregator.billedMilliseconds = 200_000_000;
    const memory = { workerMemoryMb: 1024, aggregatorMemoryMb: 1024, architecture: "arm64" } as const;
    const free = runBill(method, PRICES_US_EAST_1, memory, freeAllowance(PRICES_US_EAST_1));
    expect(free.totalUsd).toBeCloseTo(100_000 * 0.0000133334, 9);
    // What is left to pay stands at each line: all that is free is the worker's, and a third of the aggregator's.
    const net = netLines(free).map(({ item, usd, freeUsd }) => [item, usd - freeUsd]);
    expect(net).toEqual([
      ["worker: compute", 0],
      ["aggregator: compute", expect.closeTo(100_000 * 0.0000133334, 9)],
    ]);
  });

  it("takes a month's free tier off once, however many bills are made of it", () => {
    const { method } = zeroUsage();
    method.worker.invocations = 700_000;
    const left = freeAllowance(PRICES_US_EAST_1);
    const usd = [1, 2, 3].map(() => runBill(method, PRICES_US_EAST_1, configuration, left).totalUsd);
    expect(usd).toEqual([0, expect.closeTo(0.08, 12), expect.closeTo(0.14, 12)]);
    expect(PRICES_US_EAST_1.freeEachMonth.invocations).toBe(1_000_000);
  });
});
