/** A run's bill, line by line: every request kind, every second, and what is kept by the month. */
import { type BillingConfiguration, quantityOf, unitPriceUsd } from "./bill.ts";
import {
  BILLED_ITEMS,
  BYTES_PER_GB,
  FREE_FIELDS,
  type FreeField,
  HOLDING_ITEMS,
  type Holdings,
  PRICES,
  type PriceName,
  type Service,
} from "./items.ts";
import type { Architecture, Prices } from "./prices.ts";
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

/** What is left of a month's free tier; bills that are made one after another share it. */
export type FreeAllowance = Record<FreeField, number>;

/** A whole month's, as if the account had done nothing else. */
export function freeAllowance({ freeEachMonth }: Prices): FreeAllowance {
  return { ...freeEachMonth };
}

/**
 * quantity x price, line by line, for one account's counts: the same dollars as `priceUsd`'s, in more lines. GB-seconds are
 * (billed + INIT milliseconds)/1000 x memory/1024: Lambda rounds each invocation up to 1 ms, and the counts have been. Lines
 * of quantity 0 are left out.
 *
 * @param free is deducted, and less by it afterwards
 */
export function runBill(
  usage: AccountUsage,
  prices: Prices,
  configuration: BillingConfiguration,
  free?: FreeAllowance,
): RunBill {
  const quantities = BILLED_ITEMS.map(({ service, label, resource, counter, billed }) => ({
    service,
    item: label,
    price: billed.price,
    quantity: quantityOf((usage[resource] as Counters)[counter]!, billed.memoryOf, configuration),
  }));
  const deducted = free === undefined ? [] : freeQuantities(quantities, free);
  return priced([...quantities, ...deducted], prices, configuration.architecture);
}

/** What is billed by time and volume besides, as a bill of its own: no run's dollars count it. */
export function holdingsBill(holdings: Holdings, prices: Prices, architecture: Architecture): RunBill {
  const quantities = HOLDING_ITEMS.map(({ service, label, price, quantity }) => ({
    service,
    item: label,
    price,
    quantity: quantity(holdings),
  }));
  return priced(quantities, prices, architecture);
}

/** A line before it is priced. */
interface Quantity {
  readonly service: BillLine["service"];
  readonly item: string;
  readonly price: PriceName;
  readonly quantity: number;
}

function priced(quantities: readonly Quantity[], prices: Prices, architecture: Architecture): RunBill {
  const lines = quantities
    .filter(({ quantity }) => quantity !== 0)
    .map(({ service, item, price, quantity }) => {
      const usdPerUnit = unitPriceUsd(price, prices, architecture);
      return { service, item, quantity, unit: PRICES[price].unit, usdPerUnit, usd: quantity * usdPerUnit };
    });
  let totalUsd = 0;
  for (const { usd } of lines) totalUsd += usd;
  return { lines, totalUsd };
}

/** Takes off what is free, up to what was used: of all items together that an allowance is for, in their order. */
function freeQuantities(quantities: readonly Quantity[], left: FreeAllowance): Quantity[] {
  return FREE_FIELDS.flatMap((field) =>
    quantities
      .filter(({ price }) => "free" in PRICES[price] && PRICES[price].free === field)
      .map(({ service, item, price, quantity }) => {
        const free = Math.min(left[field], quantity);
        left[field] -= free;
        return {
          service: "free tier",
          item: freeItem({ service, item }),
          price,
          quantity: free === 0 ? 0 : -free,
        } as const;
      }),
  );
}

/** What the line is called that takes off what is free of another. */
function freeItem({ service, item }: Pick<BillLine, "service" | "item">): string {
  return `${service}, ${item}`;
}

/** A line and what is free of it. */
export interface NetLine extends BillLine {
  readonly service: Service;
  readonly freeUsd: number;
}

/** The lines of a bill, each with what the free tier takes off it. */
export function netLines({ lines }: RunBill): NetLine[] {
  const free = new Map(
    lines.filter(({ service }) => service === "free tier").map((line) => [line.item, line.usd]),
  );
  return lines.flatMap((line) => {
    const { service } = line;
    return service === "free tier" ? [] : [{ ...line, service, freeUsd: -(free.get(freeItem(line)) ?? 0) }];
  });
}

/** Dollars a month for what a run keeps in the object store. */
export function storageUsdPerMonth(storedBytes: number, prices: Prices): number {
  return (storedBytes / BYTES_PER_GB) * prices.usdPerGbMonthStored;
}
