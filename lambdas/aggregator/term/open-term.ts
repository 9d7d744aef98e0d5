/** What a term works with, from its beginning and once it is open. */
import type { DeliveredMessage, Invocation, Ports } from "../../../shared/cloud/index.ts";
import type { Spending } from "../../../shared/cost/index.ts";
import { createMethod, type Method } from "../../../shared/methods/index.ts";
import type { ControlMessage, RoundRecord } from "../../../shared/protocol/index.ts";
import type { CheckpointWriter } from "../checkpoints/checkpoint-writer.ts";
import type { StateBases } from "../checkpoints/state-bases.ts";
import { currentEpoch } from "../membership/decide.ts";
import { DeltaDownlink } from "../round/downlink.ts";
import { travelsAsDeltas } from "../round/downlink-rule.ts";
import { PointStore } from "../round/points.ts";
import type { AggregatorSettings, CalibrationObserver } from "../settings.ts";
import { type ActiveRun, withMembership } from "./active-run.ts";
import type { Lease } from "./lease.ts";
import type { RunState } from "./run-state.ts";

/** What an invocation is given. */
export interface Term {
  readonly ports: Ports;
  readonly settings: AggregatorSettings;
  readonly control: ControlMessage;
  readonly message: DeliveredMessage;
  readonly invocation: Invocation;
  readonly lease: Lease;
  /** By the clock port, milliseconds. */
  readonly startedAt: number;
  /** What has been opened so far: closed whatever happens. */
  writer?: CheckpointWriter;
  active?: ActiveRun;
  spending?: Spending;
  bases?: StateBases;
}

/** A term whose run is loaded. */
export interface OpenTerm extends Term {
  readonly writer: CheckpointWriter;
  readonly bases: StateBases;
  /** With the membership that the term began with. */
  readonly active: ActiveRun;
  readonly spending: Spending;
  /** Told of every round once its messages are in. */
  readonly observe: (record: RoundRecord) => void;
  readonly observeCalibration: CalibrationObserver;
  /** The membership at work. */
  readonly working: (state: RunState) => Working;
}

/** What depends on who takes part. */
export interface Working {
  readonly active: ActiveRun;
  readonly method: Method;
  readonly points: PointStore;
  /** Undefined where the points themselves travel. */
  readonly deltas: DeltaDownlink | undefined;
}

/** Makes what is needed of a membership when it is asked for first. */
export function workingMembership(active: ActiveRun, bases: StateBases): (state: RunState) => Working {
  let last: Working | undefined;
  return ({ elastic, constants }) => {
    const membership = currentEpoch(elastic);
    if (last?.active.phase !== membership.phase) {
      const now = withMembership(active, membership);
      const points = new PointStore(now);
      last = {
        active: now,
        method: createMethod(now.algorithm, constants, now.spec.iterate),
        points,
        deltas: travelsAsDeltas(now) ? new DeltaDownlink(now, points, bases) : undefined,
      };
    }
    return last;
  };
}

/**
 * Before the control message is let go: the aggregator that drives the run next must not share its answers with polls of
 * this one, nor lose its checkpoint to a write that was on its way and is taken up again by the next invocation here.
 */
export async function closeTerm({ active, writer }: Term): Promise<void> {
  await active?.inbox.close();
  await writer?.settled().catch(() => undefined);
}
