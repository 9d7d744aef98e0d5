/** What a request, a second and a byte cost: one dated table, us-east-1, on demand, free tiers not deducted. */
import type { FreeField, PriceField } from "./items.ts";

export type Architecture = "arm64" | "x86-64";

/** A number for each of `items.ts`'s price fields, and what must be known to trust them. */
export interface Prices extends Readonly<Record<PriceField, number>> {
  readonly region: string;
  /** ISO date of the newest source. */
  readonly date: string;
  readonly sources: readonly string[];
  readonly usdPerGbSecond: Readonly<Record<Architecture, number>>;
  /** What an account gets each month for nothing; off unless asked for. */
  readonly freeEachMonth: Readonly<Record<FreeField, number>>;
}

export const PRICES_US_EAST_1: Prices = {
  region: "us-east-1",
  date: "2026-09-25",
  sources: [
    "AWS Lambda, Price List API publication of 2026-09-19: https://aws.amazon.com/lambda/pricing/",
    "Amazon SQS, 2026-03: https://aws.amazon.com/sqs/pricing/",
    "Amazon S3 Standard, page of 2026-09-25: https://aws.amazon.com/s3/pricing/",
    "Amazon CloudWatch, logs and custom metrics of the first tier: https://aws.amazon.com/cloudwatch/pricing/",
  ],
  usdPerGbSecond: { arm64: 0.0000133334, "x86-64": 0.0000166667 },
  usdPerMillionInvocations: 0.2,
  usdPerMillionStandardQueueRequests: 0.4,
  usdPerMillionFifoQueueRequests: 0.5,
  usdPerThousandObjectPuts: 0.005,
  usdPerThousandObjectGets: 0.0004,
  usdPerGbMonthStored: 0.023,
  usdPerGbLogged: 0.5,
  usdPerMetricMonth: 0.3,
  usdPerPollerHour: 0.00925,
  freeEachMonth: { invocations: 1_000_000, gbSeconds: 400_000, queueRequests: 1_000_000 },
};
