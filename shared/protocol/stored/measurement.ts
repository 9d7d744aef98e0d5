/** What a measurement of the cloud is asked to do, what workers answer to its probes, and what it has seen. */
import * as z from "zod";
import { MarinaError, stored } from "../../base/index.ts";
import { canonicalJson } from "../digest.ts";

/** How long a slow probe stays. */
export const PROBE_SLOW_MILLISECONDS = 200;

/** What an objects probe writes and reads: so many objects of so many bytes. */
export const PROBE_OBJECTS: readonly { readonly bytes: number; readonly times: number }[] = [
  { bytes: 4096, times: 6 },
  { bytes: 65_536, times: 3 },
  { bytes: 1_048_576, times: 3 },
  { bytes: 8_388_608, times: 2 },
];

/** Bounded, so that a message of the control queue can spend cents at most. */
export const measurementPlanSchema = z.strictObject({
  /** Probes sent one at a time, each when the one before has been answered. */
  hops: z.int().min(10).max(200),
  /** Probes sent at one time. */
  bursts: z.array(z.int().min(2).max(500)).max(15),
  /** Slow probes sent at one time, which show how many invocations there are at one time. */
  ramp: z.int().min(0).max(200),
  /** Objects probes, one after the other. */
  objects: z.int().min(1).max(20),
  /** Compute probes, one after the other. */
  computes: z.int().min(1).max(50),
});
export type MeasurementPlan = z.output<typeof measurementPlanSchema>;

const time = z.number().min(0);
const probedObject = z.strictObject({ bytes: z.int().min(1), putMilliseconds: time, getMilliseconds: time });
/** An object's writing and reading, each from the call to its end. */
export type ProbedObject = z.output<typeof probedObject>;

const probedCompute = z.strictObject({
  /** Of each pass over the rows, the first ones left out. */
  milliseconds: z.array(time).min(1),
  /** Of one pass. */
  work: z.strictObject({ rows: z.int(), nonZeros: z.int(), entries: z.int() }),
});
export type ProbedCompute = z.output<typeof probedCompute>;

const probeAnswer = z.strictObject({
  /** From the first send of its step to its answer, by the aggregator's clock. */
  sentMilliseconds: time,
  answeredMilliseconds: time,
  /** From the handler's start to its answer's sending, by the worker's. */
  handlerMilliseconds: time,
  /** In an environment that had never been invoked. */
  cold: z.boolean(),
});
export type ProbeAnswer = z.output<typeof probeAnswer>;

const probes = z.strictObject({ asked: z.int(), answers: z.array(probeAnswer) });
/** Probes that were sent at one time; those that were not answered in time are missing. */
export type Probes = z.output<typeof probes>;

const contractCheck = z.strictObject({ what: z.string(), held: z.boolean(), seen: z.string() });
/** Something that the ports promise, tried on this cloud. */
export type ContractCheck = z.output<typeof contractCheck>;

const measurement = z.strictObject({
  version: z.literal(1),
  plan: measurementPlanSchema,
  /** Why there is nothing more; null: it came to its end. */
  error: z.string().nullable(),
  contract: z.array(contractCheck),
  /** Sends of one message, one after the other. */
  sendMilliseconds: z.array(time),
  /** From the end of each of these calls until a long poll brought the message. */
  arrivalMilliseconds: z.array(time),
  /** Sends at one time, and how long they took together. */
  sendsTogether: z.strictObject({ calls: z.int().min(1), milliseconds: time }).nullable(),
  hops: probes,
  bursts: z.array(probes),
  ramp: probes,
  objects: z.array(probedObject),
  computes: z.array(probedCompute),
});
/** `runs/<run>/measurement.json`: everything raw, in milliseconds. */
export type Measurement = z.output<typeof measurement>;

const storedMeasurement = stored<Measurement>(measurement, {
  problem: "expected the JSON of a measurement, got other bytes",
});

export function encodeMeasurement(value: Measurement): Uint8Array {
  return new TextEncoder().encode(`${canonicalJson(value)}\n`);
}

/** @throws MarinaError "corrupt" or "spec" */
export function decodeMeasurement(bytes: Uint8Array, key: string): Measurement {
  return storedMeasurement.decode(bytes, key);
}

/** The payload of a probe's answer. */
export function encodeProbe(value: readonly ProbedObject[] | ProbedCompute | null): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

/** @throws MarinaError "message" */
export const decodeObjectsProbe = (payload: Uint8Array): readonly ProbedObject[] =>
  decodeProbe(z.array(probedObject), payload);
/** @throws MarinaError "message" */
export const decodeComputeProbe = (payload: Uint8Array): ProbedCompute => decodeProbe(probedCompute, payload);

function decodeProbe<T>(schema: z.ZodType<T>, payload: Uint8Array): T {
  try {
    return schema.parse(JSON.parse(new TextDecoder().decode(payload)));
  } catch (error) {
    throw new MarinaError("message", "probe: expected the JSON of its answer", { cause: error });
  }
}
