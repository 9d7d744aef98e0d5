/** The embedded cloud: the handlers that will be deployed, in one process, on a virtual clock. */
import type { Log, Ports, QueueAddress, QueueOptions } from "../shared/cloud/index.ts";
import { type AccountUsage, Meter, type Usage } from "../shared/cost/index.ts";
import { VirtualClock } from "./clock/virtual-clock.ts";
import type { FaultPlan } from "./faults/faults.ts";
import { type ComputeCharge, FREE_RATES, LAMBDA_RATES, scaledRates } from "./functions/compute-charge.ts";
import { EmbeddedFunction, type FunctionOptions } from "./functions/function.ts";
import { EmbeddedMapping, type MappingOptions } from "./functions/mapping.ts";
import type { EffectWatcher, Services } from "./functions/shared-services.ts";
import { AWS_LATENCIES, type LatencyProfile, NO_LATENCIES } from "./latency/latencies.ts";
import { RequestRate } from "./latency/request-rate.ts";
import { Chance } from "./latency/sampler.ts";
import { openFolder } from "./objects/disk.ts";
import { EmbeddedObjects } from "./objects/object-store.ts";
import type { EmbeddedQueue, QueueFaults } from "./queues/queue.ts";
import { type DeadLetterOptions, EmbeddedQueues } from "./queues/queues.ts";
import { createClient } from "./service/client.ts";

/** Objects reach the disk this often while time passes. */
const FLUSH_MILLISECONDS = 1000;

export interface EmbeddedCloudOptions {
  /** Of every latency, cold start and fault: the same program and seed give the same times. */
  readonly seed: number;
  /** How long the services take: as on AWS (the default), nothing, or a profile of one's own. */
  readonly latencies?: "aws" | "none" | LatencyProfile;
  /** How computing is charged; by default by the model, at Lambda's rates, or at no cost when latencies are "none". */
  readonly compute?: ComputeCharge;
  /** A folder to keep the objects in; without one they are gone with the process. */
  readonly home?: string;
  /** How many bytes of a message's body are evaluation traffic, outside the method's time and price; none by default. */
  readonly evaluationBytesOf?: (body: string) => number;
  /** Is an object evaluation traffic likewise? None by default. */
  readonly evaluationObject?: (key: string) => boolean;
  /** Is a task, all of which is evaluation traffic, a question of preparation? Its time is counted by time-outs. None by default. */
  readonly preparationTask?: (body: string) => boolean;
  readonly faults?: QueueFaults;
  /** What else goes wrong; nothing by default. */
  readonly plan?: FaultPlan;
  /** Told of what takes effect; nobody by default. */
  readonly watcher?: EffectWatcher;
  /** Where the handlers' log lines go; nowhere by default. */
  readonly log?: Log;
}

export interface MapQueueOptions extends MappingOptions {
  readonly queue: QueueAddress;
  readonly function: EmbeddedFunction;
}

export interface EmbeddedCloud {
  readonly clock: VirtualClock;
  /** For the command line: takes no time of the run, costs nothing. */
  readonly client: Ports;
  createQueue(name: string, options: QueueOptions, deadLetters?: DeadLetterOptions): QueueAddress;
  /** A queue's state, for tests and for status lines. @throws MarinaError `not-found`. */
  queue(address: QueueAddress): Pick<EmbeddedQueue, "waiting" | "inFlight">;
  /** Is there such an object? */
  exists(key: string): boolean;
  defineFunction(options: FunctionOptions): EmbeddedFunction;
  mapQueue(options: MapQueueOptions): void;
  /** What the functions and mappings have used so far: a copy. */
  usage(): Usage;
  /** The method's account as it is counted, not a copy: for those who price it every round. Idle polls are left out. */
  readonly live: AccountUsage;
  /** What preparation has taken so far, in time that no clock shows. */
  readonly preparationMilliseconds: () => number;
  /** Idle polls of the mappings so far, by kind of queue. */
  idlePolls(): { readonly standard: number; readonly fifo: number };
  /**
   * Lets virtual time pass until the promise settles. With a home, changed objects are written every second of real
   * time and at the end, whatever the end is.
   *
   * @throws MarinaError `unavailable` at a deadlock or when the home can't be written; and the promise's own error
   */
  run<T>(until: Promise<T>): Promise<T>;
  /** Sees what other processes have written to the home below this prefix; what was changed here stays as it is here. */
  refresh(prefix: string): void;
  /** Writes changed objects to the home now. @throws MarinaError `unavailable`. */
  flush(): void;
}

