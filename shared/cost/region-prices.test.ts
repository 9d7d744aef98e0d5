import { describe, expect, it } from "vitest";
import { parsePrices } from "./price-file.ts";
import { PRICES_US_EAST_1 } from "./prices.ts";
import { knownRegions, priceNotice, pricesOf } from "./region-prices.ts";

describe("prices by region", () => {
  it("are known of eighteen regions, each a table that a price file may be", () => {
    expect(knownRegions()).toHaveLength(18);
    for (const region of knownRegions()) {
      const { prices } = pricesOf(region);
      expect(parsePrices(JSON.parse(JSON.stringify(prices)), region)).toEqual(prices);
      expect(prices.region).toBe(region);
      // Lambda on arm64 costs the same in all of them.
      expect([prices.usdPerGbSecond.arm64, prices.usdPerMillionInvocations]).toEqual([0.0000133334, 0.2]);
      expect([prices.usdPerMillionStandardQueueRequests, prices.usdPerMillionFifoQueueRequests]).toEqual([
        0.4, 0.5,
      ]);
    }
  });

  it("say which of them are not confirmed, and which are another region's", () => {
    expect(pricesOf("us-east-1").prices).toBe(PRICES_US_EAST_1);
    const frankfurt = pricesOf("eu-central-1").prices;
    expect([
      frankfurt.usdPerThousandObjectPuts,
      frankfurt.usdPerThousandObjectGets,
      frankfurt.usdPerGbMonthStored,
    ]).toEqual([0.0054, 0.00043, 0.0245]);
    expect(frankfurt.sources.filter((source) => source.includes("not confirmed"))).toHaveLength(2);
    expect(pricesOf("eu-west-1").prices.sources.join()).toContain("Amazon S3: not known; us-east-1's");
    // 33 % dearer.
    expect(pricesOf("af-south-1").prices).toBe(PRICES_US_EAST_1);
  });

  it("are noticed where one that is used is not known, and only there", () => {
    const notice = (region: string, architecture: "arm64" | "x86-64" = "arm64") =>
      priceNotice({ region, architecture });
    expect([notice("us-east-1"), notice("us-east-1", "x86-64"), notice("eu-central-1")]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(notice("eu-west-1")).toContain("of the prices of eu-west-1 those of S3 are not built in");
    expect(notice("eu-west-1", "x86-64")).toContain("those of Lambda on x86-64 and S3 are not built in");
    expect(notice("eu-central-1", "x86-64")).toContain("those of Lambda on x86-64 are not built in");
    expect(notice("af-south-1")).toContain("the stack is in af-south-1, whose prices are not built in");
    const all = priceNotice({ region: "eu-west-1", architecture: "x86-64" }, ["Lambda", "S3", "CloudWatch"]);
    expect(all).toContain("those of Lambda on x86-64, S3, and CloudWatch are");
  });
});
