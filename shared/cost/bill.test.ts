import { describe, expect, it } from "vitest";
import { priceUsd } from "./bill.ts";
import { PRICES_US_EAST_1 } from "./prices.ts";
import { zeroUsage } from "./usage.ts";

const configuration = { workerMemoryMb: 1769, aggregatorMemoryMb: 512, architecture: "arm64" } as const;

describe("a bill", () => {
  it("of nothing is nothing", () => {
    expect(priceUsd(zeroUsage().method, PRICES_US_EAST_1, configuration).totalUsd).toBe(0);
  });

  it("agrees with one calculated by hand, item by item", () => {
    const { method } = zeroUsage();
    Object.assign(method.worker, {
      invocations: 100_000,
      billedMilliseconds: 2_300_000,
      coldStarts: 100,
      initMilliseconds: 40_000,
    });
    Object.assign(method.aggregator, { invocations: 2, billedMilliseconds: 480_000 });
    Object.assign(method.standardQueues, {
      sendRequests: 110_000,
      receiveRequests: 31_000,
      emptyReceiveRequests: 1_000,
      deleteRequests: 10_000,
    });
    Object.assign(method.fifoQueues, { sendRequests: 2, extendRequests: 32, manageRequests: 6 });
    method.standardMapping.receiveRequests = 100_000;
    method.standardMapping.emptyReceiveRequests = 120;
    method.standardMapping.deleteRequests = 100_000;
    method.fifoMapping.receiveRequests = 2;
    Object.assign(method.objects, {
      putRequests: 1_003,
      listRequests: 1,
      getRequests: 5_000,
      deleteRequests: 900,
    });

    const { items, totalUsd } = priceUsd(method, PRICES_US_EAST_1, configuration);
    // 2,300 s x 1.7275390625 GB x 0.0000133334 $/GB-s
    expect(items.workerComputeUsd).toBeCloseTo(0.052978, 6);
    // 40 s likewise
    expect(items.workerInitUsd).toBeCloseTo(0.00092135877, 10);
    expect(items.workerInvocationsUsd).toBeCloseTo(0.02, 12);
    // 480 s x 0.5 GB x 0.0000133334 $/GB-s
    expect(items.aggregatorComputeUsd).toBeCloseTo(0.003200016, 12);
    expect(items.aggregatorInitUsd).toBe(0);
    expect(items.aggregatorInvocationsUsd).toBeCloseTo(0.0000004, 12);
    // 152,000 at 0.40 $ a million; 40 at 0.50 $
    expect(items.standardQueuesUsd).toBeCloseTo(0.0608, 12);
    expect(items.fifoQueuesUsd).toBeCloseTo(0.00002, 12);
    // 200,120 at 0.40 $, 2 at 0.50 $
    expect(items.mappingsUsd).toBeCloseTo(0.080049, 12);
    // 1,004 at 5 $ a million; 5,000 at 0.40 $ a million; deletions are free
    expect(items.objectPutsUsd).toBeCloseTo(0.00502, 12);
    expect(items.objectGetsUsd).toBeCloseTo(0.002, 12);
    expect(totalUsd).toBeCloseTo(0.224989, 6);
  });

  it("is a quarter higher for the seconds on x86-64", () => {
    const { method } = zeroUsage();
    method.worker.billedMilliseconds = 1_000_000;
    const x86 = priceUsd(method, PRICES_US_EAST_1, {
      ...configuration,
      workerMemoryMb: 1024,
      architecture: "x86-64",
    });
    expect(x86.totalUsd).toBeCloseTo(0.0166667, 12);
    const arm = priceUsd(method, PRICES_US_EAST_1, { ...configuration, workerMemoryMb: 1024 });
    expect(arm.totalUsd).toBeCloseTo(0.0133334, 12);
  });
});
