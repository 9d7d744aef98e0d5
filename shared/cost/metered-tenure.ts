/** One tenure of the aggregator function, counted apart from the others of its environment. */
import type { Ports, QueueAddress } from "../cloud/index.ts";
import { outsideBytesOf } from "../protocol/index.ts";
import type { BillingConfiguration } from "./bill.ts";
import { Meter } from "./meter.ts";
import { meterPorts } from "./metered.ts";
import type { Prices } from "./prices.ts";
import { TenureSpending } from "./tenure-spending.ts";
import { estimateWorkers } from "./worker-estimate.ts";

export interface TenureSetting {
  readonly taskQueue: QueueAddress;
  readonly prices: Prices;
  readonly billing: BillingConfiguration;
}

export interface MeteredTenure {
  readonly ports: Ports;
  readonly spending: TenureSpending;
}

/**
 * A tenure that begins now: ports for it alone, with a meter of their own. What it asks for counts for it, however late
 * the answer comes: the polls that an ended run leaves behind come back when the next one may have the environment.
 *
 * @param ports of the environment, not metered
 * @param cold the invocation had to wait for a new environment
 */
export function meterTenure(
  ports: Ports,
  { taskQueue, prices, billing }: TenureSetting,
  cold: boolean,
): MeteredTenure {
  const meter = new Meter();
  const metered = estimateWorkers(meterPorts(ports, meter, outsideBytesOf), meter, taskQueue);
  const spending = new TenureSpending(meter, ports.clock, prices, billing);
  spending.begin(cold);
  return { ports: metered, spending };
}
