/**
 * Measures the cloud that this function runs on, from where it matters: calls of the aggregator's own client, hops to workers
 * by the task queue and back by a run's queue, objects as workers see them, computing on the workers' own processor. It makes
 * a queue and some objects as a run does, under a name of its own, and takes them away again; what it has seen is one object.
 */
import { describeError, MarinaError } from "../../../shared/base/index.ts";
import type { DeliveredMessage, Invocation, Ports, QueueAddress } from "../../../shared/cloud/index.ts";
import {
  BATCH_LIMIT,
  CONTRIBUTION_RETENTION_SECONDS,
  CONTRIBUTION_VISIBILITY_SECONDS,
  contributionsQueueName,
  decodeComputeProbe,
  decodeObjectsProbe,
  encodeMeasurement,
  encodeRunMessage,
  encodeTasks,
  HANDOVER_MARGIN_SECONDS,
  leftoverPrefixes,
  type MeasureMessage,
  type Measurement,
  measurementKey,
  type ProbeAnswer,
  type ProbeName,
  type Probes,
  plainTask,
} from "../../../shared/protocol/index.ts";
import type { AggregatorSettings } from "../settings.ts";
import { Lease } from "../term/lease.ts";
import { Answers, type Arrival } from "./answers.ts";
import { tryContract } from "./contract.ts";

/** Tells a probe's answers from those of any run. */
const DIGEST = "0123456789abcdef";
/** Sends at one time, to see what of a call can't overlap with another. */
const SENDS_TOGETHER = 40;
const SENDS_ALONE = 40;
/** What is not answered by then is lost: a message hidden for a while would tell of that, not of the way. */
const PATIENCE_MILLISECONDS = 30_000;

/** Rounds of the steps: what comes late is never taken for another step's. */
class Steps {
  #last = 0;
  next(): number {
    return this.#last++;
  }
}

/** @throws what should make its control message be delivered again. */
export async function measure(
  ports: Ports,
  settings: AggregatorSettings,
  message: DeliveredMessage,
  { run, plan }: MeasureMessage,
  invocation: Invocation,
): Promise<void> {
  const lease = new Lease(ports.queues, ports.clock, message);
  await lease.hold();
  const seen: { -readonly [K in keyof Measurement]: Measurement[K] } = {
    version: 1,
    plan,
    error: null,
    contract: [],
    sendMilliseconds: [],
    arrivalMilliseconds: [],
    sendsTogether: null,
    hops: { asked: 0, answers: [] },
    bursts: [],
    ramp: { asked: 0, answers: [] },
    objects: [],
    computes: [],
  };
  try {
    await look(ports, settings, lease, run, seen, () => requireTime(invocation));
  } catch (error) {
    // Repeated, it would cost as much again.
    seen.error = describeError(error);
  }
  try {
    await ports.objects.put(measurementKey(run), encodeMeasurement(seen));
  } finally {
    lease.release();
  }
}

async function look(
  ports: Ports,
  { queuePrefix, taskQueue }: AggregatorSettings,
  lease: Lease,
  run: string,
  seen: { -readonly [K in keyof Measurement]: Measurement[K] },
  checkTime: () => void,
): Promise<void> {
  const { queues, objects } = ports;
  const { plan } = seen;
  seen.contract = await tryContract(ports, run);
  const queue = await queues.create(contributionsQueueName(queuePrefix, run), {
    visibilitySeconds: CONTRIBUTION_VISIBILITY_SECONDS,
    retentionSeconds: CONTRIBUTION_RETENTION_SECONDS,
  });
  const answers = new Answers(ports, queue, lease);
  const steps = new Steps();
  const probes = new Prober(ports, taskQueue, queue, answers, run, steps);
  try {
    await callAlone(ports, queue, answers, steps, seen);
    await callTogether(ports, queue, answers, steps, seen);
    seen.hops = await probes.oneByOne("probe", plan.hops);
    for (const size of plan.bursts) {
      checkTime();
      seen.bursts = [...seen.bursts, await probes.atOnce("probe", size)];
    }
    checkTime();
    if (plan.ramp > 0) seen.ramp = await probes.atOnce("probe-slow", plan.ramp);
    for (let time = 0; time < plan.objects; time++) {
      checkTime();
      for (const { payload } of await probes.answersTo("probe-objects"))
        seen.objects = [...seen.objects, ...decodeObjectsProbe(payload)];
    }
    for (let time = 0; time < plan.computes; time++) {
      checkTime();
      for (const { payload } of await probes.answersTo("probe-compute"))
        seen.computes = [...seen.computes, decodeComputeProbe(payload)];
    }
  } finally {
    answers.detach();
    await queues.destroy(queue);
    for (const prefix of leftoverPrefixes(run))
      for (const key of await objects.list(prefix)) await objects.delete(key);
  }
}

