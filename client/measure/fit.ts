/**
 * From what was seen on a cloud to the embedded cloud's table. What can't be seen apart (what a call takes of a processor, and
 * what a service takes one after the other) is put where the model has it: the part of a call that does not overlap with others
 * is the client's CPU, the rest is the call's latency. How hops that are sent together differ from single ones is found by
 * trying: the measurement itself is simulated until its small bursts take as long as they did.
 */
import {
  AWS_LATENCIES,
  AWS_RAMP,
  cpuShare,
  LAMBDA_RATES,
  type LatencyProfile,
  type MappingRamp,
  modelMilliseconds,
  type Quantiles,
  type ServiceConfiguration,
} from "../../embedded/index.ts";
import { MarinaError } from "../../shared/base/index.ts";
import {
  type Measurement,
  type MeasurementPlan,
  PROBE_SLOW_MILLISECONDS,
  type Probes,
} from "../../shared/protocol/index.ts";
import { simulateMeasurement } from "./simulate.ts";

/** No latency is zero: tables are read by their logarithms. */
const LEAST_MILLISECONDS = 0.05;
/** Cold starts before their own quantiles are taken rather than the published ones. */
const ENOUGH_COLD_STARTS = 5;
/** A ramp that is over sooner shows how it begins, not how it grows: that is as published then. */
const LONG_ENOUGH_MILLISECONDS = 5000;
/** Steps of a search by trials. */
const SEARCH_STEPS = 8;

/** Entries of the table that a measurement does not see. */
export const UNMEASURED = [
  "dispatchFifo",
  "coldChance",
  "getsPerSecond",
  "putsPerSecond",
  "networkBytesPerMillisecond",
  "longGetAfterBytes",
] as const;

export interface Fitted {
  readonly latencies: LatencyProfile;
  /** Entries that are as published. */
  readonly asPublished: readonly string[];
}

/** The q-quantile of some numbers, linear between neighbours. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = q * (sorted.length - 1);
  const below = Math.floor(at);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (at - below) * (sorted[above]! - sorted[below]!);
}

const median = (values: readonly number[]): number => quantile(values, 0.5);

/** A table of them, each at least a hair. */
export function quantilesOf(values: readonly number[]): Quantiles {
  const at = (q: number): number => Math.max(LEAST_MILLISECONDS, quantile(values, q));
  return { p10: at(0.1), p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) };
}

/**
 * @param seen a measurement that came to its end
 * @param configuration of the functions that it was made with
 * @throws MarinaError "unavailable" for one that did not, or of which too much was lost
 */
