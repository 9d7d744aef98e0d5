/** A cell of a sweep: one run with one seed, and what is kept of it. */
import type { ServiceConfiguration } from "../embedded/index.ts";
import {
  canonicalJson,
  type HeldOut,
  type MembershipEpoch,
  type RunSpec,
  sha256,
} from "../shared/protocol/index.ts";

/** Raised when a cell's result would come out otherwise: cells of other versions are run again. */
const CELL_VERSION = 3;

/** What a cell varies: field -> value. */
export type Axes = Readonly<Record<string, unknown>>;

export interface Cell {
  /** Names the cell's result: SHA-256 of everything that its result depends on. */
  readonly digest: string;
  readonly label: string | null;
  readonly axes: Axes;
  /** The part of `axes` that comes from the grid. */
  readonly point: Axes;
  /** One of the best settings, run again with a seed that it was not chosen by. */
  readonly confirms?: true;
  readonly spec: RunSpec;
  readonly configuration: ServiceConfiguration;
}

/** The figures of a cell's run; null where the run ended before they could be known. */
export interface CellResult {
  readonly version: typeof CELL_VERSION;
  readonly digest: string;
  readonly status: string;
  readonly stoppedBy: string | null;
  readonly error: string | null;
  /** The run met its stopping rule on the gradient norm, or had none and ended well. */
  readonly reached: boolean;
  readonly rounds: number;
  readonly loss: number | null;
  /** f(x^0) */
  readonly startLoss: number | null;
  readonly relativeGradientNormSquared: number | null;
  /** At the end, on held-out data; absent of specs that name none, and where the run ended before it could be known. */
  readonly heldOut?: HeldOut;
  readonly uplinkBitsPerWorker: number;
  readonly uplinkBytesMeasured: number;
  readonly downlinkBytesMeasured: number;
  /** Predicted by the embedded cloud; of a deployed cell, measured. */
  readonly seconds: number;
  readonly usd: number;
  /** Dollars of the worker's and aggregator's time and invocations, of queues, and of objects. */
  readonly functionsUsd: number;
  readonly queuesUsd: number;
  readonly objectsUsd: number;
  /** The same dollars by the items of a run's bill; absent from cells of older versions. */
  readonly usdByItem?: Readonly<Record<string, number>>;
  /** Dollars of watching the run: not in `usd`, and not the method's. */
  readonly evaluationUsd: number;
  readonly stepSize: number;
  readonly probability: number;
  readonly resentTasks: number;
  readonly iterateSha256: string;
  /** Of an elastic run several. */
  readonly phases: readonly MembershipEpoch[];
  /** Of this machine. */
  readonly wallSeconds: number;
}

/** Cells of specs with held-out data were once kept without what was seen on it: such are run again. */
const HELD_OUT_VERSION = 1;

/** @param dataSha256 of the data set's object: the same spec on other data is another cell. */
export function cellDigest(spec: RunSpec, configuration: ServiceConfiguration, dataSha256: string): string {
  const { name: _, ...unnamed } = spec;
  return sha256(
    canonicalJson({
      version: CELL_VERSION,
      ...(spec.heldOut === undefined ? {} : { heldOutVersion: HELD_OUT_VERSION }),
      spec: unnamed,
      configuration,
      data: dataSha256,
    }),
  );
}

export { CELL_VERSION };
