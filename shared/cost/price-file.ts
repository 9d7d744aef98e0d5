/** Prices of one's own: another region, a discount, another date. */
import * as z from "zod";
import { explain } from "../base/index.ts";
import type { Prices } from "./prices.ts";

const usd = z.number().min(0);

export const priceFileSchema = z
  .strictObject({
    $schema: z.string().exactOptional(),
    region: z.string().min(1).describe("AWS region that the prices are of."),
    date: z.iso.date().describe("When they were read, as YYYY-MM-DD."),
    sources: z.array(z.string().min(1)).min(1).describe("Where they were read."),
    usdPerGbSecond: z
      .strictObject({ arm64: usd, "x86-64": usd })
      .describe("Lambda, a second of a GB of memory (1,024 MB)."),
    usdPerMillionInvocations: usd.describe("Lambda requests."),
    usdPerMillionStandardQueueRequests: usd.describe("SQS, standard queues; each started 64 KiB counts."),
    usdPerMillionFifoQueueRequests: usd.describe("SQS, FIFO queues."),
    usdPerThousandObjectPuts: usd.describe("S3 PUT, POST, COPY, LIST."),
    usdPerThousandObjectGets: usd.describe("S3 GET."),
    usdPerGbMonthStored: usd.describe("S3 Standard, 2^30 bytes for a month."),
    usdPerGbLogged: usd.describe("CloudWatch Logs, ingestion."),
    usdPerMetricMonth: usd.describe("CloudWatch, a custom metric for a month."),
    usdPerPollerHour: usd.describe("A provisioned poller of an SQS event source mapping."),
    freeEachMonth: z
      .strictObject({
        invocations: z.number().min(0),
        gbSeconds: z.number().min(0),
        queueRequests: z.number().min(0),
      })
      .describe("Free tier; deducted only when asked for."),
  })
  .meta({ title: "Marina prices", description: "What a request, a second and a byte cost." });

/** @throws MarinaError "spec" that lists every problem with its field path. */
export function parsePrices(value: unknown, source: string): Prices {
  const parsed = priceFileSchema.safeParse(value);
  if (!parsed.success) throw explain(parsed.error, priceFileSchema, value, source);
  return parsed.data;
}

/** The JSON schema of a price file, for editors. */
export function priceFileJsonSchema(): object {
  return z.toJSONSchema(priceFileSchema, { io: "input", target: "draft-2020-12" });
}