export async function fitLatencies(seen: Measurement, configuration: ServiceConfiguration): Promise<Fitted> {
  if (seen.error !== null) throw new MarinaError("unavailable", `the measurement failed: ${seen.error}`);
  const { sendMilliseconds, arrivalMilliseconds, sendsTogether, hops, objects, computes } = seen;
  if (hops.answers.length < 0.5 * hops.asked || arrivalMilliseconds.length < 10 || sendsTogether === null)
    throw new MarinaError(
      "unavailable",
      `the measurement lost too much: ${hops.answers.length} of ${hops.asked} probes were answered; try again`,
    );
  const asPublished: string[] = [...UNMEASURED];

  // Calls: what overlaps, and what does not.
  const send = median(sendMilliseconds);
  const serial = Math.min(sendsTogether.milliseconds / sendsTogether.calls, 0.9 * send);
  const queueCall = quantilesOf(sendMilliseconds.map((each) => each - serial));
  const cpuRatio =
    (serial * cpuShare(configuration.aggregatorMemoryMb)) / AWS_LATENCIES.clientCpu.sendMilliseconds;
  const cpu = AWS_LATENCIES.clientCpu;
  const clientCpu = {
    sendMilliseconds: cpuRatio * cpu.sendMilliseconds,
    receiveMilliseconds: cpuRatio * cpu.receiveMilliseconds,
    receivePerMessageMilliseconds: cpuRatio * cpu.receivePerMessageMilliseconds,
    perMessageByteMilliseconds: cpu.perMessageByteMilliseconds,
    deleteMilliseconds: cpuRatio * cpu.deleteMilliseconds,
    // In the latencies and bandwidths of objects already.
    objectMilliseconds: 0,
    perObjectByteMilliseconds: 0,
  };
  const seenAfter = arrivalMilliseconds.map((each) =>
    Math.max(0, each - queueCall.p50 / 2 - clientCpu.receivePerMessageMilliseconds),
  );
  const arrival = median(seenAfter) < 0.5 * queueCall.p50 ? ZERO : quantilesOf(seenAfter);

  // The hop there: a probe's way less what the way back takes.
  const back = send + median(arrivalMilliseconds);
  const wayThere = ({
    sentMilliseconds,
    answeredMilliseconds,
    handlerMilliseconds,
  }: Probes["answers"][number]) =>
    answeredMilliseconds - sentMilliseconds - handlerMilliseconds - back - serial;
  const warm = hops.answers.filter(({ cold }) => !cold);
  const dispatchStandard = quantilesOf((warm.length === 0 ? hops.answers : warm).map(wayThere));
  const small = Math.min(...seen.bursts.map(({ asked }) => asked));
  const cold = [hops, ...seen.bursts.filter(({ asked }) => asked === small)]
    .flatMap(({ answers }) => answers)
    .filter((answer) => answer.cold)
    .map((answer) => wayThere(answer) - dispatchStandard.p50)
    .filter((milliseconds) => milliseconds > 0);
  if (cold.length < ENOUGH_COLD_STARTS) asPublished.push("coldStart");
  const coldStart = cold.length < ENOUGH_COLD_STARTS ? AWS_LATENCIES.coldStart : quantilesOf(cold);

  const share = cpuShare(configuration.workerMemoryMb);
  const sizes = [...new Set(objects.map(({ bytes }) => bytes))].sort((a, b) => a - b);
  const [smallest, largest] = [sizes[0] ?? 1, sizes.at(-1) ?? 1];
  const of = (bytes: number) => objects.filter((each) => each.bytes === bytes);
  const rate = (time: "getMilliseconds" | "putMilliseconds"): number => {
    const more =
      median(of(largest).map((each) => each[time])) - median(of(smallest).map((each) => each[time]));
    return more > 0 ? (largest - smallest) / more : Number.POSITIVE_INFINITY;
  };
  const getBytesPerMillisecond = rate("getMilliseconds");

  const modelled = (work: Measurement["computes"][number]["work"]) =>
    modelMilliseconds(LAMBDA_RATES, work) / share;
  const factors = computes.map(({ milliseconds, work }) => median(milliseconds) / modelled(work));
  const computeFactor = median(factors);
  const straggler = quantilesOf(factors.map((factor) => factor / computeFactor));

  const latencies: LatencyProfile = {
    ...AWS_LATENCIES,
    dispatchStandard,
    queueCall,
    arrival,
    clientCpu,
    coldStart,
    // In the hops.
    runtimeMilliseconds: 0,
    straggler,
    computeFactor,
    objectGet: quantilesOf(of(smallest).map(({ getMilliseconds }) => getMilliseconds)),
    objectPut: quantilesOf(of(smallest).map(({ putMilliseconds }) => putMilliseconds)),
    getBytesPerMillisecond,
    longGetBytesPerMillisecond:
      (getBytesPerMillisecond * AWS_LATENCIES.longGetBytesPerMillisecond) /
      AWS_LATENCIES.getBytesPerMillisecond,
    putBytesPerMillisecond: rate("putMilliseconds"),
    networkBytesPerMillisecond: Math.max(AWS_LATENCIES.networkBytesPerMillisecond, getBytesPerMillisecond),
    vcpuObjectBytesPerMillisecond: Math.max(
      AWS_LATENCIES.vcpuObjectBytesPerMillisecond,
      getBytesPerMillisecond / share,
    ),
    ramp: rampOf(seen.ramp, back, send, coldStart.p50),
  };
  return { latencies: { ...latencies, ...(await fitBursts(seen, configuration, latencies)) }, asPublished };
}

const ZERO: Quantiles = { p10: 0, p50: 0, p90: 0, p99: 0, max: 0 };

/**
 * How many invocations there are at one time, and how many more with time. Slow probes show it: where the number is limited
 * those that wait begin when others end, so few begin late in a probe's time. Null where nothing limits it, or where it
 * can't be told from a mapping that starts one after the other.
 * @param back milliseconds of an answer's way
 * @param coldStart of those that are cold: theirs began so much sooner
 * @param send of the call that it begins with: an invocation ends with it
 */
