import { describe, expect, it } from "vitest";
import { parsePrices } from "./price-file.ts";
import { PRICES_US_EAST_1 } from "./prices.ts";

describe("a price file", () => {
  it("gives back the built-in prices from their JSON", () => {
    expect(parsePrices(PRICES_US_EAST_1, "p.json")).toEqual(PRICES_US_EAST_1);
  });

  it("is refused with the field when a price is missing, negative or misspelt", () => {
    const { usdPerGbLogged: _, ...missing } = PRICES_US_EAST_1;
    expect(() => parsePrices(missing, "p.json")).toThrow(/p\.json: usdPerGbLogged: missing/);
    const negative = { ...PRICES_US_EAST_1, usdPerMillionInvocations: -1 };
    expect(() => parsePrices(negative, "p.json")).toThrow(/usdPerMillionInvocations/);
    const misspelt = { ...PRICES_US_EAST_1, usdPerMilionInvocations: 1 };
    expect(() => parsePrices(misspelt, "p.json")).toThrow(/did you mean "usdPerMillionInvocations"/);
    expect(() => parsePrices("{", "p.json")).toThrow(/p\.json: .*expected object/);
  });
});
