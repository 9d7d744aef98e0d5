/** The file of measured latencies: the embedded cloud's table, and what it was measured on. */
import * as z from "zod";
import type { LatencyProfile } from "../../embedded/index.ts";
import { checked, MarinaError } from "../../shared/base/index.ts";
import { readJson } from "../json-file.ts";

const milliseconds = z.number().min(0);
const quantiles = z
  .strictObject({
    p10: milliseconds,
    p50: milliseconds,
    p90: milliseconds,
    p99: milliseconds,
    max: milliseconds,
  })
  .refine(({ p10, p50, p90, p99, max }) => p10 <= p50 && p50 <= p90 && p90 <= p99 && p99 <= max, {
    error: "expected p10 <= p50 <= p90 <= p99 <= max",
  })
  .refine(({ p10, max }) => p10 > 0 || max === 0, {
    error: "expected all of them above 0, or all of them 0",
  });
/** JSON has no infinity: null is no limit. */
const limit = z
  .number()
  .positive()
  .nullable()
  .transform((value) => value ?? Number.POSITIVE_INFINITY);

const latencies = z.strictObject({
  dispatchStandard: quantiles,
  dispatchFifo: quantiles,
  dispatchGapMilliseconds: milliseconds,
  ramp: z.strictObject({ atFirst: z.int().min(1), perMinute: z.number().positive() }).nullable(),
  arrival: quantiles,
  queueCall: quantiles,
  objectGet: quantiles,
  objectPut: quantiles,
  coldStart: quantiles,
  coldChance: z.number().min(0).max(1),
  runtimeMilliseconds: milliseconds,
  straggler: quantiles.refine(({ p10 }) => p10 > 0, { error: "expected factors above 0" }),
  computeFactor: z.number().positive(),
  getBytesPerMillisecond: limit,
  longGetAfterBytes: limit,
  longGetBytesPerMillisecond: limit,
  putBytesPerMillisecond: limit,
  getsPerSecond: limit,
  putsPerSecond: limit,
  networkBytesPerMillisecond: limit,
  vcpuObjectBytesPerMillisecond: limit,
  clientCpu: z.strictObject({
    sendMilliseconds: milliseconds,
    receiveMilliseconds: milliseconds,
    receivePerMessageMilliseconds: milliseconds,
    perMessageByteMilliseconds: milliseconds,
    deleteMilliseconds: milliseconds,
    objectMilliseconds: milliseconds,
    perObjectByteMilliseconds: milliseconds,
  }),
});

const latencyFile = z.strictObject({
  version: z.literal(1).describe("Of the form of this file."),
  /** What it was measured on. */
  measured: z.strictObject({
    on: z.enum(["aws", "localstack"]),
    stack: z.string(),
    region: z.string(),
    architecture: z.enum(["arm64", "x86-64"]),
    workerMemoryMb: z.int().min(128),
    aggregatorMemoryMb: z.int().min(128),
    /** Probes that were answered. */
    answers: z.int().min(0),
  }),
  /** Entries that were not measured. */
  asPublished: z.array(z.string()),
  latencies,
});

/** As it is read: limits that are none are infinite. */
export type LatencyFile = z.output<typeof latencyFile>;

/** The text of the file. */
export function latencyFileText(file: LatencyFile): string {
  // JSON.stringify writes infinity as null, which reads as no limit.
  return `${JSON.stringify(file, null, 2)}\n`;
}

/** @throws MarinaError "usage" for a file that can't be read; "spec" for one of another form, with the path of the field */
export function readLatencyFile(path: string): LatencyFile {
  const { source, value } = readJson(path, "give a file that marina measure --out has written");
  if (typeof value !== "object" || value === null || !("latencies" in value))
    throw new MarinaError(
      "spec",
      `${source}: expected a file of latencies, as marina measure --out writes it, got other JSON`,
    );
  return checked(latencyFile, value, source) as LatencyFile;
}

/** The table alone. @throws as above */
export function readLatencies(path: string): LatencyProfile {
  return readLatencyFile(path).latencies;
}
