/** Prices of one's own: another region, a discount, another date. */
import * as z from "zod";
import { checked } from "../base/index.ts";
import { type FreeField, PRICES, type PriceField } from "./items.ts";
import type { Prices } from "./prices.ts";

const usd = z.number().min(0);
const numbers = Object.fromEntries(
  Object.values(PRICES).flatMap(({ field, text }) =>
    field === "usdPerGbSecond" ? [] : [[field, usd.describe(text)]],
  ),
) as Record<PriceField, typeof usd>;

export const priceFileSchema = z
  .strictObject({
    $schema: z.string().exactOptional(),
    region: z.string().min(1).describe("AWS region that the prices are of."),
    date: z.iso.date().describe("When they were read, as YYYY-MM-DD."),
    sources: z.array(z.string().min(1)).min(1).describe("Where they were read."),
    usdPerGbSecond: z.strictObject({ arm64: usd, "x86-64": usd }).describe(PRICES.gbSecond.text),
    ...numbers,
    freeEachMonth: z
      .strictObject({
        invocations: z.number().min(0),
        gbSeconds: z.number().min(0),
        queueRequests: z.number().min(0),
      } satisfies Record<FreeField, z.ZodNumber>)
      .describe("Free tier; deducted only when asked for."),
  })
  .meta({ title: "Marina prices", description: "What a request, a second and a byte cost." });

/** @throws MarinaError "spec" that lists every problem with its field path. */
export function parsePrices(value: unknown, source: string): Prices {
  return checked(priceFileSchema, value, source);
}

/** The JSON schema of a price file, for editors. */
export function priceFileJsonSchema(): object {
  return z.toJSONSchema(priceFileSchema, { io: "input", target: "draft-2020-12" });
}