const SILENT: Log = { info: () => {}, warn: () => {} };

export function createEmbeddedCloud(options: EmbeddedCloudOptions): EmbeddedCloud {
  const profile = profileOf(options.latencies ?? "aws");
  const clock = new VirtualClock();
  const chance = new Chance(options.seed, profile);
  const meter = new Meter();
  const log = options.log ?? SILENT;
  const objects = new EmbeddedObjects(options.home === undefined ? undefined : openFolder(options.home));
  const queues = new EmbeddedQueues({
    clock,
    chance,
    faults: options.faults ?? {},
    plan: options.plan,
    evaluationBytesOf: options.evaluationBytesOf ?? (() => 0),
  });
  const charge: ComputeCharge = options.compute ?? {
    kind: "model",
    rates: options.latencies === "none" ? FREE_RATES : scaledRates(LAMBDA_RATES, profile.computeFactor),
  };
  const services: Services = {
    clock,
    chance,
    profile,
    charge,
    objects,
    queues,
    meter,
    log,
    plan: options.plan,
    watcher: options.watcher,
    evaluationObject: options.evaluationObject ?? (() => false),
    rates: { gets: new RequestRate(profile.getsPerSecond), puts: new RequestRate(profile.putsPerSecond) },
    preparation: { milliseconds: 0 },
    preparationTask: options.preparationTask ?? (() => false),
  };
  const mappings: EmbeddedMapping[] = [];
  const idlePolls = () => {
    let standard = 0;
    let fifo = 0;
    for (const mapping of mappings) {
      if (mapping.fifo) fifo += mapping.idlePolls();
      else standard += mapping.idlePolls();
    }
    return { standard, fifo };
  };

  return {
    clock,
    client: createClient(clock, objects, queues, log),
    createQueue: (name, queueOptions, deadLetters) => queues.create(name, queueOptions, deadLetters).address,
    queue: (address) => queues.get(address),
    exists: (key) => objects.has(key),
    defineFunction: (functionOptions) => new EmbeddedFunction(functionOptions, services),
    mapQueue({ queue, function: target, ...mappingOptions }) {
      mappings.push(new EmbeddedMapping(queues.get(queue), target, mappingOptions, services));
    },
    usage() {
      const used = meter.usage();
      const polls = idlePolls();
      used.method.standardMapping.emptyReceiveRequests += polls.standard;
      used.method.fifoMapping.emptyReceiveRequests += polls.fifo;
      return used;
    },
    live: meter.account(false),
    preparationMilliseconds: () => services.preparation.milliseconds,
    idlePolls,
    run: (until) => runFlushing(clock, objects, until),
    refresh: (prefix) => objects.refresh(prefix),
    flush: () => objects.flush(),
  };
}

async function runFlushing<T>(clock: VirtualClock, objects: EmbeddedObjects, until: Promise<T>): Promise<T> {
  const interval = setInterval(() => {
    try {
      objects.flush();
    } catch (error) {
      clock.fail(error);
    }
  }, FLUSH_MILLISECONDS);
  try {
    return await clock.run(until);
  } finally {
    clearInterval(interval);
    objects.flush();
  }
}

function profileOf(latencies: "aws" | "none" | LatencyProfile): LatencyProfile {
  if (latencies === "aws") return AWS_LATENCIES;
  return latencies === "none" ? NO_LATENCIES : latencies;
}
