/** For tests: the service with an aggregator that is cut off again and again, or that has a defect. */
import { createEmbeddedCloud, type EmbeddedCloudOptions } from "../../embedded/cloud.ts";
import type { EmbeddedService } from "../../embedded/service.ts";
import { createAggregator } from "../../lambdas/aggregator/handler.ts";
import { createWorker } from "../../lambdas/worker/handler.ts";
import type { Ports } from "../../shared/cloud/ports.ts";
import type { Spending } from "../../shared/cost/spending.ts";
import {
  AGGREGATOR_TIMEOUT_SECONDS,
  CONTROL_VISIBILITY_SECONDS,
  MAX_RECEIVE_COUNT,
  TASK_VISIBILITY_SECONDS,
  WORKER_TIMEOUT_SECONDS,
} from "../../shared/protocol/limits.ts";
import { encodeControl } from "../../shared/protocol/run.ts";
import { outsideBytesOf } from "../../shared/protocol/traffic.ts";

export const NOTHING_SPENT: Spending = { usd: () => 0, save: () => null, restore: () => undefined };

export interface CrashingService extends EmbeddedService {
  /** Aggregators that were started. */
  readonly tenures: () => number;
}

/**
 * The aggregator believes that it has all of its time, but is killed after `lifeSeconds`: without warning, between any
 * two of its calls. Whoever comes next finds what it has left.
 * @param deliveries of a control message, before it goes to the dead letters.
 */
export function createCrashingService(
  options: EmbeddedCloudOptions,
  lifeSeconds: number,
  deliveries = 1000,
): CrashingService {
  return createServiceAround(options, {
    lifeSeconds,
    deliveries,
    sabotage: (ports) => ports,
    spendingOf: () => NOTHING_SPENT,
  });
}

/** @param sabotage makes the ports of each aggregator. */
export function createSabotagedService(
  options: EmbeddedCloudOptions,
  sabotage: (ports: Ports) => Ports,
  spendingOf: () => Spending,
): CrashingService {
  return createServiceAround(options, {
    lifeSeconds: AGGREGATOR_TIMEOUT_SECONDS,
    deliveries: MAX_RECEIVE_COUNT,
    sabotage,
    spendingOf,
  });
}

interface Surroundings {
  readonly lifeSeconds: number;
  /** Of a control message, before it goes to the dead letters. */
  readonly deliveries: number;
  readonly sabotage: (ports: Ports) => Ports;
  readonly spendingOf: () => Spending;
}

function createServiceAround(
  options: EmbeddedCloudOptions,
  { lifeSeconds, deliveries, sabotage, spendingOf }: Surroundings,
): CrashingService {
  const cloud = createEmbeddedCloud({ ...options, evaluationBytesOf: outsideBytesOf });
  const retentionSeconds = 3600;
  const controlDeadLetters = cloud.createQueue("dead.fifo", { visibilitySeconds: 60, retentionSeconds });
  const control = cloud.createQueue(
    "control.fifo",
    { visibilitySeconds: CONTROL_VISIBILITY_SECONDS, retentionSeconds },
    { queue: controlDeadLetters, maxReceiveCount: deliveries },
  );
  const tasks = cloud.createQueue("tasks", { visibilitySeconds: TASK_VISIBILITY_SECONDS, retentionSeconds });
  let started = 0;
  let sent = 0;
  cloud.mapQueue({
    queue: tasks,
    function: cloud.defineFunction({
      name: "worker",
      memoryMb: 1769,
      timeoutSeconds: WORKER_TIMEOUT_SECONDS,
      create: (ports) => createWorker(ports),
    }),
    batchSize: 1,
  });
  cloud.mapQueue({
    queue: control,
    function: cloud.defineFunction({
      name: "aggregator",
      memoryMb: 1769,
      timeoutSeconds: lifeSeconds,
      create(ports) {
        const handler = createAggregator(sabotage(ports), {
          taskQueue: tasks,
          queuePrefix: "marina-",
          spendingOf,
        });
        return (messages, invocation) => {
          started++;
          return handler(messages, {
            ...invocation,
            remainingMilliseconds: () =>
              invocation.remainingMilliseconds() + 1000 * (AGGREGATOR_TIMEOUT_SECONDS - lifeSeconds),
          });
        };
      },
    }),
    batchSize: 1,
  });
  return {
    cloud,
    controlDeadLetters,
    controlQueue: control,
    taskQueue: tasks,
    gradientsFromThreads: () => 0,
    close: async () => undefined,
    control: (message) =>
      cloud.client.queues.send(control, [
        {
          body: encodeControl(message),
          group: message.run,
          // Each a command of its own, as those of the command line are.
          deduplicationId: `${message.run}.${message.tenure}.${message.action}.${sent++}`,
        },
      ]),
    tenures: () => started,
  };
}
