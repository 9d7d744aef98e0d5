import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parsePrices, priceFileJsonSchema } from "./price-file.ts";
import { PRICES_US_EAST_1 } from "./prices.ts";

describe("a price file", () => {
  it("gives back the built-in prices from their JSON", () => {
    expect(parsePrices(PRICES_US_EAST_1, "p.json")).toEqual(PRICES_US_EAST_1);
  });

  it("has the schema that docs/schema/prices.schema.json holds", () => {
    const file = new URL("../../docs/schema/prices.schema.json", import.meta.url);
    const schema: unknown = JSON.parse(JSON.stringify(priceFileJsonSchema()));
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(schema);
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
