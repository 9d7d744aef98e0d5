/** For tests: bugs that a simulator of faults must find, each put in at a named hook or between handler and ports. */
import type { ServiceAlteration } from "../../embedded/service/service.ts";
import type { RunSpec } from "../../shared/protocol/spec/spec.ts";
import { aggregatorMutations } from "./aggregator-mutations.ts";
import { replayMutations } from "./replay-mutations.ts";
import { tableMutations } from "./table-mutations.ts";
import { workerMutations } from "./worker-mutations.ts";

/** Each makes its bug anew for a service. */
export const mutations: Readonly<Record<string, () => ServiceAlteration>> = {
  ...tableMutations,
  ...workerMutations,
  ...aggregatorMutations,
  ...replayMutations,
};

/** Wrong at once, in every run: seen where the runs without faults are those of the right program only. */
export const WRONG_WITHOUT_FAULTS: ReadonlySet<string> = new Set([
  "counts the evaluation as the method's",
  "stores a checkpoint before its round is counted",
  "answers before it remembers",
  "adds a range of coordinates that is off by one",
  "ends a run without storing its end",
  "takes the state that it holds for the one that is asked for",
  "makes an iterate of its deltas and does not round it",
  "lets half a minute go by before it stores its state",
]);

/** Seen where iterates are kept in float32 only. */
export const IN_FLOAT32: ReadonlySet<string> = new Set([
  "makes an iterate of its deltas and does not round it",
]);

/** Seen where gradients are kept in the store only; the others are looked for elsewhere. */
export const OF_KEPT_GRADIENTS: ReadonlySet<string> = new Set([
  "takes a worker's gradient that was kept last, whichever round's",
]);

/** Seen where workers change only, and in which of those runs. */
export const ELASTIC: ReadonlyMap<string, (spec: RunSpec) => boolean> = new Map([
  // A late answer must come while the same is asked of others: where they change most often.
  [
    "keeps an earlier membership's contribution",
    ({ workers }) => Array.isArray(workers) && workers.length > 3,
  ],
  ["makes steps again with the step size of the first epoch", ({ downlink }) => downlink === "deltas"],
]);
