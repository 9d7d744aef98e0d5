/** Where a run's vectors go, its bytes and what its milliseconds are for: by the rules and rates that the aggregator decides by. */
import {
  iterateBytes,
  messageBytes,
  rangesOf,
  readingSeconds,
  replaySeconds,
  shardsPerTaskOf,
  travelInline,
  travelsAsDeltas,
} from "../lambdas/aggregator/index.ts";
import { bytes, seconds } from "../shared/base/index.ts";
import { type Compressor, createCompressor } from "../shared/compressors/index.ts";
import type { Manifest } from "../shared/data/index.ts";
import {
  aggregationOf,
  compressorOf,
  type IteratePrecision,
  methodOf,
  samplesByImportance,
  serverStateNames,
  stateHolder,
} from "../shared/methods/index.ts";
import type { Problem } from "../shared/problems/index.ts";
import { NETWORK_BYTES_PER_SECOND, type RunSpec } from "../shared/protocol/index.ts";
import { mostTakingPart } from "./most-taking-part.ts";

/** A round of one sort, of the most workers that the run has. Evaluations are no part of it. */
export interface RoundTravel {
  readonly sort: "compressed" | "dense";
  /** Of all messages. */
  readonly upBytes: number;
  /** Of the iterate's way to all tasks: put, read and sent. */
  readonly downBytes: number;
  /** Who adds the messages: so many reducers; 0: the aggregator. */
  readonly reducers: number;
  /** Until a worker has the iterate, and until the messages are added, by bytes and work alone. */
  readonly iterateSeconds: number;
  readonly addingSeconds: number;
}

export interface VectorTravel {
  /** Of the iterates. */
  readonly precision: IteratePrecision;
  /** Inside tasks, as objects that tasks name, or as what leads to them from the state that environments hold. */
  readonly iterates: "tasks" | "objects" | "deltas";
  readonly rounds: readonly RoundTravel[];
}

interface Sizes {
  /** d */
  readonly dimension: number;
  readonly compressor: Compressor;
  readonly wire: RunSpec["wire"];
  readonly iterates: VectorTravel["iterates"];
  readonly shardsPerTask: number;
  /** Of a request. */
  readonly points: number;
}

export function vectorTravel(spec: RunSpec, manifest: Manifest, problem: Problem): VectorTravel {
  const { algorithm, wire } = spec;
  const { dimension } = problem.parameters;
  const { workers, participants } = mostTakingPart(spec);
  const shardsPerTask = shardsPerTaskOf(spec, workers, manifest, problem);
  const compressor = createCompressor(compressorOf(algorithm), dimension, wire, { workers });
  const { requests } = methodOf(algorithm);
  const points = Math.max(...requests.map((request) => request.points.length));
  const shifts = stateHolder(algorithm) === "server" ? shardsPerTask : 0;
  const asked = { spec, dimension, workers, participants, compressor, shardsPerTask };
  const iterates = travelsAsDeltas(asked)
    ? "deltas"
    : travelInline(
          points * iterateBytes(dimension, spec) + 8 * shifts * dimension,
          Math.ceil(workers / shardsPerTask),
        )
      ? "tasks"
      : "objects";
  const sizes = { dimension, compressor, wire, iterates, shardsPerTask, points } as const;
  const sorts = (["compressed", "dense"] as const).filter((sort) =>
    requests.some(({ dense }) => dense === (sort === "dense")),
  );
  return {
    precision: spec.iterate ?? "float64",
    iterates,
    rounds: sorts.map((sort) => {
      const slots = sort === "dense" ? workers : (participants ?? workers);
      return roundTravel(spec, sizes, sort, slots);
    }),
  };
}

function roundTravel(
  spec: RunSpec,
  { dimension, compressor, wire, iterates, shardsPerTask, points }: Sizes,
  sort: RoundTravel["sort"],
  slots: number,
): RoundTravel {
  const { algorithm, reduction } = spec;
  const entryBytes = wire === "float64" ? 8 : 4;
  const compressed = messageBytes(compressor, wire);
  const upBytes = slots * (sort === "dense" ? entryBytes * dimension : compressed);
  const vector = iterateBytes(dimension, spec);
  const packs = Math.ceil(slots / shardsPerTask);
  // The last round was most likely one of the method's compressed ones.
  const delta = Math.min(slots * compressed, 8 * dimension);
  const downBytes =
    iterates === "deltas"
      ? packs * delta
      : iterates === "objects"
        ? (1 + packs) * vector
        : packs * points * vector;
  const state = {
    dimension,
    slots,
    compressor,
    wire,
    vectors: serverStateNames(algorithm).length,
    iterate: spec.iterate,
  };
  const iterateSeconds =
    iterates === "deltas"
      ? replaySeconds(state)
      : (iterates === "objects" ? 2 * vector : downBytes) / NETWORK_BYTES_PER_SECOND;
  const oneByOne =
    stateHolder(algorithm) === "server" ||
    samplesByImportance(algorithm) ||
    aggregationOf(algorithm) !== undefined;
  const vectors = { vectors: slots, dimension, entryBytes } as const;
  const reducers = sort === "dense" && !oneByOne ? rangesOf(reduction, vectors) : 0;
  const addingSeconds =
    reducers === 0
      ? upBytes / NETWORK_BYTES_PER_SECOND
      : readingSeconds(vectors, reducers) + (8 * dimension) / NETWORK_BYTES_PER_SECOND;
  return { sort, upBytes, downBytes, reducers, iterateSeconds, addingSeconds };
}

/** For people, in one line; undefined where vectors are small enough for tasks and messages. @param computing seconds of a task. */
export function travelText(
  { precision, iterates, rounds }: VectorTravel,
  computing: number,
): string | undefined {
  if (iterates === "tasks" && rounds.every(({ reducers }) => reducers === 0)) return undefined;
  const how = { tasks: "in the tasks", objects: "as objects", deltas: "as deltas" }[iterates];
  const each = rounds.map((round) => {
    const { sort, upBytes, downBytes, reducers, iterateSeconds, addingSeconds } = round;
    const by = reducers === 0 ? "the aggregator" : `${reducers} reducers`;
    const terms: readonly (readonly [number, string])[] = [
      [iterateSeconds, iterates === "deltas" ? "making the iterate of its deltas" : "bringing the iterate"],
      [addingSeconds, `adding the messages by ${by}`],
      [computing, "gradients"],
    ];
    const [most, what] = terms.reduce((largest, term) => (term[0] > largest[0] ? term : largest));
    return `a ${sort} round: ${bytes(upBytes)} up, added by ${by}, ${bytes(downBytes)} down; most of its time: ${what}, about ${seconds(most)}`;
  });
  const kept = precision === "float32" ? " in float32" : "";
  return `vectors: iterates${kept} travel ${how}; ${each.join("; ")}`;
}
