/** A run's bill in the few items that a chart can show. */
import { DEFAULT_CONFIGURATION } from "../embedded/index.ts";
import { PRICES_US_EAST_1, parseUsage, priceUsd, usdByGroup } from "../shared/cost/index.ts";

/**
 * Dollars of the method by item, from the counts that a checkpoint carries. Priced with the functions' configuration
 * that the stack deploys by default.
 */
export function billItems(usage: unknown): Record<string, number> | null {
  if (usage === null || usage === undefined) return null;
  return usdByGroup(priceUsd(parseUsage(usage).method, PRICES_US_EAST_1, DEFAULT_CONFIGURATION).items);
}
