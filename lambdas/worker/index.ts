/** The worker function. */
export { GradientCache, type GradientOwner, type GradientSource, type GradientsAhead } from "./gradients.ts";
export { createWorker, createWorkerMemo } from "./handler.ts";
