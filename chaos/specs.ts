/** The runs that chaos disturbs when it is given none: short, on a few rows, one for each way of working. */
import { gunzipSync } from "node:zlib";
import type { ObjectStore } from "../shared/cloud/index.ts";
import { encodeModel, importLibsvm, storeModel } from "../shared/data/index.ts";
import { METHODS } from "../shared/methods/index.ts";
import { traceModel } from "../shared/problems/index.ts";
import { parseRunSpec, type RunSpec, type RunSpecInput } from "../shared/protocol/index.ts";

export const CHAOS_DATA = "chaos";
const ROWS = 200;
/** Of these rows. */
const FEATURES = 111;
const WORKERS = 5;
const ROUNDS = 30;

const compressor = { kind: "rand-k", k: 10 } as const;

/** Plain, partial participation, variance reduction, and state in the workers: these in every variation. */
const algorithms = {
  marina: { kind: "marina", compressor, probability: 0.2 },
  "pp-marina": { kind: "pp-marina", compressor, participants: 3, probability: 0.2 },
  "vr-marina": { kind: "vr-marina", compressor, batchSize: 8, probability: 0.2 },
  diana: { kind: "diana", compressor },
} as const satisfies Readonly<Record<string, RunSpecInput["algorithm"]>>;

const variations: readonly Partial<RunSpecInput>[] = [
  {},
  { checkpointEvery: 4, evaluateEvery: 0 },
  { durability: "strict", evaluateEvery: 5 },
];

const network: RunSpecInput["problem"] = {
  kind: "network",
  layers: [{ dense: 4 }, { activation: "tanh" }, { dense: 1 }],
  loss: "logistic",
};

/** A model of one's own, from whose gradient an entry may come twice. */
const own = encodeModel(
  traceModel(
    ({ row, label, parameter, ops }) => {
      const parts = [ops.slice(row, 0, 60, FEATURES), ops.slice(row, 0, 0, 80)];
      const hidden = ops.tanh(ops.matmul(ops.concat(parts, 0), parameter("W", [FEATURES + 20, 4])));
      const z = ops.matmul(hidden, parameter("v", [4, 1]));
      return { loss: ops.logistic(z, label), outputs: z };
    },
    { row: [FEATURES], label: { kind: "binary" } },
    "chaos",
  ),
);

/** Joined at round 6, left at round 18. */
const from5To12To3 = {
  remainder: "spread",
  workers: [
    { workers: 5 },
    { fromRound: 6, workers: 12 },
    { fromRound: 18, workers: 3, denseRound: "force" },
  ],
} as const satisfies Partial<RunSpecInput>;

