/**
 * What a run's workers use, as far as its aggregator can tell: it sees the tasks it sends and the contributions it
 * receives, not the bill. An estimate, made of
 *
 * - for each task sent: one invocation, and one receive and one delete of the event source mapping; of time, the
 *   runtime's own and the posting of the answer, and where the task asks for it, fetching a stored point (the newest; an environment holds older ones) and a DIANA
 *   worker's memory, storing dense vectors for reducers or gradients for the next round, and a reducer's reads and its sum;
 * - for each contribution received: the computing time that it states, rounded up to a millisecond, and the worker's
 *   send, and the objects that it had to read as its caches lacked them, gradients of the round before among them; for a cold one a typical INIT phase; for a
 *   stored one its PUT.
 *
 * Not in it: invocations that fail or whose answers are lost (their computing time; the invocation itself is counted
 * when its task is sent again), deliveries that SQS repeats on its own, a mapping's idle polls, logs and metrics; and
 * of a packed task over rows that are not kept, and of one whose gradients lie in the store if it is packed or its environment new,
 * the reads beyond three.
 */
import type { MessageQueue, ObjectStore, Ports, QueueAddress } from "../cloud/index.ts";
import {
  evaluationBytesOfContribution,
  isCommandBody,
  isOutsideMethod,
  isStateful,
  type Timing,
  taskNeedsOf,
  timingOfBody,
  timingOfFrame,
} from "../protocol/index.ts";
import { billedUnits, type Meter } from "./meter.ts";

/** The runtime's own time before the handler is called. Assumed. */
const RUNTIME_MILLISECONDS = 2;
/** One SQS call, there and back. Assumed; bounded by the published time from a send to a handler's start. */
const QUEUE_CALL_MILLISECONDS = 7;
/** One small S3 GET, and one small S3 PUT: published medians of 2025 for GET, assumed for PUT. */
export const OBJECT_GET_MILLISECONDS = 27;
export const OBJECT_PUT_MILLISECONDS = 45;
/** INIT of a Node function with SDK clients: published median of 2025 (speedrun.nobackspacecrew.com). */
export const INIT_MILLISECONDS = 375;

/** Keys of contributions that were too large for a message. */
const STORED_CONTRIBUTION = /^runs\/[^/]+\/contributions\//;

/** Of reducers, whose tasks have told of them. */
const SUM = /\/sum-\d+$/;

/** Ports that add to the meter what the workers use, by what passes through. */
export function estimateWorkers(ports: Ports, meter: Meter, taskQueue: QueueAddress): Ports {
  return {
    ...ports,
    queues: watchQueues(ports.queues, meter, taskQueue),
    objects: watchObjects(ports.objects, meter),
  };
}

function watchQueues(queues: MessageQueue, meter: Meter, taskQueue: QueueAddress): MessageQueue {
  return {
    ...queues,
    send(queue, messages) {
      if (queue === taskQueue) for (const { body } of messages) countTask(meter, body);
      return queues.send(queue, messages);
    },
    async receive(queue, options) {
      const messages = await queues.receive(queue, options);
      for (const { body } of messages) countContribution(meter, queue, body);
      return messages;
    },
  };
}

function watchObjects(objects: ObjectStore, meter: Meter): ObjectStore {
  return {
    ...objects,
    async get(key, options) {
      const object = await objects.get(key, options);
      if (STORED_CONTRIBUTION.test(key) && !SUM.test(key)) {
        meter.putObject(object.body.length);
        const timing = timingOfFrame(object.body);
        if (timing !== undefined) {
          meter.account(false).worker.billedMilliseconds += OBJECT_PUT_MILLISECONDS;
          countTiming(meter, timing, false);
        }
      }
      return object;
    },
  };
}

function countTask(meter: Meter, body: string): void {
  const needs = taskNeedsOf(body);
  if (needs === undefined) return;
  const { worker, standardMapping, objects } = meter.account(isOutsideMethod(needs.kind));
  worker.invocations++;
  worker.billedMilliseconds +=
    RUNTIME_MILLISECONDS + QUEUE_CALL_MILLISECONDS + needs.pointObjects * OBJECT_GET_MILLISECONDS;
  standardMapping.receiveRequests += billedUnits(body.length);
  standardMapping.deleteRequests++;
  objects.getRequests += needs.pointObjects + needs.rangesRead;
  // Reading is in the time that a reducer states; then it puts its sum.
  storesVectors(meter, isOutsideMethod(needs.kind), needs.rangesRead > 0 ? 1 : 0);
  storesVectors(meter, false, needs.storedVectors.messages);
  storesVectors(meter, true, needs.storedVectors.evaluations);
  // What it reads of those it tells of, as of everything that its environment lacks.
  storesVectors(meter, false, needs.keptGradients);
  if (needs.carriesShift || !isStateful(needs.kind)) return;
  // Reads what it remembers (in round 0 that is nothing), writes the next, deletes an old one.
  const reads = needs.round === 0 ? 0 : 1;
  worker.billedMilliseconds += (1 + reads) * OBJECT_GET_MILLISECONDS + OBJECT_PUT_MILLISECONDS;
  objects.getRequests += reads;
  objects.putRequests++;
  objects.deleteRequests++;
}

/** Vectors that reducers or the aggregator will read; those of a task are stored at one time. */
function storesVectors(meter: Meter, outside: boolean, vectors: number): void {
  if (vectors === 0) return;
  const { worker, objects } = meter.account(outside);
  objects.putRequests += vectors;
  worker.billedMilliseconds += OBJECT_PUT_MILLISECONDS;
}

function countContribution(meter: Meter, queue: QueueAddress, body: string): void {
  // The command line has sent it.
  if (isCommandBody(body)) return;
  const evaluationBytes = Math.min(body.length, evaluationBytesOfContribution(body));
  const methodBytes = body.length - evaluationBytes;
  const timing = timingOfBody(body);
  meter.send(queue, { methodBytes, evaluationBytes }, 1);
  if (timing !== undefined) countTiming(meter, timing, methodBytes === 0);
}

function countTiming(meter: Meter, { computeMilliseconds, cold, reads = 0 }: Timing, outside: boolean): void {
  const { worker, objects } = meter.account(outside);
  // The body's checksum is not checked yet: what can't be a time counts for nothing.
  if (computeMilliseconds > 0 && computeMilliseconds < 1e6)
    worker.billedMilliseconds += Math.ceil(computeMilliseconds);
  worker.billedMilliseconds += reads * OBJECT_GET_MILLISECONDS;
  objects.getRequests += reads;
  if (!cold) return;
  worker.coldStarts++;
  worker.initMilliseconds += INIT_MILLISECONDS;
}
