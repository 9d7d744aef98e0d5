/** A run's bill in the few items that a chart can show. */
import { DEFAULT_CONFIGURATION } from "../embedded/index.ts";
import { PRICES_US_EAST_1, parseUsage, priceUsd } from "../shared/cost/index.ts";

/**
 * Dollars of the method by item, from the counts that a checkpoint carries. Priced with the functions' configuration
 * that the stack deploys by default.
 */
export function billItems(usage: unknown): Record<string, number> | null {
  if (usage === null || usage === undefined) return null;
  const { items } = priceUsd(parseUsage(usage).method, PRICES_US_EAST_1, DEFAULT_CONFIGURATION);
  return {
    "worker compute": items.workerComputeUsd,
    "worker start-up": items.workerInitUsd,
    "worker invocations": items.workerInvocationsUsd,
    aggregator: items.aggregatorComputeUsd + items.aggregatorInitUsd + items.aggregatorInvocationsUsd,
    "queue requests": items.standardQueuesUsd + items.fifoQueuesUsd,
    "queue polling": items.mappingsUsd,
    "S3 PUT, LIST": items.objectPutsUsd,
    "S3 GET": items.objectGetsUsd,
  };
}
