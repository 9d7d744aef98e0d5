import { describe, expect, it } from "vitest";
import type { QueueAddress } from "../cloud/ports.ts";
import { closingUsage } from "./closing.ts";
import { Meter } from "./meter.ts";
import { PRICES_US_EAST_1, type Prices } from "./prices.ts";
import { TermSpending } from "./term-spending.ts";
import { parseUsage } from "./usage.ts";

const QUEUE = "https://example/run" as QueueAddress;

/**
 * One dollar a request, ten a GB-second, a hundred an invocation: sums that can be done in the head. The receive of the
 * control message costs each tenure a dollar.
 */
const PRICES: Prices = {
  ...PRICES_US_EAST_1,
  usdPerGbSecond: { arm64: 10, "x86-64": 20 },
  usdPerMillionInvocations: 100e6,
  usdPerMillionStandardQueueRequests: 1e6,
  usdPerMillionFifoQueueRequests: 1e6,
  usdPerThousandObjectPuts: 1000,
  usdPerThousandObjectGets: 1000,
};

/** One GB, a clock that stands where it is put. */
function counted() {
  const meter = new Meter();
  const time = { now: 0 };
  const clock = { now: () => time.now, sleep: async () => undefined };
  const billing = { workerMemoryMb: 1024, aggregatorMemoryMb: 1024, architecture: "arm64" } as const;
  return { meter, time, spending: new TermSpending(meter, clock, PRICES, billing) };
}

const requests = (meter: Meter, count: number): void => {
  for (let i = 0; i < count; i++) meter.delete(QUEUE, 1);
};

describe("what a tenure has spent", () => {
  it("is its requests, its time by started milliseconds, one invocation and one receive for it", () => {
    const { meter, time, spending } = counted();
    spending.begin(false);
    const run = spending.ofRun();
    requests(meter, 3);
    time.now = 1999.5;
    expect(run.usd()).toBeCloseTo(3 + 2 * 10 + 100 + 1, 9);
  });

  it("is the INIT phase too, when the environment was new", () => {
    const { spending } = counted();
    spending.begin(true);
    expect(spending.ofRun().usd()).toBeCloseTo(0.375 * 10 + 100 + 1, 9);
  });

  it("counts from the invocation's beginning, before its run was known", () => {
    const { meter, time, spending } = counted();
    spending.begin(false);
    requests(meter, 2);
    time.now = 1000;
    expect(spending.ofRun().usd()).toBeCloseTo(2 + 10 + 100 + 1, 9);
  });

  it("goes on from what was stored, in another environment", () => {
    const first = counted();
    first.spending.begin(false);
    requests(first.meter, 3);
    first.time.now = 1000;
    const saved: unknown = JSON.parse(JSON.stringify(first.spending.ofRun().save()));

    const second = counted();
    second.time.now = 5_000_000;
    second.spending.begin(false);
    const run = second.spending.ofRun();
    run.restore(saved);
    requests(second.meter, 2);
    second.time.now += 2000;
    expect(run.usd()).toBeCloseTo(3 + 10 + 100 + 1 + (2 + 20 + 100 + 1), 6);
  });

  it("begins with nothing where nothing was stored", () => {
    const { spending } = counted();
    spending.begin(false);
    const run = spending.ofRun();
    run.restore(null);
    expect(run.usd()).toBeCloseTo(100 + 1, 9);
  });

  it("is more by what is known to follow, in dollars and in what is stored, but only there", () => {
    const { spending } = counted();
    spending.begin(false);
    const run = spending.ofRun();
    const ahead = closingUsage("failed", 8);
    // Two PUTs and a GET at a dollar each, the mapping's deletion, eight empty receives.
    expect(run.usd(ahead)).toBeCloseTo(101 + 2 + 1 + 1 + 8, 9);
    const saved = parseUsage(run.save(ahead));
    expect(saved.method.objects).toMatchObject({ putRequests: 2, getRequests: 1 });
    expect(saved.method.fifoMapping).toMatchObject({ receiveRequests: 1, deleteRequests: 1 });
    expect(run.usd()).toBeCloseTo(101, 9);
  });

  it("is stored as counts that can be read back", () => {
    const { meter, time, spending } = counted();
    spending.begin(true);
    requests(meter, 3);
    time.now = 12.25;
    const { method } = parseUsage(spending.ofRun().save());
    expect(method.standardQueues.deleteRequests).toBe(3);
    expect(method.aggregator).toMatchObject({
      invocations: 1,
      billedMilliseconds: 13,
      coldStarts: 1,
      initMilliseconds: 375,
    });
  });

  it("does not take other values for counts", () => {
    const { spending } = counted();
    spending.begin(false);
    expect(() => spending.ofRun().restore({ version: 1 })).toThrow(/usage counts/);
  });
});
