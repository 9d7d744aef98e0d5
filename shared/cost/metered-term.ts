/** One tenure of the aggregator function, counted apart from the others of its environment. */
import type { Ports, QueueAddress } from "../cloud/index.ts";
import { outsideBytesOf } from "../protocol/index.ts";
import type { BillingConfiguration } from "./bill.ts";
import { Meter } from "./meter.ts";
import { meterPorts } from "./metered.ts";
import type { Prices } from "./prices.ts";
import { TermSpending } from "./term-spending.ts";
import { estimateWorkers } from "./worker-estimate.ts";

export interface TermSetting {
  readonly taskQueue: QueueAddress;
  readonly prices: Prices;
  readonly billing: BillingConfiguration;
}

export interface MeteredTerm {
  readonly ports: Ports;
  readonly spending: TermSpending;
}

/**
 * A tenure that begins now: ports for it alone, with a meter of their own. What it asks for counts for it, however late
 * the answer comes: the polls that an ended run leaves behind come back when the next one may have the environment.
 *
 * @param ports of the environment, not metered
 * @param cold the invocation had to wait for a new environment
 */
export function meterTerm(
  ports: Ports,
  { taskQueue, prices, billing }: TermSetting,
  cold: boolean,
): MeteredTerm {
  const meter = new Meter();
  const metered = estimateWorkers(meterPorts(ports, meter, outsideBytesOf), meter, taskQueue);
  const spending = new TermSpending(meter, ports.clock, prices, billing);
  spending.begin(cold);
  return { ports: metered, spending };
}
