/** The service on the embedded cloud: its two functions, its queues and its mappings, as the stack deploys them. */
import { type AggregatorHooks, createAggregator, type RunObserver } from "../../lambdas/aggregator/index.ts";
import { createWorker, OpenedShards, type ServerStateStore } from "../../lambdas/worker/index.ts";
import type { Handler, MessageQueue, Ports, QueueAddress } from "../../shared/cloud/index.ts";
import type { Spending } from "../../shared/cost/index.ts";
import { Descriptions } from "../../shared/data/index.ts";
import { Workspace } from "../../shared/math/index.ts";
import {
  AGGREGATOR_TIMEOUT_SECONDS,
  CONTROL_VISIBILITY_SECONDS,
  type ControlMessage,
  encodeControl,
  isOutsideObject,
  isPreparationTask,
  MAX_RECEIVE_COUNT,
  type MeasureMessage,
  outsideBytesOf,
  TASK_VISIBILITY_SECONDS,
  WORKER_TIMEOUT_SECONDS,
} from "../../shared/protocol/index.ts";
import { createEmbeddedCloud, type EmbeddedCloud, type EmbeddedCloudOptions } from "../cloud.ts";
import { liarsOf } from "../faults/liars.ts";
import type { MappingRamp } from "../latency/latencies.ts";
import { GradientThreads, type GradientThreadsOptions } from "../threads/gradient-threads.ts";
import { SharedGradients } from "../threads/shared-gradients.ts";
import { DEFAULT_CONFIGURATION, type ServiceConfiguration } from "./configuration.ts";
import { runAccounts } from "./run-account.ts";
import { SharedServerStates } from "./shared-server-states.ts";

/** Messages that nobody could handle are kept for two weeks. */
const DEAD_LETTER_RETENTION_SECONDS = 14 * 24 * 3600;
const RETENTION_SECONDS = 4 * 24 * 3600;
/** Workers at one time: the usual account limit, less what others may need. */
const WORKER_CONCURRENCY = 900;
/** Aggregators at one time: runs at one time. */
const AGGREGATOR_CONCURRENCY = 20;

/** Of all services of this process: their objects are not one another's, but their bytes may be. */
const descriptions = new Descriptions();

export interface ServiceOptions
  extends Omit<EmbeddedCloudOptions, "evaluationBytesOf" | "evaluationObject" | "preparationTask"> {
  readonly configuration?: ServiceConfiguration;
  readonly observer?: RunObserver;
  /** Workers concurrently, of all runs together: 900 where not given. */
  readonly workerConcurrency?: number;
  /** How the task queue's mapping grows; where not given as it was measured, or at its maximum from the start. */
  readonly ramp?: MappingRamp;
  /** False to see what hedging is worth. */
  readonly hedging?: boolean;
  /** Other threads that compute gradients of large shards; none by default. `close` ends them. */
  readonly threads?: GradientThreadsOptions;
  readonly alteration?: ServiceAlteration;
}

/** A bug put into the service by a test, to see that the bug is found. */
export interface ServiceAlteration {
  readonly hooks?: AggregatorHooks;
  readonly aggregatorPorts?: (ports: Ports) => Ports;
  readonly worker?: (ports: Ports, create: (ports: Ports) => Handler) => Handler;
  /** Around the handler, which is made over the altered ports. */
  readonly aggregator?: (handler: Handler) => Handler;
  readonly spendingOf?: (spending: Spending) => Spending;
  /** Around each environment's own. */
  readonly serverStates?: (store: ServerStateStore) => ServerStateStore;
}

export interface EmbeddedService {
  readonly cloud: EmbeddedCloud;
  /** Queue of control messages nobody could handle. */
  readonly controlDeadLetters: QueueAddress;
  readonly controlQueue: QueueAddress;
  readonly taskQueue: QueueAddress;
  /** Sends a control message, as the command line does. */
  control(message: ControlMessage | MeasureMessage): Promise<void>;
  /** Gradients that other threads have computed so far. */
  gradientsFromThreads(): number;
  /** Ends its threads. */
  close(): Promise<void>;
}

