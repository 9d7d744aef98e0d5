/** How long the services take: quantile tables with their sources. */

/** A distribution of milliseconds (or of a factor) by its quantiles. */
export interface Quantiles {
  readonly p10: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

/** CPU that a client's call costs, milliseconds of one whole vCPU. */
export interface ClientCpu {
  readonly sendMilliseconds: number;
  readonly receiveMilliseconds: number;
  readonly receivePerMessageMilliseconds: number;
  /** Parsing and checksums of message bodies, both ways. */
  readonly perMessageByteMilliseconds: number;
  readonly deleteMilliseconds: number;
  readonly objectMilliseconds: number;
  /** Checksum and copy of an object's bytes, before it is sent and when it has come. */
  readonly perObjectByteMilliseconds: number;
}

/** How a mapping without pollers of its own grows: so many invocations concurrently at first, then more while messages wait. */
export interface MappingRamp {
  readonly atFirst: number;
  readonly perMinute: number;
}

export interface LatencyProfile {
  /** From the start of the send call to the start of the handler, standard queue. */
  readonly dispatchStandard: Quantiles;
  readonly dispatchFifo: Quantiles;
  /** The mapping starts invocations one by one, at least so long apart; 0: as many at one time as there are messages. */
  readonly dispatchGapMilliseconds: number;
  /** How the mapping's concurrency grows, as it was measured; null: no such measurement, see MappingRamp. */
  readonly ramp: MappingRamp | null;
  /** From the moment a message is in a queue to the moment a long poll that waits there sees it; zeros: at once. */
  readonly arrival: Quantiles;
  /** Any SQS call, there and back. */
  readonly queueCall: Quantiles;
  /** To the first byte. */
  readonly objectGet: Quantiles;
  /** From the last byte to the acknowledgement; also LIST. */
  readonly objectPut: Quantiles;
  /** INIT phase of a new environment. */
  readonly coldStart: Quantiles;
  /** Chance that an invocation gets a new environment though an idle one is there. */
  readonly coldChance: number;
  /** The runtime's own time before the handler is called. */
  readonly runtimeMilliseconds: number;
  /** Factor on the computing time of an invocation. */
  readonly straggler: Quantiles;
  /** Factor on the model's computing time of a whole vCPU (LAMBDA_RATES). */
  readonly computeFactor: number;
  /** One request's bandwidth; Infinity: no limit. */
  readonly getBytesPerMillisecond: number;
  /** A GET is slower after so many bytes: from there on at this bandwidth. */
  readonly longGetAfterBytes: number;
  readonly longGetBytesPerMillisecond: number;
  readonly putBytesPerMillisecond: number;
  /** Requests a second that the store takes of the keys with one prefix; Infinity: no limit. */
  readonly getsPerSecond: number;
  readonly putsPerSecond: number;
  /** The environment's network interface, each way. */
  readonly networkBytesPerMillisecond: number;
  /** What one whole vCPU encrypts or decrypts of objects. */
  readonly vcpuObjectBytesPerMillisecond: number;
  readonly clientCpu: ClientCpu;
}

const ZERO: Quantiles = { p10: 0, p50: 0, p90: 0, p99: 0, max: 0 };

/** The client was timed on a developer machine; a Lambda vCPU is taken to be this much slower. Assumed. */
const VCPU_SLOWDOWN = 1.6;
/**
 * CPU of the functions' own SQS client against the SDK's: 48 us against 132 us for a message that is received and deleted
 * (bench/aggregator.ts; 0.40 in the series of docs/decisions/0015).
 */
export const LEAN_CLIENT = 0.36;

/**
 * AWS, one region, on demand. Nothing here was measured by this project on AWS: trust orders and crossovers, not
 * single milliseconds (within about 50 %), and least the last column. Sources:
 * - dispatch: p10 to p99 by "Serverless messaging: latency compared" (bitesizedserverless.com, eu-west-1, 2022, one
 *   message at a time); max assumed.
 * - SQS calls: assumed; bounded by the dispatch, which contains one.
 * - S3 GET: p50 and p99 published (4 KiB, 2025-12); PUT p50 assumed, p99 published (500 KiB: 137 ms, 2025-03).
 * - S3 bandwidth of one request: measured on AWS Lambda in us-east-1, April 2026 (raw results of the replication package of
 *   arXiv 2604.22072, github.com/AmineBarrak/Serverless-aggregation-grads-sharding), functions of 3,008 MB: GET of 32 / 64 /
 *   128 / 256 / 512 MiB in 433 / 939 / 2,615 / 4,387 / 8,819 ms, PUT in 403 / 735 / 1,539 / 2,688 / 5,371. Twenty GETs of
 *   11.2 MB take 5.9 s at 472 MB of memory, so a small function is limited by its share of a vCPU:
 *   0.27 vCPU decrypt some 45 MB/s. `measured-aggregation.test.ts` holds the whole model against that package's table.
 * - S3 requests: 5,500 GET and 3,500 PUT a second and prefix (AWS's S3 guide, "best practices design patterns").
 * - cold start: Node 22 with three SDK clients, p50 375 ms (speedrun.nobackspacecrew.com, 2025-07); rest assumed.
 * - straggler: lognormal of 8 %, the last percent x1.3 to 2.5; assumed.
 * - network interface: 625 Mbit/s an environment (Lambda quotas page).
 * - checksum and copy of an object's bytes: 0.55 ns a byte written, 0.2 read (`node bench/vector-work.ts`), scaled.
 * - client CPU: AWS SDK for JavaScript v3 over TLS, timed on a developer machine, scaled to a Lambda vCPU; for queues
 *   scaled to the leaner client that the functions use.
 */
export const AWS_LATENCIES: LatencyProfile = {
  dispatchStandard: { p10: 14, p50: 16, p90: 34, p99: 105, max: 400 },
  dispatchFifo: { p10: 22, p50: 28, p90: 61, p99: 645, max: 1200 },
  dispatchGapMilliseconds: 0,
  ramp: null,
  arrival: ZERO,
  queueCall: { p10: 4.5, p50: 7, p90: 14, p99: 40, max: 200 },
  objectGet: { p10: 16, p50: 27, p90: 50, p99: 113, max: 400 },
  objectPut: { p10: 30, p50: 45, p90: 80, p99: 130, max: 500 },
  coldStart: { p10: 300, p50: 375, p90: 600, p99: 1000, max: 2000 },
  coldChance: 5e-4,
  runtimeMilliseconds: 2,
  straggler: { p10: 0.9025, p50: 1, p90: 1.108, p99: 1.3, max: 2.5 },
  computeFactor: 1,
  getBytesPerMillisecond: 79_000,
  longGetAfterBytes: 32e6,
  longGetBytesPerMillisecond: 53_000,
  putBytesPerMillisecond: 95_000,
  getsPerSecond: 5500,
  putsPerSecond: 3500,
  networkBytesPerMillisecond: 78_125,
  vcpuObjectBytesPerMillisecond: 167_000,
  clientCpu: {
    sendMilliseconds: 0.67 * LEAN_CLIENT * VCPU_SLOWDOWN,
    receiveMilliseconds: 0.43 * LEAN_CLIENT * VCPU_SLOWDOWN,
    receivePerMessageMilliseconds: 0.043 * LEAN_CLIENT * VCPU_SLOWDOWN,
    // (3.8 - 0.86) ms for 10 messages of 53 KB more
    perMessageByteMilliseconds: 5.5e-6 * VCPU_SLOWDOWN,
    deleteMilliseconds: 0.56 * LEAN_CLIENT * VCPU_SLOWDOWN,
    objectMilliseconds: 0.6 * VCPU_SLOWDOWN,
    perObjectByteMilliseconds: 0.4e-6 * VCPU_SLOWDOWN,
  },
};

/** Everything at once: for tests of logic, where the time is beside the point. */
export const NO_LATENCIES: LatencyProfile = {
  dispatchStandard: ZERO,
  dispatchFifo: ZERO,
  dispatchGapMilliseconds: 0,
  ramp: null,
  arrival: ZERO,
  queueCall: ZERO,
  objectGet: ZERO,
  objectPut: ZERO,
  coldStart: ZERO,
  coldChance: 0,
  runtimeMilliseconds: 0,
  straggler: { p10: 1, p50: 1, p90: 1, p99: 1, max: 1 },
  computeFactor: 1,
  getBytesPerMillisecond: Number.POSITIVE_INFINITY,
  longGetAfterBytes: Number.POSITIVE_INFINITY,
  longGetBytesPerMillisecond: Number.POSITIVE_INFINITY,
  putBytesPerMillisecond: Number.POSITIVE_INFINITY,
  getsPerSecond: Number.POSITIVE_INFINITY,
  putsPerSecond: Number.POSITIVE_INFINITY,
  networkBytesPerMillisecond: Number.POSITIVE_INFINITY,
  vcpuObjectBytesPerMillisecond: Number.POSITIVE_INFINITY,
  clientCpu: {
    sendMilliseconds: 0,
    receiveMilliseconds: 0,
    receivePerMessageMilliseconds: 0,
    perMessageByteMilliseconds: 0,
    deleteMilliseconds: 0,
    objectMilliseconds: 0,
    perObjectByteMilliseconds: 0,
  },
};

/**
 * The quantile function q(u), 0 <= u < 1, through the table: log q is linear in u between the given quantiles, and
 * below p10 goes on with the slope of the first piece. Feeding it a uniform u draws from the distribution.
 */
export function quantileFunction({ p10, p50, p90, p99, max }: Quantiles): (u: number) => number {
  if (max === 0) return () => 0;
  const probabilities = [0.1, 0.5, 0.9, 0.99, 1];
  const logs = [p10, p50, p90, p99, max].map(Math.log);
  return (u) => {
    let piece = 0;
    while (piece < 3 && u > probabilities[piece + 1]!) piece++;
    const from = probabilities[piece]!;
    const share = (u - from) / (probabilities[piece + 1]! - from);
    return Math.exp(logs[piece]! + share * (logs[piece + 1]! - logs[piece]!));
  };
}

/** Milliseconds of a GET from its first byte to its last, where nothing else limits it. */
export function getMilliseconds(
  { getBytesPerMillisecond, longGetAfterBytes, longGetBytesPerMillisecond }: LatencyProfile,
  bytes: number,
): number {
  const first = Math.min(bytes, longGetAfterBytes);
  return first / getBytesPerMillisecond + (bytes - first) / longGetBytesPerMillisecond;
}