/** Workers and participants that change on the way, and DIANA's shifts held by the aggregator. */
const others: Readonly<Record<string, Pick<RunSpecInput, "algorithm"> & Partial<RunSpecInput>>> = {
  "marina, 5 to 50 to 10 workers": {
    algorithm: algorithms.marina,
    remainder: "spread",
    workers: [
      { workers: 5 },
      { fromRound: 8, workers: 50, denseRound: "force" },
      { fromRound: 14, workers: 10 },
    ],
  },
  "pp-marina, 5 to 12 to 3 workers": {
    algorithm: {
      ...algorithms["pp-marina"],
      participants: [
        { participants: 3 },
        { fromRound: 6, participants: 8 },
        { fromRound: 15, participants: 2 },
      ],
    },
    ...from5To12To3,
    checkpointEvery: 4,
  },
  // Each change asks the questions of a calibration anew, while late answers to those before may still come.
  "marina, workers that come and go": {
    algorithm: algorithms.marina,
    remainder: "spread",
    workers: [
      { workers: 5 },
      ...[6, 4, 7, 3, 8, 2, 9, 10, 12, 11, 13, 14].map((workers, i) => ({
        fromRound: 2 * (i + 1),
        workers,
        denseRound: "force" as const,
      })),
    ],
  },
  "marina, a network": {
    algorithm: { ...algorithms.marina, stepSize: 0.2 },
    problem: network,
    checkpointEvery: 4,
  },
  "diana, a model of one's own, carried shifts": {
    algorithm: { ...algorithms.diana, shift: "carried", stepSize: 0.1 },
    problem: { kind: "model", program: own.sha256 },
    shardsPerTask: 2,
  },
  "marina, a robust rule": {
    algorithm: {
      ...algorithms.marina,
      stepSize: 0.1,
      aggregation: { kind: "centered-clip", tolerate: 0.2, bucket: 2 },
    },
    checkpointEvery: 4,
    hessianVariance: { every: 3 },
  },
  "pp-marina, a robust rule": {
    algorithm: {
      ...algorithms["pp-marina"],
      replacement: false,
      stepSize: 0.1,
      aggregation: { kind: "geometric-median", tolerate: 0.2 },
    },
    evaluateEvery: 7,
  },
  "marina, deltas": {
    algorithm: algorithms.marina,
    downlink: "deltas",
    evaluateEvery: 3,
  },
  "pp-marina, deltas, 5 to 12 to 3 workers": {
    algorithm: {
      ...algorithms["pp-marina"],
      participants: [
        { participants: 3 },
        { fromRound: 9, participants: 6 },
        { fromRound: 18, participants: 2 },
      ],
    },
    ...from5To12To3,
    downlink: "deltas",
    checkpointEvery: 4,
  },
  "diana, deltas": { algorithm: algorithms.diana, downlink: "deltas", wire: "float64", shardsPerTask: 2 },
  "diana, carried shifts": { algorithm: { ...algorithms.diana, shift: "carried" }, checkpointEvery: 4 },
  // Every dense vector through the store, added by ranges: where gradients are dense, and where only the record has them.
  "gd, reduced": { algorithm: { kind: "gd" }, reduction: "workers", seed: 4 },
  "marina, reduced, 5 to 12 workers": {
    algorithm: { ...algorithms.marina, probability: 0.4 },
    reduction: "workers",
    remainder: "spread",
    workers: [{ workers: 5 }, { fromRound: 9, workers: 12, denseRound: "force" }],
    checkpointEvery: 4,
  },
  "pp-marina, reduced, packed": {
    algorithm: { ...algorithms["pp-marina"], probability: 0.4 },
    reduction: "workers",
    shardsPerTask: 2,
    evaluateEvery: 3,
  },
  // Both at once: a dense round's delta is the mean that reducers have added, and who takes part changes on the way.
  "marina, deltas, reduced, packed, 5 to 12 to 4 workers": {
    algorithm: { ...algorithms.marina, probability: 0.4 },
    downlink: "deltas",
    reduction: "workers",
    shardsPerTask: 2,
    remainder: "spread",
    workers: [
      { workers: 5 },
      { fromRound: 7, workers: 12, denseRound: "force" },
      { fromRound: 17, workers: 4 },
    ],
    checkpointEvery: 4,
    evaluateEvery: 4,
  },
  "vr-marina, deltas, reduced": {
    algorithm: { ...algorithms["vr-marina"], probability: 0.4 },
    downlink: "deltas",
    reduction: "workers",
    evaluateEvery: 3,
    checkpointEvery: 5,
  },
  "pp-marina, deltas, reduced, strict": {
    algorithm: { ...algorithms["pp-marina"], probability: 0.4 },
    downlink: "deltas",
    reduction: "workers",
    durability: "strict",
    evaluateEvery: 1,
    wire: "float64",
  },
  "marina, a robust rule, deltas, reduced": {
    algorithm: {
      ...algorithms.marina,
      stepSize: 0.1,
      aggregation: { kind: "centered-clip", tolerate: 0.2 },
    },
    downlink: "deltas",
    reduction: "workers",
    evaluateEvery: 4,
    hessianVariance: { every: 1 },
    checkpointEvery: 4,
  },
  // Each gradient from its round to the next one through the store: where all take part, where few do and others come, in packs.
  "marina, gradients kept": { algorithm: algorithms.marina, reuse: "store", checkpointEvery: 4 },
  "pp-marina, gradients kept, packed, 5 to 12 to 3 workers": {
    algorithm: {
      ...algorithms["pp-marina"],
      participants: [
        { participants: 4 },
        { fromRound: 9, participants: 8 },
        { fromRound: 18, participants: 3 },
      ],
    },
    ...from5To12To3,
    reuse: "store",
    shardsPerTask: 2,
    evaluateEvery: 4,
  },
  "dasha, gradients kept": {
    algorithm: { kind: "dasha", compressor },
    reuse: "store",
    evaluateEvery: 3,
    durability: "strict",
  },
  "marina, gradients kept, deltas, reduced, packed": {
    algorithm: { ...algorithms.marina, probability: 0.4 },
    reuse: "store",
    downlink: "deltas",
    reduction: "workers",
    shardsPerTask: 2,
    checkpointEvery: 5,
  },
};