/** Sets the service up in a new embedded cloud. */
export function createEmbeddedService(options: ServiceOptions): EmbeddedService {
  const {
    configuration = DEFAULT_CONFIGURATION,
    observer,
    workerConcurrency = WORKER_CONCURRENCY,
    ramp = configuration.latencies?.ramp ?? undefined,
    hedging = true,
    threads,
    alteration = {},
    ...cloudOptions
  } = options;
  const cloud = createEmbeddedCloud({
    ...(configuration.latencies === undefined ? {} : { latencies: configuration.latencies }),
    ...cloudOptions,
    evaluationBytesOf: outsideBytesOf,
    evaluationObject: isOutsideObject,
    preparationTask: isPreparationTask,
  });
  const queue = (name: string, visibilitySeconds: number, fifo: boolean) => {
    const suffix = fifo ? ".fifo" : "";
    const deadLetters = cloud.createQueue(`${name}-dead${suffix}`, {
      visibilitySeconds,
      retentionSeconds: DEAD_LETTER_RETENTION_SECONDS,
    });
    const address = cloud.createQueue(
      `${name}${suffix}`,
      { visibilitySeconds, retentionSeconds: RETENTION_SECONDS },
      { queue: deadLetters, maxReceiveCount: MAX_RECEIVE_COUNT },
    );
    return { address, deadLetters };
  };
  const accounts = runAccounts(cloud, configuration);
  const control = queue("marina-control", CONTROL_VISIBILITY_SECONDS, true);
  const tasks = queue("marina-tasks", TASK_VISIBILITY_SECONDS, false);
  // All environments are in this process: what one has computed the others need not, though it is charged to them.
  const gradients = new SharedGradients();
  const states = new SharedServerStates();
  const shards = new OpenedShards();
  const workspace = new Workspace();
  const ahead =
    threads === undefined || threads.threads === 0 ? undefined : new GradientThreads(threads, gradients);
  gradients.ahead = ahead;
  const hooks = liarsOf(configuration);
  const worker = cloud.defineFunction({
    name: "worker",
    memoryMb: configuration.workerMemoryMb,
    timeoutSeconds: WORKER_TIMEOUT_SECONDS,
    create: (ports) => {
      const create = (altered: Ports): Handler =>
        createWorker(altered, {
          descriptions,
          gradients: gradients.environment(),
          shards,
          states: alteration.serverStates?.(states.environment()) ?? states.environment(),
          workspace,
          ...(hooks && { hooks }),
        });
      return alteration.worker?.(ports, create) ?? create(ports);
    },
  });
  const aggregator = cloud.defineFunction({
    name: "aggregator",
    memoryMb: configuration.aggregatorMemoryMb,
    timeoutSeconds: AGGREGATOR_TIMEOUT_SECONDS,
    reservedConcurrency: AGGREGATOR_CONCURRENCY,
    create: (ports) => {
      const altered = announcing(alteration.aggregatorPorts?.(ports) ?? ports, tasks.address, ahead);
      const handler = createAggregator(altered, {
        taskQueue: tasks.address,
        queuePrefix: "marina-",
        descriptions,
        spendingOf: (run) => {
          const spending = accounts(run);
          return alteration.spendingOf?.(spending) ?? spending;
        },
        hedging,
        ...(alteration.hooks === undefined ? {} : { hooks: alteration.hooks }),
        ...(observer === undefined ? {} : { observer }),
      });
      return alteration.aggregator?.(handler) ?? handler;
    },
  });
  cloud.mapQueue({
    queue: tasks.address,
    function: worker,
    batchSize: 1,
    maxConcurrency: workerConcurrency,
    ...(ramp === undefined ? {} : { ramp }),
  });
  cloud.mapQueue({ queue: control.address, function: aggregator, batchSize: 1 });
  let sent = 0;
  return {
    cloud,
    controlDeadLetters: control.deadLetters,
    controlQueue: control.address,
    taskQueue: tasks.address,
    gradientsFromThreads: () => ahead?.taken ?? 0,
    close: async () => ahead?.close(),
    control: (message) =>
      cloud.client.queues.send(control.address, [
        {
          body: encodeControl(message),
          group: message.run,
          // Each a command of its own: a second one with the same content must not be taken for a repetition.
          deduplicationId: `${message.run}.${"tenure" in message ? message.tenure : 0}.${message.action}.${sent++}`,
        },
      ]),
  };
}

/** The same ports; tasks are announced to the threads when they are sent. */
function announcing(ports: Ports, taskQueue: QueueAddress, threads: GradientThreads | undefined): Ports {
  if (threads === undefined) return ports;
  const { queues } = ports;
  const send: MessageQueue["send"] = (queue, messages) => {
    if (queue === taskQueue) threads.announce(messages.map(({ body }) => body));
    return queues.send(queue, messages);
  };
  return { ...ports, queues: { ...queues, send } };
}