/** An invocation that runs out of time says nothing, and is repeated at the same price. @throws MarinaError "limit" */
function requireTime(invocation: Invocation): void {
  if (invocation.remainingMilliseconds() > 1000 * HANDOVER_MARGIN_SECONDS) return;
  throw new MarinaError("limit", "the aggregator's time ran out; measure with smaller bursts");
}

/** A message to itself: what a worker's answer goes through after it has left. */
function ownMessage(round: number, slot: number): string {
  return encodeRunMessage({
    kind: "contribution",
    ...{ runDigest: DIGEST, phase: 0, round, slot, worker: 0 },
    ...{ payload: new Uint8Array(80), bits: 640, loss: null, evaluation: null },
    ...{ reused: false, computeMilliseconds: 0, cold: false },
  });
}

async function callAlone(
  { queues, clock }: Ports,
  queue: QueueAddress,
  answers: Answers,
  steps: Steps,
  seen: { sendMilliseconds: number[]; arrivalMilliseconds: number[] },
): Promise<void> {
  for (let time = 0; time < SENDS_ALONE; time++) {
    const round = steps.next();
    const from = clock.now();
    await queues.send(queue, [{ body: ownMessage(round, 0) }]);
    const accepted = clock.now();
    const [arrival] = await answers.of(round, 1, PATIENCE_MILLISECONDS);
    seen.sendMilliseconds.push(accepted - from);
    if (arrival !== undefined) seen.arrivalMilliseconds.push(Math.max(0, arrival.at - accepted));
  }
}

async function callTogether(
  { queues, clock }: Ports,
  queue: QueueAddress,
  answers: Answers,
  steps: Steps,
  seen: { sendsTogether: Measurement["sendsTogether"] },
): Promise<void> {
  const round = steps.next();
  const from = clock.now();
  await Promise.all(
    Array.from({ length: SENDS_TOGETHER }, (_, slot) =>
      queues.send(queue, [{ body: ownMessage(round, slot) }]),
    ),
  );
  seen.sendsTogether = { calls: SENDS_TOGETHER, milliseconds: clock.now() - from };
  await answers.of(round, SENDS_TOGETHER, PATIENCE_MILLISECONDS);
}

class Prober {
  readonly #ports: Ports;
  readonly #taskQueue: QueueAddress;
  readonly #replyTo: QueueAddress;
  readonly #answers: Answers;
  readonly #run: string;
  readonly #steps: Steps;

  constructor(
    ports: Ports,
    taskQueue: QueueAddress,
    replyTo: QueueAddress,
    answers: Answers,
    run: string,
    steps: Steps,
  ) {
    this.#ports = ports;
    this.#taskQueue = taskQueue;
    this.#replyTo = replyTo;
    this.#answers = answers;
    this.#run = run;
    this.#steps = steps;
  }

  async oneByOne(kind: ProbeName, times: number): Promise<Probes> {
    const answers: ProbeAnswer[] = [];
    for (let time = 0; time < times; time++) answers.push(...(await this.atOnce(kind, 1)).answers);
    return { asked: times, answers };
  }

  async atOnce(kind: ProbeName, count: number): Promise<Probes> {
    const from = this.#ports.clock.now();
    const { sent, arrivals } = await this.#ask(kind, count);
    return {
      asked: count,
      answers: arrivals.map(({ at, message }) => ({
        sentMilliseconds: sent[Math.floor(message.slot / BATCH_LIMIT)]! - from,
        answeredMilliseconds: at - from,
        handlerMilliseconds: message.computeMilliseconds,
        cold: message.cold,
      })),
    };
  }

  async answersTo(kind: ProbeName): Promise<{ readonly payload: Uint8Array }[]> {
    const { arrivals } = await this.#ask(kind, 1);
    return arrivals.map(({ message }) => message);
  }

  /** Sent as a round's tasks are: batches of ten, at one time. */
  async #ask(
    kind: ProbeName,
    count: number,
  ): Promise<{ readonly sent: readonly number[]; readonly arrivals: readonly Arrival[] }> {
    const { queues, clock } = this.#ports;
    const round = this.#steps.next();
    const common = {
      ...{ kind, run: this.#run, runDigest: DIGEST, round, phase: 0, workers: count },
      ...{ replyTo: this.#replyTo, evaluate: false, oldestNeededRound: 0, points: [], pointRounds: [] },
    };
    const bodies = encodeTasks(Array.from({ length: count }, (_, slot) => plainTask(common, slot, slot)));
    const sent: number[] = [];
    const sends: Promise<void>[] = [];
    for (let first = 0; first < count; first += BATCH_LIMIT) {
      sent.push(clock.now());
      const batch = bodies.slice(first, first + BATCH_LIMIT);
      sends.push(
        queues.send(
          this.#taskQueue,
          batch.map((body) => ({ body })),
        ),
      );
    }
    await Promise.all(sends);
    return { sent, arrivals: await this.#answers.of(round, count, PATIENCE_MILLISECONDS) };
  }
}
