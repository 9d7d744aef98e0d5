/** A run's bill, line by line: every request kind, every second, and what is kept by the month. */
import { type BillingConfiguration, quantityOf, unitPriceUsd } from "./bill.ts";
import {
  BILLED_ITEMS,
  BYTES_PER_GB,
  FREE_FIELDS,
  HOLDING_ITEMS,
  type Holdings,
  PRICES,
  type PriceName,
  type Service,
} from "./items.ts";
import type { Prices } from "./prices.ts";
import type { AccountUsage, Counters } from "./usage.ts";

export interface BillLine {
  /** What a bill groups by. */
  readonly service: Service | "free tier";
  readonly item: string;
  /** Billed units; negative for what the free tier takes off. */
  readonly quantity: number;
  readonly unit: string;
  readonly usdPerUnit: number;
  /** quantity x usdPerUnit */
  readonly usd: number;
}

export interface RunBill {
  readonly lines: readonly BillLine[];
  /** The sum of the lines. */
  readonly totalUsd: number;
}

/** Nothing kept, nothing logged: requests and seconds only. */
export const NO_HOLDINGS: Holdings = {
  seconds: 0,
  storedBytes: 0,
  loggedBytes: 0,
  metrics: 0,
  provisionedPollers: 0,
};

/**
 * quantity x price, line by line, for one account's counts. GB-seconds are (billed + INIT milliseconds)/1000 x
 * memory/1024: Lambda rounds each invocation up to 1 ms, and the counts have been. Lines of quantity 0 are left out.
 *
 * @param freeTier deduct a whole month's free tier, as if the account had done nothing else
 */
export function runBill(
  usage: AccountUsage,
  prices: Prices,
  configuration: BillingConfiguration,
  holdings: Holdings = NO_HOLDINGS,
  freeTier = false,
): RunBill {
  const counted = BILLED_ITEMS.map(({ service, label, resource, counter, billed }) => ({
    service,
    item: label,
    price: billed.price,
    quantity: quantityOf((usage[resource] as Counters)[counter]!, billed.memoryOf, configuration),
  }));
  const held = HOLDING_ITEMS.map(({ service, label, price, quantity }) => ({
    service,
    item: label,
    price,
    quantity: quantity(holdings),
  }));
  const quantities: readonly Quantity[] = [...counted, ...held];
  const all = freeTier ? [...quantities, ...freeQuantities(quantities, prices)] : quantities;
  const lines = all
    .filter(({ quantity }) => quantity !== 0)
    .map(({ service, item, price, quantity }) => {
      const usdPerUnit = unitPriceUsd(price, prices, configuration.architecture);
      return { service, item, quantity, unit: PRICES[price].unit, usdPerUnit, usd: quantity * usdPerUnit };
    });
  let totalUsd = 0;
  for (const { usd } of lines) totalUsd += usd;
  return { lines, totalUsd };
}

/** A line before it is priced. */
interface Quantity {
  readonly service: BillLine["service"];
  readonly item: string;
  readonly price: PriceName;
  readonly quantity: number;
}

/** Takes off what is free, up to what was used: of all items together that an allowance is for, in their order. */
function freeQuantities(quantities: readonly Quantity[], { freeEachMonth }: Prices): Quantity[] {
  return FREE_FIELDS.flatMap((field) => {
    let left = freeEachMonth[field];
    return quantities
      .filter(({ price }) => "free" in PRICES[price] && PRICES[price].free === field)
      .map(({ service, item, price, quantity }) => {
        const free = Math.min(left, quantity);
        left -= free;
        return {
          service: "free tier",
          item: `${service}, ${item}`,
          price,
          quantity: free === 0 ? 0 : -free,
        } as const;
      });
  });
}

/** Dollars a month for what a run keeps in the object store. */
export function storageUsdPerMonth(storedBytes: number, prices: Prices): number {
  return (storedBytes / BYTES_PER_GB) * prices.usdPerGbMonthStored;
}
