/** The production handlers under seeded faults. */
export { prepareStage, type Stage } from "./baseline.ts";
export type { Campaign, Failure } from "./campaign.ts";
export { runInParallel } from "./parallel.ts";
export { ChaosRecord } from "./record.ts";
export { chaosSpecs, importChaosData, type NamedSpec } from "./specs.ts";
