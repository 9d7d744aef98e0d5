import { describe, expect, it } from "vitest";
import { priceUsd, usdByGroup, usdByService } from "./bill.ts";
import { BILL_GROUPS, BILLED_ITEMS, ITEMS } from "./items.ts";
import { PRICES_US_EAST_1 } from "./prices.ts";
import { addUsage, allUsage, type Counters, copyUsage, subtractUsage, zeroUsage } from "./usage.ts";

const configuration = { workerMemoryMb: 1024, aggregatorMemoryMb: 1024, architecture: "arm64" } as const;

/** As runs that are stored have them: names and order are bytes of checkpoints. */
const STORED =
  '{"worker":{"invocations":0,"billedMilliseconds":0,"coldStarts":0,"initMilliseconds":0,"errors":0},' +
  '"aggregator":{"invocations":0,"billedMilliseconds":0,"coldStarts":0,"initMilliseconds":0,"errors":0},' +
  '"standardQueues":{"sendRequests":0,"receiveRequests":0,"emptyReceiveRequests":0,"deleteRequests":0,"extendRequests":0,' +
  '"manageRequests":0,"sentMessages":0,"receivedMessages":0,"deletedMessages":0},' +
  '"fifoQueues":{"sendRequests":0,"receiveRequests":0,"emptyReceiveRequests":0,"deleteRequests":0,"extendRequests":0,' +
  '"manageRequests":0,"sentMessages":0,"receivedMessages":0,"deletedMessages":0},' +
  '"standardMapping":{"receiveRequests":0,"emptyReceiveRequests":0,"deleteRequests":0},' +
  '"fifoMapping":{"receiveRequests":0,"emptyReceiveRequests":0,"deleteRequests":0},' +
  '"objects":{"putRequests":0,"listRequests":0,"getRequests":0,"deleteRequests":0,"putBytes":0,"getBytes":0}}';

/** A count of its own in every field of both accounts. */
function everyCount(first: number) {
  const usage = zeroUsage();
  let next = first;
  for (const account of [usage.method, usage.evaluation])
    for (const counters of Object.values(account) as Counters[])
      for (const name of Object.keys(counters)) counters[name] = next++;
  return usage;
}

describe("the table of items", () => {
  it("gives counts the names and the order that they are stored with, whatever made them", () => {
    const zero = zeroUsage();
    const all = [zero, copyUsage(zero), addUsage(zero, zero), subtractUsage(zero, zero)];
    for (const { method, evaluation } of all) {
      expect(JSON.stringify(method)).toBe(STORED);
      expect(JSON.stringify(evaluation)).toBe(STORED);
    }
    expect(JSON.stringify(allUsage(zero))).toBe(STORED);
  });

  it("counts nothing twice", () => {
    const places = ITEMS.map(({ resource, counter }) => `${resource}.${counter}`);
    expect(new Set(places).size).toBe(places.length);
    const labels = ITEMS.map(({ service, label }) => `${service} ${label}`);
    expect(new Set(labels).size).toBe(labels.length);
  });

  it("adds, subtracts and copies every count", () => {
    // Fields have consecutive numbers: sums are even or odd with the first ones, and step by two.
    const sum = addUsage(everyCount(100), everyCount(1000));
    const numbers = [sum.method, sum.evaluation].flatMap((account) =>
      (Object.values(account) as Counters[]).flatMap((counters) => Object.values(counters)),
    );
    expect(numbers).toEqual(Array.from({ length: 2 * ITEMS.length }, (_, i) => 1100 + 2 * i));
    expect(subtractUsage(sum, everyCount(1000))).toEqual(everyCount(100));
    const copy = copyUsage(everyCount(5));
    expect(copy).toEqual(everyCount(5));
    copy.method.worker.invocations = 0;
    expect(everyCount(5).method.worker.invocations).toBe(5);
  });

  it("has every item that is billed in one group of a report and in one service", () => {
    const { items, totalUsd } = priceUsd(everyCount(1000).method, PRICES_US_EAST_1, configuration);
    for (const sums of [usdByGroup(items), usdByService(items)]) {
      const sum = Object.values(sums).reduce((total, usd) => total + usd, 0);
      expect(Math.abs(sum - totalUsd)).toBeLessThan(1e-12 * totalUsd);
    }
    expect(Object.keys(usdByGroup(items))).toEqual([...BILL_GROUPS]);
    expect(BILL_GROUPS).toEqual([
      "worker compute",
      "worker start-up",
      "worker invocations",
      "aggregator",
      "queue requests",
      "queue polling",
      "S3 PUT, LIST",
      "S3 GET",
    ]);
  });

  it("lets every billed count move the dollars, and no other", () => {
    const base = priceUsd(everyCount(1000).method, PRICES_US_EAST_1, configuration).totalUsd;
    const moved = ITEMS.filter(({ resource, counter }) => {
      const { method } = everyCount(1000);
      (method[resource] as Counters)[counter]! += 1_000_000;
      return priceUsd(method, PRICES_US_EAST_1, configuration).totalUsd > base;
    });
    expect(new Set(moved)).toEqual(new Set(BILLED_ITEMS));
    expect(moved).toHaveLength(3 + 3 + 6 + 6 + 3 + 3 + 3);
  });
});
