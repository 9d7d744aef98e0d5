/** A cloud in one process on a virtual clock, and the service on it. */
export {
  CHAOS_RATIOS,
  type Damage,
  type FaultKind,
  type FaultName,
  FaultPlan,
  type FaultRatios,
  faultKinds,
  kindOf,
} from "./faults/faults.ts";
export { ATTACKS, type Attack, attackKinds } from "./faults/liars.ts";
export { cpuShare, LAMBDA_RATES, modelMilliseconds } from "./functions/compute-charge.ts";
export { AWS_RAMP } from "./functions/mapping.ts";
export type { EffectWatcher } from "./functions/shared-services.ts";
export { createdFile, createFile, removeDrafts, replaceFile, replacingFile } from "./home/whole-file.ts";
export { AWS_LATENCIES, type LatencyProfile, type MappingRamp, type Quantiles } from "./latency/latencies.ts";
export { explainDiskError } from "./objects/disk.ts";
export { birthOf, isAlive } from "./objects/living-process.ts";
export { etagOf } from "./objects/object-store.ts";
export { DEFAULT_CONFIGURATION, type ServiceConfiguration } from "./service/configuration.ts";
export { driveToEnd } from "./service/drive-to-end.ts";
export {
  createEmbeddedService,
  type EmbeddedService,
  type ServiceAlteration,
} from "./service/service.ts";
