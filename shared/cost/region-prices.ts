/**
 * Prices by region, as far as they are sourced: what is known to be as in us-east-1, what is known to differ, and what is
 * not known. A dated table; nothing here is asked of AWS.
 */
import type { Service } from "./items.ts";
import { type Architecture, PRICES_US_EAST_1, type Prices } from "./prices.ts";

/** When the table was put together. */
const CHECKED = "2026-11-27";

/**
 * Regions where Lambda on arm64 (seconds and requests) costs what it costs in us-east-1: AWS's price list, by its codes of 25
 * regions. Not in it, as they differ: af-south-1, ap-east-1, ap-southeast-5, eu-central-2, eu-south-1. SQS is taken to cost
 * the same in them too, as it does in most: not confirmed region by region.
 */
const AS_US_EAST_1: ReadonlySet<string> = new Set([
  "us-east-1",
  "us-east-2",
  "us-west-1",
  "us-west-2",
  "ca-central-1",
  "sa-east-1",
  "eu-central-1",
  "eu-west-1",
  "eu-west-2",
  "eu-west-3",
  "eu-north-1",
  "ap-northeast-1",
  "ap-northeast-2",
  "ap-northeast-3",
  "ap-south-1",
  "ap-southeast-1",
  "ap-southeast-2",
  "ap-southeast-4",
]);

type ObjectPrices = Pick<
  Prices,
  "usdPerThousandObjectPuts" | "usdPerThousandObjectGets" | "usdPerGbMonthStored"
>;

/** S3 Standard, where it is sourced. */
const OBJECT_PRICES: Readonly<Record<string, ObjectPrices & { readonly source: string }>> = {
  "eu-central-1": {
    usdPerThousandObjectPuts: 0.0054,
    usdPerThousandObjectGets: 0.00043,
    usdPerGbMonthStored: 0.0245,
    source: `Amazon S3 Standard in eu-central-1, ${CHECKED}, one source, not confirmed: https://aws.amazon.com/s3/pricing/`,
  },
};

/** Those of which something is known. */
export function knownRegions(): readonly string[] {
  return [...AS_US_EAST_1];
}

/** A table for a region, and what in it is only us-east-1's. */
export interface RegionPrices {
  readonly prices: Prices;
  /** Services whose prices in the region are not known. */
  readonly unknown: ReadonlySet<Service>;
  /** Processors whose seconds have a known price there. */
  readonly architectures: ReadonlySet<Architecture>;
}

/** What is known of a region; of one that nothing is known of, the prices of us-east-1. */
export function pricesOf(region: string): RegionPrices {
  if (region === PRICES_US_EAST_1.region)
    return {
      prices: PRICES_US_EAST_1,
      unknown: new Set(),
      architectures: new Set<Architecture>(["arm64", "x86-64"]),
    };
  if (!AS_US_EAST_1.has(region))
    return {
      prices: PRICES_US_EAST_1,
      unknown: new Set<Service>(["Lambda", "SQS", "S3", "CloudWatch"]),
      architectures: new Set(),
    };
  const objects = OBJECT_PRICES[region];
  const { source, ...known } = objects ?? {};
  const usEast1 = PRICES_US_EAST_1.date;
  return {
    prices: {
      ...PRICES_US_EAST_1,
      ...known,
      region,
      date: CHECKED,
      sources: [
        `AWS Lambda on arm64: as in us-east-1, ${CHECKED}: https://aws.amazon.com/lambda/pricing/`,
        `Amazon SQS: taken to be as in us-east-1, ${CHECKED}, not confirmed: https://aws.amazon.com/sqs/pricing/`,
        source ?? `Amazon S3: not known; us-east-1's of ${usEast1}`,
        `AWS Lambda on x86-64, provisioned pollers and Amazon CloudWatch: not known; us-east-1's of ${usEast1}`,
      ],
    },
    unknown: new Set<Service>(objects === undefined ? ["S3", "CloudWatch"] : ["CloudWatch"]),
    architectures: new Set<Architecture>(["arm64"]),
  };
}

const LIST = new Intl.ListFormat("en", { type: "conjunction" });

/** What is priced: predictions and a run's dollars have no CloudWatch in them. */
const METERED: readonly Service[] = ["Lambda", "SQS", "S3"];

/**
 * What has to be said where dollars are told of a stack: which prices are not known in its region. Undefined where all that
 * are used are.
 * @param services that the dollars are made of
 */
export function priceNotice(
  { region, architecture }: { readonly region: string; readonly architecture: Architecture },
  services: readonly Service[] = METERED,
): string | undefined {
  const { prices, unknown, architectures } = pricesOf(region);
  const others = "marina cost RUN --prices FILE prices a run by others";
  if (prices.region !== region)
    return `dollars are by the prices of ${prices.region} of ${prices.date}, the stack is in ${region}, whose prices are not built in; ${others}`;
  const missing = [
    ...(architectures.has(architecture) ? [] : [`Lambda on ${architecture}`]),
    ...services.filter((service) => unknown.has(service)),
  ];
  if (missing.length === 0) return undefined;
  return `of the prices of ${region} those of ${LIST.format(missing)} are not built in: there the dollars are by us-east-1's of ${PRICES_US_EAST_1.date}; ${others}`;
}
