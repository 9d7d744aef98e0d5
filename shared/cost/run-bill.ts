/** A run's bill, line by line: every request kind, every second, and what is kept by the month. */
import type { BillingConfiguration } from "./bill.ts";
import type { Prices } from "./prices.ts";
import type { AccountUsage, FunctionUsage, MappingUsage, QueueUsage } from "./usage.ts";

export interface BillLine {
  /** What a bill groups by. */
  readonly service: "Lambda" | "SQS" | "S3" | "CloudWatch" | "free tier";
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

/** What is billed by time or by volume besides requests: not metered as the run goes, known when one looks. */
export interface Holdings {
  /** How long the run took. */
  readonly seconds: number;
  /** Bytes that the run keeps in the object store (checkpoint, rounds, result). */
  readonly storedBytes: number;
  /** Bytes of log lines that the functions wrote. */
  readonly loggedBytes: number;
  /** Custom metrics that the run wrote to. */
  readonly metrics: number;
  /** Pollers of the task queue's mapping in provisioned mode; 0 in the default mode. */
  readonly provisionedPollers: number;
}

/** Nothing kept, nothing logged: requests and seconds only. */
export const NO_HOLDINGS: Holdings = {
  seconds: 0,
  storedBytes: 0,
  loggedBytes: 0,
  metrics: 0,
  provisionedPollers: 0,
};

const MB_PER_GB = 1024;
const BYTES_PER_GB = 2 ** 30;
/** AWS's month of 30 days for storage and metrics by the hour. */
const HOURS_PER_MONTH = 720;

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
  const lines = [
    ...functionLines("worker", usage.worker, configuration.workerMemoryMb, prices, configuration),
    ...functionLines("aggregator", usage.aggregator, configuration.aggregatorMemoryMb, prices, configuration),
    ...queueLines("standard queues", usage.standardQueues, prices.usdPerMillionStandardQueueRequests),
    ...queueLines("FIFO queues", usage.fifoQueues, prices.usdPerMillionFifoQueueRequests),
    ...mappingLines("worker's mapping", usage.standardMapping, prices.usdPerMillionStandardQueueRequests),
    ...mappingLines("aggregator's mapping", usage.fifoMapping, prices.usdPerMillionFifoQueueRequests),
    ...objectLines(usage, prices),
    ...holdingLines(holdings, prices),
  ];
  if (freeTier) lines.push(...freeLines(lines, prices));
  const billed = lines.filter(({ quantity }) => quantity !== 0);
  let totalUsd = 0;
  for (const { usd } of billed) totalUsd += usd;
  return { lines: billed, totalUsd };
}

function line(
  service: BillLine["service"],
  item: string,
  quantity: number,
  unit: string,
  usdPerUnit: number,
): BillLine {
  return { service, item, quantity, unit, usdPerUnit, usd: quantity * usdPerUnit };
}

function functionLines(
  name: string,
  usage: FunctionUsage,
  memoryMb: number,
  prices: Prices,
  { architecture }: BillingConfiguration,
): BillLine[] {
  const gbSeconds = (milliseconds: number): number => (milliseconds / 1000) * (memoryMb / MB_PER_GB);
  const price = prices.usdPerGbSecond[architecture];
  return [
    line("Lambda", `${name}: compute`, gbSeconds(usage.billedMilliseconds), "GB-s", price),
    line("Lambda", `${name}: cold starts (INIT)`, gbSeconds(usage.initMilliseconds), "GB-s", price),
    line(
      "Lambda",
      `${name}: invocations`,
      usage.invocations,
      "requests",
      prices.usdPerMillionInvocations / 1e6,
    ),
  ];
}

function queueLines(name: string, usage: QueueUsage, usdPerMillion: number): BillLine[] {
  const price = usdPerMillion / 1e6;
  return [
    line("SQS", `${name}: send`, usage.sendRequests, "requests", price),
    line("SQS", `${name}: receive`, usage.receiveRequests, "requests", price),
    line("SQS", `${name}: empty receive`, usage.emptyReceiveRequests, "requests", price),
    line("SQS", `${name}: delete`, usage.deleteRequests, "requests", price),
    line("SQS", `${name}: change visibility`, usage.extendRequests, "requests", price),
    line("SQS", `${name}: create, look up, destroy`, usage.manageRequests, "requests", price),
  ];
}

function mappingLines(name: string, usage: MappingUsage, usdPerMillion: number): BillLine[] {
  const price = usdPerMillion / 1e6;
  return [
    line("SQS", `${name}: receive`, usage.receiveRequests, "requests", price),
    line("SQS", `${name}: empty receive`, usage.emptyReceiveRequests, "requests", price),
    line("SQS", `${name}: delete`, usage.deleteRequests, "requests", price),
  ];
}

function objectLines({ objects }: AccountUsage, prices: Prices): BillLine[] {
  return [
    line("S3", "put", objects.putRequests, "requests", prices.usdPerThousandObjectPuts / 1000),
    line("S3", "list", objects.listRequests, "requests", prices.usdPerThousandObjectPuts / 1000),
    line("S3", "get", objects.getRequests, "requests", prices.usdPerThousandObjectGets / 1000),
  ];
}

function holdingLines(holdings: Holdings, prices: Prices): BillLine[] {
  const hours = holdings.seconds / 3600;
  const months = hours / HOURS_PER_MONTH;
  const { storedBytes, loggedBytes, metrics, provisionedPollers } = holdings;
  return [
    line(
      "S3",
      "storage, while it ran",
      (storedBytes / BYTES_PER_GB) * months,
      "GB-month",
      prices.usdPerGbMonthStored,
    ),
    line("CloudWatch", "log lines", loggedBytes / BYTES_PER_GB, "GB", prices.usdPerGbLogged),
    line("CloudWatch", "metrics", metrics * months, "metric-month", prices.usdPerMetricMonth),
    line("Lambda", "provisioned pollers", provisionedPollers * hours, "poller-hour", prices.usdPerPollerHour),
  ];
}

/** Takes off what is free, up to what was used; the GB-seconds, invocations and queue requests of both functions together. */
function freeLines(lines: readonly BillLine[], prices: Prices): BillLine[] {
  const { gbSeconds, invocations, queueRequests } = prices.freeEachMonth;
  return [
    ...deduct(
      lines.filter(({ unit }) => unit === "GB-s"),
      gbSeconds,
    ),
    ...deduct(
      lines.filter(({ service, unit }) => service === "Lambda" && unit === "requests"),
      invocations,
    ),
    ...deduct(
      lines.filter(({ service }) => service === "SQS"),
      queueRequests,
    ),
  ];
}

function deduct(lines: readonly BillLine[], allowance: number): BillLine[] {
  let left = allowance;
  return lines.map(({ service, item, quantity, unit, usdPerUnit }) => {
    const free = Math.min(left, quantity);
    left -= free;
    return line("free tier", `${service}, ${item}`, free === 0 ? 0 : -free, unit, usdPerUnit);
  });
}

/** Dollars a month for what a run keeps in the object store. */
export function storageUsdPerMonth(storedBytes: number, prices: Prices): number {
  return (storedBytes / BYTES_PER_GB) * prices.usdPerGbMonthStored;
}
