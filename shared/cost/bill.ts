/** From counts to dollars. */
import type { Architecture, Prices } from "./prices.ts";
import type { AccountUsage, FunctionUsage, MappingUsage, QueueUsage } from "./usage.ts";

/** What the counts don't say: how the functions are configured. */
export interface BillingConfiguration {
  readonly workerMemoryMb: number;
  readonly aggregatorMemoryMb: number;
  readonly architecture: Architecture;
}

/** Dollars by item. */
export interface BillItems {
  readonly workerComputeUsd: number;
  readonly workerInitUsd: number;
  readonly workerInvocationsUsd: number;
  readonly aggregatorComputeUsd: number;
  readonly aggregatorInitUsd: number;
  readonly aggregatorInvocationsUsd: number;
  /** Requests that the functions make. */
  readonly standardQueuesUsd: number;
  readonly fifoQueuesUsd: number;
  /** Requests of the event source mappings, idle polls included. */
  readonly mappingsUsd: number;
  readonly objectPutsUsd: number;
  readonly objectGetsUsd: number;
}

export interface Bill {
  readonly items: BillItems;
  /** The sum of the items. */
  readonly totalUsd: number;
}

const MB_PER_GB = 1024;

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
  const usdPerGbSecond = prices.usdPerGbSecond[configuration.architecture];
  const seconds = (milliseconds: number, memoryMb: number): number =>
    (milliseconds / 1000) * (memoryMb / MB_PER_GB) * usdPerGbSecond;
  const invocations = (of: FunctionUsage): number => (of.invocations / 1e6) * prices.usdPerMillionInvocations;
  const standard = prices.usdPerMillionStandardQueueRequests / 1e6;
  const fifo = prices.usdPerMillionFifoQueueRequests / 1e6;
  const { worker, aggregator, objects } = usage;

  const items: BillItems = {
    workerComputeUsd: seconds(worker.billedMilliseconds, configuration.workerMemoryMb),
    workerInitUsd: seconds(worker.initMilliseconds, configuration.workerMemoryMb),
    workerInvocationsUsd: invocations(worker),
    aggregatorComputeUsd: seconds(aggregator.billedMilliseconds, configuration.aggregatorMemoryMb),
    aggregatorInitUsd: seconds(aggregator.initMilliseconds, configuration.aggregatorMemoryMb),
    aggregatorInvocationsUsd: invocations(aggregator),
    standardQueuesUsd: queueRequests(usage.standardQueues) * standard,
    fifoQueuesUsd: queueRequests(usage.fifoQueues) * fifo,
    mappingsUsd:
      mappingRequests(usage.standardMapping) * standard + mappingRequests(usage.fifoMapping) * fifo,
    objectPutsUsd: ((objects.putRequests + objects.listRequests) / 1000) * prices.usdPerThousandObjectPuts,
    objectGetsUsd: (objects.getRequests / 1000) * prices.usdPerThousandObjectGets,
  };
  let totalUsd = 0;
  for (const usd of Object.values(items) as number[]) totalUsd += usd;
  return { items, totalUsd };
}

/** All billed requests of a kind of queue. */
export function queueRequests(usage: QueueUsage): number {
  return (
    usage.sendRequests +
    usage.receiveRequests +
    usage.emptyReceiveRequests +
    usage.deleteRequests +
    usage.extendRequests +
    usage.manageRequests
  );
}

/** All billed requests of an event source mapping. */
export function mappingRequests(usage: MappingUsage): number {
  return usage.receiveRequests + usage.emptyReceiveRequests + usage.deleteRequests;
}
