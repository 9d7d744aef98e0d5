/** What is counted, and what it costs. */
export { type BillingConfiguration, priceUsd, usdByGroup, usdByService } from "./bill.ts";
export { type Closing, closingUsage } from "./closing.ts";
export {
  BILL_GROUPS,
  type Holdings,
  ITEMS,
  type Item,
  type ItemMetric,
  type Resource,
  type Service,
} from "./items.ts";
export { billedUnits, Meter } from "./meter.ts";
export { meterTerm } from "./metered-term.ts";
export { countRequests, type ObservedRequests } from "./observed-requests.ts";
export { parsePrices } from "./price-file.ts";
export { type Architecture, PRICES_US_EAST_1, type Prices } from "./prices.ts";
export { type ReconciledLine, reconcileRequests } from "./reconcile.ts";
export { knownRegions, priceNotice, pricesOf } from "./region-prices.ts";
export { parseRequestLog, REQUEST_LOG_PATH, type RequestLogEntry } from "./request-log.ts";
export { billByRound, type RoundBill } from "./round-bill.ts";
export {
  type FreeAllowance,
  freeAllowance,
  holdingsBill,
  type NetLine,
  netLines,
  type RunBill,
  runBill,
  storageUsdPerMonth,
} from "./run-bill.ts";
export type { Spending } from "./spending.ts";
export {
  type AccountUsage,
  addUsage,
  allUsage,
  type Counters,
  type FunctionRole,
  type MappingUsage,
  parseUsage,
  subtractUsage,
  type Usage,
  zeroUsage,
} from "./usage.ts";
export { OBJECT_GET_MILLISECONDS, OBJECT_PUT_MILLISECONDS } from "./worker-estimate.ts";
