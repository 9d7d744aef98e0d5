/** How the functions are configured; what the bill needs to know. */
export interface ServiceConfiguration {
  readonly workerMemoryMb: number;
  readonly aggregatorMemoryMb: number;
  readonly architecture: "arm64" | "x86-64";
}

export const DEFAULT_CONFIGURATION: ServiceConfiguration = {
  workerMemoryMb: 1769,
  aggregatorMemoryMb: 1769,
  architecture: "arm64",
};
