/** From counts to dollars. */
import {
  BILLED_ITEMS,
  type BilledItem,
  type BillItem,
  PRICES,
  type PriceName,
  type Resource,
  type Service,
} from "./items.ts";
import type { Architecture, Prices } from "./prices.ts";
import type { AccountUsage, Counters } from "./usage.ts";

/** What the counts don't say: how the functions are configured. */
export interface BillingConfiguration {
  readonly workerMemoryMb: number;
  readonly aggregatorMemoryMb: number;
  readonly architecture: Architecture;
}

/** Dollars by item. */
export type BillItems = { readonly [I in BillItem]: number };

export interface Bill {
  readonly items: BillItems;
  /** The sum of the items. */
  readonly totalUsd: number;
}

const MB_PER_GB = 1024;

/** Rows that are counted together, as they have the same price. */
interface Part {
  readonly price: PriceName;
  readonly memoryOf: BilledItem["billed"]["memoryOf"];
  readonly rows: readonly { readonly resource: Resource; readonly counter: string }[];
}

/** What is summed up to an item: rows of the same price first, so that counts are added before they are priced. */
const PARTS: readonly { readonly name: BillItem; readonly parts: readonly Part[] }[] = [
  ...Map.groupBy(BILLED_ITEMS, ({ billed }) => billed.as),
].map(([name, items]) => ({
  name: name as BillItem,
  parts: [...Map.groupBy(items, ({ billed }) => billed.price)].map(([price, rows]) => ({
    price,
    memoryOf: rows[0]!.billed.memoryOf,
    rows: rows.map(({ resource, counter }) => ({ resource, counter })),
  })),
}));

/**
 * Prices one account: sum over items of count x price, where a function's GB-seconds are
 * (billed + INIT milliseconds) / 1000 x memory / 1024.
 * Not included: free tiers, storage by the month, logs, provisioned pollers.
 *
 * @param usage counts of one account
 * @param prices dated price table
 * @param configuration memory in MB (1 GB = 1,024 MB) and architecture
 */
export function priceUsd(usage: AccountUsage, prices: Prices, configuration: BillingConfiguration): Bill {
  const items = {} as Record<BillItem, number>;
  let totalUsd = 0;
  for (const { name, parts } of PARTS) {
    let usd = 0;
    for (const { price, memoryOf, rows } of parts) {
      let count = 0;
      for (const { resource, counter } of rows) count += (usage[resource] as Counters)[counter]!;
      usd += usdOf(price, quantityOf(count, memoryOf, configuration), prices, configuration.architecture);
    }
    items[name] = usd;
    totalUsd += usd;
  }
  return { items, totalUsd };
}

/** In the unit of the price: GB-seconds of milliseconds, else the count itself. */
export function quantityOf(
  count: number,
  memoryOf: BilledItem["billed"]["memoryOf"],
  { workerMemoryMb, aggregatorMemoryMb }: BillingConfiguration,
): number {
  if (memoryOf === undefined) return count;
  return (count / 1000) * ((memoryOf === "worker" ? workerMemoryMb : aggregatorMemoryMb) / MB_PER_GB);
}

function usdOf(name: PriceName, quantity: number, prices: Prices, architecture: Architecture): number {
  const { per, divided } = PRICES[name];
  const price = fieldOf(name, prices, architecture);
  return divided === "price" ? quantity * (price / per) : (quantity / per) * price;
}

/** Dollars for one unit. */
export function unitPriceUsd(name: PriceName, prices: Prices, architecture: Architecture): number {
  return fieldOf(name, prices, architecture) / PRICES[name].per;
}

function fieldOf(name: PriceName, prices: Prices, architecture: Architecture): number {
  const { field } = PRICES[name];
  return field === "usdPerGbSecond" ? prices.usdPerGbSecond[architecture] : prices[field];
}

/** Dollars by what a chart can show. */
export function usdByGroup(items: BillItems): Record<string, number> {
  return summed(items, ({ billed }) => billed.group);
}

/** Dollars by service. */
export function usdByService(items: BillItems): Record<Service, number> {
  return { Lambda: 0, SQS: 0, S3: 0, CloudWatch: 0, ...summed(items, ({ service }) => service) };
}

const FIRST_ROWS = new Map(BILLED_ITEMS.toReversed().map((item) => [item.billed.as, item]));

function summed(items: BillItems, keyOf: (row: BilledItem) => string): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { name } of PARTS) {
    const key = keyOf(FIRST_ROWS.get(name)!);
    sums[key] = (sums[key] ?? 0) + items[name];
  }
  return sums;
}