export function rampOf(
  { asked, answers }: Probes,
  back: number,
  send: number,
  coldStart: number,
): MappingRamp | null {
  if (answers.length < 10) return null;
  const starts = answers
    .map(
      ({ answeredMilliseconds, handlerMilliseconds, cold }) =>
        answeredMilliseconds - back - handlerMilliseconds - (cold ? coldStart : 0),
    )
    .sort((a, b) => a - b);
  const first = starts[0]!;
  const hold = PROBE_SLOW_MILLISECONDS;
  const begun = (from: number, to: number): number =>
    starts.filter((start) => start - first >= from && start - first < to).length;
  const atFirst = begun(0, 0.9 * hold);
  if (atFirst >= 0.9 * asked || begun(0.5 * hold, 0.9 * hold) > 0.25 * begun(0, 0.5 * hold)) return null;
  const lasted = starts.at(-1)! - first;
  if (lasted < LONG_ENOUGH_MILLISECONDS) return { atFirst, perMinute: AWS_RAMP.perMinute };
  // Concurrency c(t) = a + b t begins a probe whenever one has ended: N - a = (a T + b T^2 / 2) / turn.
  const turn = median(answers.map(({ handlerMilliseconds }) => handlerMilliseconds)) + send;
  const more = (2 * (((starts.length - atFirst) * turn) / lasted - atFirst)) / lasted;
  return { atFirst, perMinute: Math.max(1, 60_000 * more) };
}

/**
 * How long the smallest bursts took to their last answers, which is what a round waits for: their mean, those with new
 * environments left out where there are others.
 */
function burstMilliseconds({ bursts }: Pick<Measurement, "bursts">): number {
  const size = Math.min(...bursts.map(({ asked }) => asked));
  const whole = bursts.filter(({ asked, answers }) => asked === size && answers.length === asked);
  const warm = whole.filter(({ answers }) => answers.every(({ cold }) => !cold));
  const times = (warm.length > 0 ? warm : whole).map(({ answers }) =>
    Math.max(...answers.map(({ answeredMilliseconds }) => answeredMilliseconds)),
  );
  return times.reduce((sum, time) => sum + time, 0) / times.length;
}

/**
 * Hops sent together, so that simulated bursts take as long as the measured ones. Where these took longer than hops by
 * themselves say, the mapping starts one after the other: a gap. Where they took less time, hops that are sent together
 * vary less than hops that are not (an emulator that looks ten times a second finds all of them at one look): then the quantiles are
 * drawn in to their median.
 */
async function fitBursts(
  seen: Measurement,
  configuration: ServiceConfiguration,
  latencies: LatencyProfile,
): Promise<Pick<LatencyProfile, "dispatchStandard" | "dispatchGapMilliseconds">> {
  const { dispatchStandard } = latencies;
  const measured = burstMilliseconds(seen);
  if (Number.isNaN(measured)) return { dispatchStandard, dispatchGapMilliseconds: 0 };
  const size = Math.min(...seen.bursts.map(({ asked }) => asked));
  const plan: MeasurementPlan = {
    hops: 10,
    bursts: Array<number>(15).fill(size),
    ramp: 0,
    objects: 1,
    computes: 1,
  };
  const trial = async (changed: Partial<LatencyProfile>): Promise<number> => {
    const setting = { ...configuration, latencies: { ...latencies, coldChance: 0, ...changed } };
    return burstMilliseconds((await simulateMeasurement(setting, plan)).measurement);
  };
  const drawnIn = (spread: number): Quantiles => {
    const { p50 } = dispatchStandard;
    const at = (value: number): number => p50 * (value / p50) ** spread;
    const { p10, p90, p99, max } = dispatchStandard;
    return { p10: at(p10), p50, p90: at(p90), p99: at(p99), max: at(max) };
  };
  if ((await trial({})) < measured) {
    const most = (2 * measured) / (size - 1);
    const gap = await bisected(
      most,
      async (middle) => (await trial({ dispatchGapMilliseconds: middle })) < measured,
    );
    return { dispatchStandard, dispatchGapMilliseconds: gap };
  }
  const spread = await bisected(
    1,
    async (middle) => (await trial({ dispatchStandard: drawnIn(middle) })) < measured,
  );
  return { dispatchStandard: drawnIn(spread), dispatchGapMilliseconds: 0 };
}

/** Where a condition that holds from 0 on ceases to, at most at `most`. */
async function bisected(most: number, holds: (middle: number) => Promise<boolean>): Promise<number> {
  let [low, high] = [0, most];
  for (let step = 0; step < SEARCH_STEPS; step++) {
    const middle = (low + high) / 2;
    if (await holds(middle)) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