/** Steps of those whose iterates are kept in float32. */
export const FLOAT32_STEP = 0.1;
const float32 = { iterate: "float32", start: { uniform: 0.5 } } as const;

/** Iterates in float32: in tasks, as deltas that must lead to the rounded ones, with a reference point, and where workers change. */
const inFloat32: typeof others = {
  "marina, float32 iterates": {
    algorithm: { ...algorithms.marina, stepSize: FLOAT32_STEP },
    ...float32,
    checkpointEvery: 4,
  },
  "marina, float32 iterates, deltas": {
    algorithm: { ...algorithms.marina, stepSize: FLOAT32_STEP },
    ...float32,
    downlink: "deltas",
    evaluateEvery: 3,
  },
  "marina, float32 iterates, deltas, reduced, packed, 5 to 12 to 4 workers": {
    algorithm: { ...algorithms.marina, probability: 0.4, stepSize: FLOAT32_STEP },
    ...float32,
    downlink: "deltas",
    reduction: "workers",
    shardsPerTask: 2,
    remainder: "spread",
    workers: [
      { workers: 5 },
      { fromRound: 7, workers: 12, denseRound: "force" },
      { fromRound: 17, workers: 4 },
    ],
    checkpointEvery: 4,
    evaluateEvery: 4,
  },
  "vr-diana, float32 iterates, deltas": {
    algorithm: { kind: "vr-diana", compressor, batchSize: 8, probability: 0.2, stepSize: 0.02 },
    ...float32,
    downlink: "deltas",
    checkpointEvery: 3,
  },
  "pp-marina, float32 iterates, deltas, strict": {
    algorithm: { ...algorithms["pp-marina"], stepSize: FLOAT32_STEP },
    ...float32,
    downlink: "deltas",
    durability: "strict",
    wire: "float64",
  },
  "marina, float32 iterates, gradients kept": {
    algorithm: { ...algorithms.marina, stepSize: FLOAT32_STEP },
    ...float32,
    reuse: "store",
    evaluateEvery: 2,
  },
};

export interface NamedSpec {
  readonly name: string;
  readonly spec: RunSpec;
}

/** These methods in each variation, every other one as in its example, and the others. */
export function chaosSpecs(): readonly NamedSpec[] {
  const each = variations.flatMap((variation, i) =>
    Object.entries(algorithms).map(([kind, algorithm]) =>
      named(`${kind}/${i + 1}`, { algorithm, seed: 3 + i, ...variation }),
    ),
  );
  const examples = METHODS.map(({ example }) => example)
    .filter(({ kind }) => !(kind in algorithms))
    .map((algorithm) => named(algorithm.kind, { algorithm }));
  const more = Object.entries({ ...others, ...inFloat32 });
  return [...each, ...examples, ...more.map(([name, spec]) => named(name, spec))];
}

function named(name: string, spec: Pick<RunSpecInput, "algorithm"> & Partial<RunSpecInput>): NamedSpec {
  const whole: RunSpecInput = {
    data: CHAOS_DATA,
    workers: WORKERS,
    problem: { kind: "nonconvex-binary" },
    stop: { rounds: ROUNDS },
    seed: 3,
    ...spec,
  };
  return { name, spec: parseRunSpec(whole, `chaos, ${name}`) };
}

/** Imports the first rows of a gzipped LIBSVM file, mushrooms, under a name of its own, and stores the model. */
export async function importChaosData(objects: ObjectStore, mushroomsGz: Uint8Array): Promise<void> {
  const lines = gunzipSync(mushroomsGz).toString("latin1").split("\n").slice(0, ROWS);
  const text = new TextEncoder().encode(`${lines.join("\n")}\n`);
  const source = (async function* () {
    yield text;
  })();
  await importLibsvm(source, { name: CHAOS_DATA, sourceName: "mushrooms.gz", labels: "binary", objects });
  await storeModel(objects, own);
}
