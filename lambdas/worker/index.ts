/** The worker function. */
export { type GradientOwner, type GradientSource, type GradientStore, gradientAt } from "./gradients.ts";
export { createWorker } from "./handler.ts";
export { GRADIENTS_KEPT_BYTES, GradientCache } from "./held-gradients.ts";
export type { AskedOfWorker, WorkerHooks } from "./hooks.ts";
export { RecentlySet } from "./recently-set.ts";
export { type ServerStateStore, STATES_KEPT, type StateIdentity } from "./server-state.ts";
export { type LoadedShard, OpenedShards } from "./shards.ts";
