/** One run under one plan of faults, to its end, with everything that must hold checked on the way. */

import {
  AWS_RAMP,
  createEmbeddedService,
  type Damage,
  DEFAULT_CONFIGURATION,
  type EmbeddedService,
  type FaultKind,
  type FaultName,
  FaultPlan,
  type FaultRatios,
  kindOf,
  type ServiceAlteration,
} from "../embedded/index.ts";
import { MarinaError } from "../shared/base/index.ts";
import { type ObjectStore, type ReceivedMessage, readOptional } from "../shared/cloud/index.ts";
import { PRICES_US_EAST_1, priceUsd } from "../shared/cost/index.ts";
import {
  type Checkpoint,
  type ControlMessage,
  checkpointKey,
  contributionsQueueName,
  decodeCheckpoint,
  decodeControl,
  decodeResult,
  isTransientKey,
  RESEND_AFTER_SECONDS,
  type RunResult,
  resultKey,
} from "../shared/protocol/index.ts";
import { RUN, type Stage } from "./baseline.ts";
import { Invariants } from "./invariants.ts";
import { watchLease } from "./lease-law.ts";

/** A run that has not ended after so long hangs: five deliveries of its control message take twenty-five minutes. */
const LIMIT_SECONDS = 4 * 3600;
/** After the end: so long until every hidden message has come back and gone. */
const QUIET_SECONDS = 3600;
const LOOK_MILLISECONDS = 5000;
/**
 * Dollars, as a multiple of the run without faults, beside what aggregators cost while they are made to stand still: rounds
 * done again, and waiting for answers that were lost. (3,000 seeds: 19.3 at most.)
 */
const COST_LIMIT = 30;

/** See `checkBill`: of the bill; until the invocation that wrote it has ended; and faults that leave others under way. */
const BILL_TOLERANCE = 0.05;
/**
 * What an aggregator that was killed, or whose term failed, has used since its last checkpoint, which it alone knew: a round, for
 * whose answers it may have waited until it would have asked again; and what was under way when the bill was made.
 */
const ROUNDS_LOST = 1;
/** A second of the aggregator. */
const AGGREGATOR_SECOND_USD =
  (DEFAULT_CONFIGURATION.aggregatorMemoryMb / 1024) *
  PRICES_US_EAST_1.usdPerGbSecond[DEFAULT_CONFIGURATION.architecture];
/** How long it may wait for a store that is slow, and for one that refuses everybody. */
const SLOW_SECONDS = 5;
const STORM_SECONDS = 20;
const BILL_SECONDS = 30;
const STANDSTILLS: ReadonlySet<FaultKind> = new Set(["aggregatorFrozen", "workerTimedOut", "clockJumped"]);
/** Invocations of workers at one time, at most, where an account has fewer than a round needs: rounds have five and more. */
const MOST_SHORT = 4;

export interface TrialOptions {
  readonly seed: number;
  readonly ratios: FaultRatios;
  /** Only these faults. */
  readonly only?: ReadonlySet<string>;
  /** Makes a bug that is put into the service; none by default. */
  readonly alter?: () => ServiceAlteration;
  /** Told of what must not be, as it happens. */
  readonly onViolation?: (what: string) => void;
  /** Told of every event of interest, at virtual milliseconds. */
  readonly trace?: (milliseconds: number, line: string) => void;
}

export interface Trial {
  readonly seed: number;
  readonly faults: readonly FaultName[];
  readonly violations: readonly string[];
  /** How the run ended before anyone repaired anything. */
  readonly ended: "done" | "failed" | "stopped" | "diverged" | "given up" | "hangs";
  readonly error: string | null;
  /** Dollars as a multiple of the run without faults. */
  readonly costMultiple: number;
  readonly seconds: number;
}

