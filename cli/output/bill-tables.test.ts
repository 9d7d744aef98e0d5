import { describe, expect, it } from "vitest";
import { freeAllowance, runBill } from "../../shared/cost/index.ts";
import { PRICES_US_EAST_1 } from "../../shared/cost/prices.ts";
import { zeroUsage } from "../../shared/cost/usage.ts";
import { itemTable, runsTable } from "./bill-tables.ts";

const configuration = { workerMemoryMb: 1024, aggregatorMemoryMb: 1024, architecture: "arm64" } as const;

/** $0.2 of Lambda for each million, $0.5 of S3 for each hundred thousand. */
function usage(invocations: number, puts: number) {
  const { method } = zeroUsage();
  method.worker.invocations = invocations;
  method.objects.putRequests = puts;
  return method;
}

const cells = (table: string): string[][] =>
  table
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/ {2,}/));

describe("a bill as a table", () => {
  it("has the sum of each service, and shares of the total", () => {
    const bill = runBill(usage(3_000_000, 80_000), PRICES_US_EAST_1, configuration);
    expect(cells(itemTable(bill, false))).toEqual([
      ["service", "item", "quantity", "unit", "$/unit", "$", "share"],
      ["Lambda", "worker: invocations", "3,000,000", "requests", "2.00e-7", "0.6000", "60.0 %"],
      ["Lambda", "together", "0.6000", "60.0 %"],
      ["S3", "put", "80,000", "requests", "0.00000500", "0.4000", "40.0 %"],
      ["S3", "together", "0.4000", "40.0 %"],
      ["total", "1.00", "100.0 %"],
    ]);
  });

  it("tells with the free tier what is left to pay at each item, and shares of that", () => {
    const free = freeAllowance(PRICES_US_EAST_1);
    const bill = runBill(usage(3_000_000, 80_000), PRICES_US_EAST_1, configuration, free);
    expect(cells(itemTable(bill, true)).map((row) => row.slice(-4))).toEqual([
      ["$", "free", "to pay", "share"],
      ["0.6000", "0.2000", "0.4000", "50.0 %"],
      ["0.6000", "0.2000", "0.4000", "50.0 %"],
      ["0.4000", "-", "0.4000", "50.0 %"],
      ["0.4000", "-", "0.4000", "50.0 %"],
      ["1.00", "0.2000", "0.8000", "100.0 %"],
    ]);
    const nothing = runBill(usage(100, 0), PRICES_US_EAST_1, configuration, freeAllowance(PRICES_US_EAST_1));
    expect(cells(itemTable(nothing, true)).at(-1)!.slice(-2)).toEqual(["0", "-"]);
  });

  it("of several runs has a row for each, and their sum", () => {
    const bills = [usage(1_000_000, 40_000), usage(2_000_000, 0)].map((counts, i) => ({
      run: `run-${i}`,
      bill: runBill(counts, PRICES_US_EAST_1, configuration),
    }));
    expect(cells(runsTable(bills))).toEqual([
      ["run", "Lambda", "S3", "$", "share"],
      ["run-0", "0.2000", "0.2000", "0.4000", "50.0 %"],
      ["run-1", "0.4000", "0", "0.4000", "50.0 %"],
      ["together", "0.6000", "0.2000", "0.8000", "100.0 %"],
    ]);
  });
});
