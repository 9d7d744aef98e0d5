/**
 * Sums of CloudWatch metrics over a stretch of time: one operation, GetMetricData, in CloudWatch's JSON protocol (Amazon
 * CloudWatch API Reference, "Making API requests"), signed by the SDK's signer.
 */
import { SignatureV4 } from "@smithy/signature-v4";
import type { Clock } from "../index.ts";
import { configuredEndpoint, createS3Client } from "./clients.ts";
import { createSystemClock } from "./clock.ts";
import { explainAwsError } from "./errors.ts";
import { throughProxy } from "./proxy.ts";
import { backOff } from "./retry.ts";
import { signingTarget } from "./signing-target.ts";

export interface MetricName {
  readonly namespace: "AWS/Lambda" | "AWS/SQS" | "AWS/S3";
  readonly metric: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

export interface TimeSpan {
  /** Milliseconds since 1970. */
  readonly from: number;
  readonly to: number;
}

export interface MetricsOptions {
  /** Default: what AWS_ENDPOINT_URL_CLOUDWATCH or AWS_ENDPOINT_URL says, else the region's. */
  readonly endpoint?: string;
  readonly clock?: Clock;
  /** Milliseconds since 1970: what CloudWatch still keeps by the minute depends on how long ago it was. */
  readonly now?: number;
}

const CONTENT_TYPE = "application/x-amz-json-1.0";
const ATTEMPTS = 4;
const REQUEST_TIMEOUT_MILLISECONDS = 20_000;
const DAY_MILLISECONDS = 24 * 3600 * 1000;
/** Metrics of one request, by the API's quota. */
const QUERIES_LIMIT = 500;

/** An error that CloudWatch answered with: the fields that the SDK's errors have. */
class CloudWatchError extends Error {
  readonly $metadata: { readonly httpStatusCode: number };

  constructor(name: string, message: string, status: number) {
    super(message);
    this.name = name;
    this.$metadata = { httpStatusCode: status };
  }
}

/** Seconds of a data point: minutes are kept for 15 days, five minutes for 63, hours for 455. */
export function periodSeconds(from: number, now: number): 60 | 300 | 3600 {
  const age = now - from;
  if (age < 15 * DAY_MILLISECONDS) return 60;
  return age < 63 * DAY_MILLISECONDS ? 300 : 3600;
}

/**
 * The sum of each metric over the span, widened to whole data points; undefined where CloudWatch has none (nothing
 * happened, or nobody publishes this metric).
 * @throws MarinaError "access", "unavailable" or "usage".
 */
export async function metricSums(
  metrics: readonly MetricName[],
  { from, to }: TimeSpan,
  options: MetricsOptions = {},
): Promise<(number | undefined)[]> {
  const { clock = createSystemClock(), now = Date.now() } = options;
  const period = periodSeconds(from, now);
  const send = createSender(options, clock);
  const sums: (number | undefined)[] = new Array(metrics.length).fill(undefined);
  for (let first = 0; first < metrics.length; first += QUERIES_LIMIT) {
    const queries = metrics.slice(first, first + QUERIES_LIMIT).map((metric, i) => ({
      Id: `m${first + i}`,
      MetricStat: { Metric: metricOf(metric), Period: period, Stat: "Sum" },
      ReturnData: true,
    }));
    let token: string | undefined;
    do {
      const answer = await send({
        StartTime: Math.floor(from / 1000 / period) * period,
        EndTime: Math.ceil(to / 1000 / period) * period,
        MetricDataQueries: queries,
        ...(token === undefined ? {} : { NextToken: token }),
      });
      for (const { Id = "", Values = [] } of answer.MetricDataResults ?? []) {
        const at = Number(Id.slice(1));
        for (const value of Values) sums[at] = (sums[at] ?? 0) + value;
      }
      token = answer.NextToken;
    } while (token !== undefined && token !== "");
  }
  return sums;
}

function metricOf({ namespace, metric, dimensions }: MetricName) {
  const Dimensions = Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }));
  return { Namespace: namespace, MetricName: metric, Dimensions };
}

/** What is read of an answer. */
interface MetricDataAnswer {
  readonly MetricDataResults?: readonly { readonly Id?: string; readonly Values?: readonly number[] }[];
  readonly NextToken?: string;
}

function createSender(options: MetricsOptions, clock: Clock): (input: object) => Promise<MetricDataAnswer> {
  // Any client of the SDK knows where credentials and the region come from.
  const { credentials, region, sha256 } = createS3Client(throughProxy()).config;
  const signer = new SignatureV4({
    credentials,
    region,
    sha256,
    service: "monitoring",
    applyChecksum: false,
  });
  const post = async (input: object): Promise<MetricDataAnswer> => {
    const endpoint = options.endpoint ?? configuredEndpoint("CLOUDWATCH") ?? regional(await region());
    const url = new URL(endpoint);
    const body = JSON.stringify(input);
    const { headers } = await signer.sign({
      ...signingTarget(url),
      headers: {
        host: url.host,
        "content-type": CONTENT_TYPE,
        "x-amz-target": "GraniteServiceVersion20100801.GetMetricData",
      },
      body,
    });
    const { host: _, ...others } = headers;
    const answer = await fetch(new URL("/", url), {
      method: "POST",
      headers: others,
      body,
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MILLISECONDS),
    });
    return outputOf(answer.status, await answer.text());
  };
  return async (input) => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await post(input);
      } catch (error) {
        const explained = explainAwsError(networkError(error), "CloudWatch GetMetricData");
        const passing = (explained as { code?: unknown }).code === "unavailable";
        if (!passing || attempt === ATTEMPTS) throw explained;
        await backOff(clock, attempt);
      }
    }
  };
}

function regional(region: string): string {
  return `https://monitoring.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}`;
}

function outputOf(status: number, text: string): MetricDataAnswer {
  let output: unknown;
  try {
    output = text === "" ? {} : JSON.parse(text);
  } catch {
    throw new CloudWatchError("UnreadableAnswer", text.slice(0, 200), status < 400 ? 502 : status);
  }
  if (status >= 200 && status < 300) return output as MetricDataAnswer;
  const { __type, message, Message } = output as { __type?: string; message?: string; Message?: string };
  const name = __type?.split("#").at(-1)?.split(":")[0] ?? "Unknown";
  throw new CloudWatchError(name, message ?? Message ?? "", status);
}

/** `fetch` throws a TypeError for all that can go wrong on the way, with the reason in its cause. */
function networkError(error: unknown): unknown {
  if (!(error instanceof TypeError) || !(error.cause instanceof Error)) return error;
  const { message, cause } = error;
  return Object.assign(new Error(`${message}: ${cause.message}`, { cause }), { code: "ECONNRESET" });
}
