/** The production handlers under seeded faults. */
export { prepareStage, type Stage } from "./baseline.ts";
export { type Campaign, type Failure, runCampaign } from "./campaign.ts";
export { chaosSpecs, importChaosData, type NamedSpec } from "./specs.ts";
