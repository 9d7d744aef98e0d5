/** The stored description of a run, and the messages of the control queue. */
import * as z from "zod";
import { stored } from "../../base/index.ts";
import { canonicalJson, sha256 } from "../digest.ts";
import { NAME_PATTERN } from "../spec/names.ts";
import { type RunSpec, runSpecSchema } from "../spec/spec.ts";
import { type MeasurementPlan, measurementPlanSchema } from "./measurement.ts";

/** `runs/<run>/spec.json`: written once, create-only, before the first control message. */
export interface StoredRun {
  readonly version: 1;
  readonly run: string;
  readonly spec: RunSpec;
  /** The data set as it was when the run began: a run never goes on with other data. */
  readonly data: StoredData;
  /** The same of the held-out data, where there is some, and its rows: the aggregator does not read it. */
  readonly heldOut?: StoredData & { readonly rows: number };
}

export interface StoredData {
  readonly sha256: string;
  readonly etag: string;
}

const storedData = z.strictObject({ sha256: z.string(), etag: z.string() });

const storedRun = stored<StoredRun>(
  z.strictObject({
    version: z.literal(1),
    run: z.string().regex(NAME_PATTERN),
    spec: runSpecSchema,
    data: storedData,
    heldOut: storedData.extend({ rows: z.int().min(1) }).exactOptional(),
  }),
  { problem: "expected the JSON description of a run, got other bytes" },
);

export function encodeStoredRun(run: StoredRun): Uint8Array {
  return new TextEncoder().encode(`${canonicalJson(run)}\n`);
}

/** @throws MarinaError "corrupt" or "spec". */
export function decodeStoredRun(bytes: Uint8Array, key: string): StoredRun {
  return storedRun.decode(bytes, key);
}

/** 64 bits of the description's SHA-256, as 16 hexadecimal digits: what tasks and contributions carry. */
export function runDigest(run: StoredRun): string {
  return sha256(encodeStoredRun(run)).slice(0, 16);
}

/** Drives a run for one tenure of the aggregator. */
export interface ControlMessage {
  readonly version: 1;
  readonly run: string;
  /**
   * `start` begins a run, `continue` is the hand-over to the next tenure, `resume` goes on with a run that had ended
   * as stopped or failed. A message whose tenure is not above the checkpoint's is a late duplicate.
   */
  readonly action: "start" | "continue" | "resume";
  readonly tenure: number;
}

/** Measures the cloud, in one invocation: see lambdas/aggregator/measure. */
export interface MeasureMessage {
  readonly version: 1;
  /** Names the measurement; there is no run of it. */
  readonly run: string;
  readonly action: "measure";
  readonly plan: MeasurementPlan;
}

const common = { version: z.literal(1), run: z.string().regex(NAME_PATTERN) };
const controlMessage = stored<ControlMessage | MeasureMessage>(
  z.discriminatedUnion("action", [
    z.strictObject({
      ...common,
      action: z.enum(["start", "continue", "resume"]),
      tenure: z.int().min(0),
    }),
    z.strictObject({ ...common, action: z.literal("measure"), plan: measurementPlanSchema }),
  ]),
  { code: "message", problem: "expected JSON" },
);

/** @throws MarinaError "message" */
export function decodeControl(body: string): ControlMessage | MeasureMessage {
  return controlMessage.decode(body, "control message");
}

export function encodeControl(message: ControlMessage | MeasureMessage): string {
  return canonicalJson(message);
}
