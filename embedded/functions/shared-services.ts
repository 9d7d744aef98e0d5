/** What all environments of an embedded cloud share. */
import type { Log, OutgoingMessage, QueueAddress } from "../../shared/cloud/index.ts";
import type { Meter } from "../../shared/cost/index.ts";
import type { VirtualClock } from "../clock/virtual-clock.ts";
import type { FaultPlan } from "../faults/faults.ts";
import type { LatencyProfile } from "../latency/latencies.ts";
import type { RequestRate } from "../latency/request-rate.ts";
import type { Chance } from "../latency/sampler.ts";
import type { EmbeddedObjects } from "../objects/object-store.ts";
import type { EmbeddedQueues } from "../queues/queues.ts";
import type { ComputeCharge } from "./compute-charge.ts";

/** Told of what invocations do that a run's safety depends on, when it takes effect. */
export interface EffectWatcher {
  /** An object was written. @param requestId of the invocation that did it. */
  stored(key: string, body: Uint8Array, requestId: string): void;
  destroyed(queue: QueueAddress, requestId: string): void;
  /** Messages were accepted by a queue. */
  sent?(queue: QueueAddress, messages: readonly OutgoingMessage[]): void;
}

export interface Services {
  readonly clock: VirtualClock;
  readonly chance: Chance;
  readonly profile: LatencyProfile;
  readonly charge: ComputeCharge;
  readonly objects: EmbeddedObjects;
  readonly queues: EmbeddedQueues;
  readonly meter: Meter;
  readonly log: Log;
  readonly plan: FaultPlan | undefined;
  readonly watcher: EffectWatcher | undefined;
  /** Is an object outside the method's time and price? */
  readonly evaluationObject: (key: string) => boolean;
  /** Requests a second that the object store takes. */
  readonly rates: { readonly gets: RequestRate; readonly puts: RequestRate };
  /** What preparation has taken so far, beside the clock. */
  readonly preparation: { milliseconds: number };
  /** Is a task a question of preparation? */
  readonly preparationTask: (body: string) => boolean;
}