export async function runTrial(stage: Stage, options: TrialOptions): Promise<Trial> {
  const { seed, ratios, only, trace, onViolation, alter } = options;
  let now = (): number => 0;
  const note = (line: () => string): void => trace?.(now(), line());
  const plan = new FaultPlan({
    seed,
    ratios,
    ...(only === undefined ? {} : { only }),
    onStrike: (fault, where) => note(() => `${fault} strikes: ${where}`),
  });
  const intactOf = (body: Uint8Array) => plan.damages.find(({ damaged }) => damaged === body)?.intact ?? body;
  const invariants = new Invariants(stage, note, intactOf, onViolation);
  const short = plan.strike("concurrencyShort", "account");
  const alteration = alter?.() ?? {};
  const service = createEmbeddedService({
    seed,
    plan,
    ...(short === undefined ? {} : { workerConcurrency: 1 + short.nextBelow(MOST_SHORT), ramp: AWS_RAMP }),
    watcher: invariants,
    log: invariants.log,
    alteration: {
      ...alteration,
      aggregatorPorts: (ports) => {
        const watched = watchLease(ports, service.controlQueue, now, (what) => {
          // A clock that jumps hides the lease's end, or shows one that is not.
          if (!plan.struck.some((fault) => kindOf(fault) === "clockJumped")) invariants.violated(what);
        });
        return alteration.aggregatorPorts?.(watched) ?? watched;
      },
    },
    observer: {
      round: (_run, record, requestId) => invariants.round(record, requestId),
      answers: (_run, requestId) => invariants.tally.observerOf(requestId),
    },
  });
  const { cloud } = service;
  now = () => cloud.clock.now();
  for (const [key, body] of stage.objects) await cloud.client.objects.put(key, body);

  const first = await end(service, { version: 1, run: RUN, action: "start", tenure: 0 });
  // Whatever went wrong is repaired now.
  plan.stop();
  let last = first;
  if (first.ended === "failed" || first.ended === "given up") {
    note(() => `repaired after: ${first.error}; resumed`);
    await repair(service, plan.damages);
    last = await end(service, await resumption(service));
  }
  if (first.ended === "hangs" || last.ended === "hangs")
    invariants.violated("the run neither goes on nor ends");
  else if (last.ended !== "done") {
    invariants.violated(`the run ended as ${last.ended} although everything was repaired: ${last.error}`);
  }
  const multiple = (last.result?.usd ?? 0) / stage.usd;
  if (last.result !== undefined) checkBill(last.result.usd, last.usedUsd, stage, plan.struck, invariants);
  if (last.result?.status === "done") {
    if (last.result.iterateSha256 !== stage.iterateSha256)
      invariants.violated("the final iterate has other bits");
    checkCost(last.result.usd, stage, plan, invariants);
    await cloud.run(cloud.clock.sleep(1000 * QUIET_SECONDS));
    // The fifth delivery's aggregator may have died while it tidied up.
    if (await redriven(service)) await cloud.run(cloud.clock.sleep(1000 * QUIET_SECONDS));
    checkQuiet(service, invariants);
  }
  return {
    seed,
    faults: plan.struck,
    violations: invariants.violations,
    ended: first.ended,
    error: first.error,
    costMultiple: multiple,
    seconds: last.result?.seconds ?? 0,
  };
}

/** Puts back what lies in the store damaged, but for iterates and contributions: whoever goes on makes them again. */
async function repair({ cloud }: EmbeddedService, damages: readonly Damage[]): Promise<void> {
  const { objects } = cloud.client;
  for (const { key, damaged, intact } of damages) {
    if (isTransientKey(key)) continue;
    const found = await readOptional(objects, key, (body) => body);
    if (found === damaged) await objects.put(key, intact);
  }
}

/** Whoever stands still is paid for; nothing else may make a run so much dearer. */
function checkCost(
  usd: number,
  stage: Pick<Stage, "usd">,
  { frozenMilliseconds }: FaultPlan,
  invariants: Invariants,
): void {
  const frozenUsd = (frozenMilliseconds / 1000) * AGGREGATOR_SECOND_USD;
  if (usd <= COST_LIMIT * stage.usd + frozenUsd) return;
  const times = (of: number): string => `${(of / stage.usd).toFixed(1)} times`;
  invariants.violated(
    `the run cost ${times(usd)} as much as without faults, at most ${times(frozenUsd)} of it for standing still`,
  );
}

/**
 * The run's bill against the price of all that the cloud has counted until shortly after its end: a cloud of one run. What
 * stands still counts as used when it ends, long after the bill, or is in the bill though it stood still elsewhere.
 */
function checkBill(
  usd: number,
  usedUsd: number,
  stage: Pick<Stage, "usd" | "spec">,
  faults: readonly FaultName[],
  invariants: Invariants,
): void {
  if (faults.some((fault) => STANDSTILLS.has(kindOf(fault)))) return;
  const killed = faults.filter((fault) => kindOf(fault) === "aggregatorKilled").length;
  // Its result is written after the bill: an aggregator that waits for a slow store is not in it.
  const has = (kind: FaultKind): boolean => faults.some((fault) => kindOf(fault) === kind);
  const slowSeconds = (has("objectSlow") ? SLOW_SECONDS : 0) + (has("storeStormed") ? STORM_SECONDS : 0);
  const slow = slowSeconds * AGGREGATOR_SECOND_USD;
  const cutShort = killed + invariants.failedTerms;
  const waited = cutShort * RESEND_AFTER_SECONDS * AGGREGATOR_SECOND_USD;
  const lost = slow + waited + ((cutShort + 1) * ROUNDS_LOST * stage.usd) / stage.spec.stop.rounds;
  if (Math.abs(usd - usedUsd) > BILL_TOLERANCE * usedUsd + lost)
    invariants.violated(`the bill is $${usd}, all that was used costs $${usedUsd}`);
}

