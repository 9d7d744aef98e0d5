import type { LiarsConfiguration } from "../faults/liars.ts";
import type { LatencyProfile } from "../latency/latencies.ts";

/** How the functions are configured; what the bill needs to know; and whether workers lie. */
export interface ServiceConfiguration extends LiarsConfiguration {
  readonly workerMemoryMb: number;
  readonly aggregatorMemoryMb: number;
  readonly architecture: "arm64" | "x86-64";
  /** Of the stack that is predicted: dollars are by its prices. Absent: us-east-1. */
  readonly region?: string;
  /** As they were measured on a cloud. Absent: as published of AWS. */
  readonly latencies?: LatencyProfile;
}

export const DEFAULT_CONFIGURATION: ServiceConfiguration = {
  workerMemoryMb: 1769,
  aggregatorMemoryMb: 1769,
  architecture: "arm64",
};
