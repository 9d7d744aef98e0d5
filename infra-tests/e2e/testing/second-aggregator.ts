/** An aggregator in the test's own process: a second one for a run, or one whose surroundings the test controls. */
import { createAggregator } from "../../../lambdas/aggregator/handler.ts";
import type { DeliveredMessage, Invocation, Ports, QueueAddress } from "../../../shared/cloud/ports.ts";
import { AGGREGATOR_TIMEOUT_SECONDS } from "../../../shared/protocol/limits.ts";
import { type ControlMessage, encodeControl } from "../../../shared/protocol/stored/run.ts";
import type { Service } from "./service.ts";

const NOTHING_SPENT = { usd: () => 0, observationUsd: () => 0, save: () => null, restore: () => undefined };

export interface SecondAggregator {
  /** Handles a control message that no queue delivered; true when it was done with it. */
  handle(control: ControlMessage): Promise<boolean>;
  /** What it warned of. */
  readonly warnings: readonly string[];
}

/** @param ports what it works on; its hold on the message always seems good, as no queue could take it away. */
export function secondAggregator(service: Service, ports: Ports): SecondAggregator {
  const warnings: string[] = [];
  const controlQueue = service.output("ControlQueueUrl") as QueueAddress;
  const handler = createAggregator(
    {
      ...ports,
      queues: {
        ...ports.queues,
        extend: async (queue, receipt, seconds) => {
          if (queue !== controlQueue) await ports.queues.extend(queue, receipt, seconds);
        },
      },
      log: {
        info: () => undefined,
        warn: (event, fields) => warnings.push(`${event} ${JSON.stringify(fields)}`),
      },
    },
    {
      taskQueue: service.taskQueue,
      queuePrefix: service.output("QueuePrefix"),
      spendingOf: () => NOTHING_SPENT,
    },
  );
  return {
    warnings,
    async handle(control) {
      const begun = performance.now();
      const message: DeliveredMessage = {
        body: encodeControl(control),
        receipt: "of no queue",
        receiveCount: 1,
        messageId: "second",
        queue: controlQueue,
      };
      const invocation: Invocation = {
        requestId: "second-aggregator",
        cold: true,
        remainingMilliseconds: () => 1000 * AGGREGATOR_TIMEOUT_SECONDS - (performance.now() - begun),
      };
      const { failedMessageIds } = await handler([message], invocation);
      return failedMessageIds.length === 0;
    },
  };
}