interface End {
  /** Price of all that was used by then. */
  readonly usedUsd: number;
  readonly ended: Trial["ended"];
  readonly error: string | null;
  readonly result?: RunResult;
}

/** Sends the control message, as the command line does, and waits for the end. */
async function end(service: EmbeddedService, control: ControlMessage): Promise<End> {
  const { cloud } = service;
  await cloud.client.objects.delete(resultKey(RUN));
  await service.control(control);
  const ended = await cloud.run(watch(service, control.tenure));
  await cloud.run(cloud.clock.sleep(1000 * BILL_SECONDS));
  const usedUsd = priceUsd(cloud.usage().method, PRICES_US_EAST_1, DEFAULT_CONFIGURATION).totalUsd;
  return { ...ended, usedUsd };
}

async function watch(service: EmbeddedService, tenure: number): Promise<Omit<End, "usedUsd">> {
  const { cloud, controlDeadLetters } = service;
  const { objects } = cloud.client;
  const deadline = cloud.clock.now() + 1000 * LIMIT_SECONDS;
  while (cloud.clock.now() < deadline) {
    const result = cloud.exists(resultKey(RUN)) ? await readResult(objects) : undefined;
    if (result === "damaged") return { ended: "given up", error: "its result lies damaged in the store" };
    // Done in the term before, whose aggregator lived: what was asked of the next one is out of date.
    if (result !== undefined && (result.tenure >= tenure || result.status === "done"))
      return { ended: result.status, error: result.error, result };
    if (cloud.queue(controlDeadLetters).waiting > 0 && (await deadLetters(service)).length > 0)
      return { ended: "given up", error: "its control message is in the dead-letter queue" };
    await cloud.clock.sleep(LOOK_MILLISECONDS);
  }
  return { ended: "hangs", error: null };
}

async function readResult(objects: ObjectStore): Promise<RunResult | "damaged" | undefined> {
  const key = resultKey(RUN);
  try {
    return await readOptional(objects, key, decodeResult);
  } catch (error) {
    if (error instanceof MarinaError && error.code === "corrupt") return "damaged";
    throw error;
  }
}

/** What `marina resume` would send. */
async function resumption({ cloud }: EmbeddedService): Promise<ControlMessage> {
  const key = checkpointKey(RUN);
  const checkpoint: Checkpoint | undefined = await readOptional(cloud.client.objects, key, decodeCheckpoint);
  // Ended, but its aggregator died before the result was written: whoever hears of it next writes it.
  if (checkpoint?.status === "done")
    return { version: 1, run: RUN, action: "resume", tenure: checkpoint.tenure };
  if (checkpoint === undefined) return { version: 1, run: RUN, action: "start", tenure: 0 };
  return { version: 1, run: RUN, action: "resume", tenure: checkpoint.tenure + 1 };
}

/** What is done about the alarm of dead letters: they are delivered again. Were there any? */
async function redriven(service: EmbeddedService): Promise<boolean> {
  const dead = await service.cloud.run(deadLetters(service));
  for (const { body } of dead) await service.control(decodeControl(body));
  return dead.length > 0;
}

/** Takes the control queue's. */
async function deadLetters({
  cloud,
  controlDeadLetters,
}: EmbeddedService): Promise<readonly ReceivedMessage[]> {
  const { queues } = cloud.client;
  const dead = await queues.receive(controlDeadLetters, { max: 10, waitSeconds: 0 });
  if (dead.length > 0)
    await queues.delete(
      controlDeadLetters,
      dead.map(({ receipt }) => receipt),
    );
  return dead;
}

/** Long after the end nothing is left in the queues, and the run's own is gone. */
function checkQuiet({ cloud, taskQueue, controlQueue }: EmbeddedService, invariants: Invariants): void {
  for (const address of [taskQueue, controlQueue]) {
    const { waiting, inFlight } = cloud.queue(address);
    if (waiting + inFlight > 0) invariants.violated(`${address} still holds ${waiting + inFlight} messages`);
  }
  const own = contributionsQueueName("marina-", RUN);
  try {
    cloud.queue(own as typeof taskQueue);
    invariants.violated(`the run's queue ${own} was left behind`);
  } catch (error) {
    if (!(error instanceof MarinaError) || error.code !== "not-found") throw error;
  }
}
