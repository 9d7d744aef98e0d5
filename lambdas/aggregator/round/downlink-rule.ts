/** Do a run's iterates travel as deltas? Pure: by the spec, n, d and rates. */
import { type Compressor, decodingWork } from "../../../shared/compressors/index.ts";
import {
  aggregationOf,
  type IterateSpec,
  methodOf,
  roundingPasses,
  samplesByImportance,
  serverStateNames,
} from "../../../shared/methods/index.ts";
import { NETWORK_BYTES_PER_SECOND } from "../../../shared/protocol/index.ts";
import type { ActiveRun } from "../term/active-run.ts";
import { iterateBytes, travelInline } from "./points.ts";

/** Of a Lambda vCPU: to draw an index and use it, and for a pass over an entry. Decision 0026. */
const INDEX_SECONDS = 88e-9;
const ENTRY_SECONDS = 1.76e-9;
/** Of the step over each vector of the state, its checksum among them. */
const STEP_PASSES = 4;
/** Deltas have at most so many bytes for each of an iterate's. */
const MOST_SHARE = 1 / 4;

type Asked = Pick<
  ActiveRun,
  "spec" | "dimension" | "workers" | "participants" | "compressor" | "shardsPerTask"
>;

export function travelsAsDeltas(active: Asked): boolean {
  const { spec, dimension, workers, participants, compressor, shardsPerTask } = active;
  const { downlink = "auto", algorithm } = spec;
  if (downlink !== "auto") return downlink === "deltas";
  // Weighted messages are decoded one by one, each into a vector of d entries; of a rule's, only the middle could travel, of d entries.
  if (samplesByImportance(algorithm) || aggregationOf(algorithm) !== undefined) return false;
  const { requests } = methodOf(algorithm);
  const points = Math.max(...requests.map((request) => request.points.length));
  const slots = participants ?? workers;
  if (travelInline(points * iterateBytes(dimension, spec), Math.ceil(workers / shardsPerTask))) return false;
  const vectors = serverStateNames(algorithm).length;
  return deltasPay({ dimension, slots, compressor, wire: spec.wire, vectors, iterate: spec.iterate });
}

export interface DeltaSetting extends IterateSpec {
  /** d */
  readonly dimension: number;
  /** Messages of a compressed round. */
  readonly slots: number;
  readonly compressor: Compressor;
  readonly wire: "float32" | "float64";
  /** Of the server's state. */
  readonly vectors: number;
}

/**
 * Are a round's messages few bytes, and does making the step again take less time than the iterate's way to the store and
 * back? The iterate takes 8 d bytes each way (4 d of float32), the messages as many as they are.
 */
export function deltasPay(setting: DeltaSetting): boolean {
  const { dimension, slots, compressor, wire } = setting;
  const bytes = slots * messageBytes(compressor, wire);
  const iterate = iterateBytes(dimension, setting);
  if (bytes > MOST_SHARE * iterate) return false;
  const saved = (2 * (iterate - bytes)) / NETWORK_BYTES_PER_SECOND;
  return replaySeconds(setting) < saved;
}

/** Of a compressed message, about: its bits count a float as 32 of them, whatever the wire. */
export function messageBytes({ expectedBits }: Compressor, wire: DeltaSetting["wire"]): number {
  return (expectedBits / 8) * (wire === "float64" ? 2 : 1);
}

/** What an environment takes to make the step again: its draws, its sum, its passes over the state. */
export function replaySeconds(setting: DeltaSetting): number {
  const { dimension: d, slots, compressor, wire, vectors } = setting;
  const { entries, indices, uniforms } = decodingWork(compressor, messageBytes(compressor, wire));
  return (
    slots * (indices * INDEX_SECONDS + (entries + uniforms) * ENTRY_SECONDS) +
    (1 + STEP_PASSES * vectors + roundingPasses(setting)) * d * ENTRY_SECONDS
  );
}
