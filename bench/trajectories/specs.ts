/**
 * The rows of the table: every method with every compressor, and every choice of a spec that may move a bit, a byte or a
 * dollar, at least once. A row is as short as what it shows allows: the rows together take half a minute.
 */
import type { RunSpecInput } from "../../shared/protocol/spec/spec.ts";

type Algorithm = RunSpecInput["algorithm"];
type MethodName = Algorithm["kind"];
type Compressor = Extract<Algorithm, { kind: "marina" }>["compressor"];

/** `wide`: few rows in so many dimensions that no vector fits into a message. */
export type DataName = "mushrooms" | "mushrooms-real" | "a9a" | "w8a" | "wide" | "digits" | "digits-test";

export interface Row {
  readonly name: string;
  readonly spec: RunSpecInput & { readonly data: DataName };
  /** One of those that `npm test` holds, and that are held on another processor. */
  readonly fast: boolean;
}

const compressors: Readonly<Record<string, Compressor>> = {
  identity: { kind: "identity" },
  "rand-k": { kind: "rand-k", k: 10 },
  "l2-quantization": { kind: "l2-quantization" },
  qsgd: { kind: "qsgd", levels: 4 },
  natural: { kind: "natural" },
};
const randK = compressors["rand-k"]!;

const batchSize = 17;
/** Each method with the step size and the probability of its theorem, so that calibration is held too. */
const methods: Readonly<Record<MethodName, (compressor: Compressor) => Algorithm>> = {
  gd: () => ({ kind: "gd" }),
  qgd: (compressor) => ({ kind: "qgd", compressor, stepSize: "practical" }),
  diana: (compressor) => ({ kind: "diana", compressor }),
  "vr-diana": (compressor) => ({ kind: "vr-diana", compressor, batchSize }),
  marina: (compressor) => ({ kind: "marina", compressor }),
  "vr-marina": (compressor) => ({ kind: "vr-marina", compressor, batchSize }),
  "vr-marina-online": (compressor) => ({
    kind: "vr-marina-online",
    compressor,
    batchSize,
    largeBatchSize: 300,
  }),
  "pp-marina": (compressor) => ({ kind: "pp-marina", compressor, participants: 2 }),
  ef21: (compressor) => ({ kind: "ef21", compressor }),
  dasha: (compressor) => ({ kind: "dasha", compressor }),
};
const methodNames = Object.keys(methods) as readonly MethodName[];

const nonconvexBinary = { kind: "nonconvex-binary" } as const;
const short = { workers: 5, problem: nonconvexBinary, stop: { rounds: 16 }, evaluateEvery: 4 } as const;

/** Every method with every compressor, on both wires. */
function methodRows(): Row[] {
  return methodNames.flatMap((method) =>
    Object.entries(compressors).flatMap(([name, compressor]) =>
      (["float32", "float64"] as const)
        .filter(() => method !== "gd" || name === "identity")
        .map((wire) => ({
          name: method === "gd" ? `${method}, ${wire}` : `${method}, ${name}, ${wire}`,
          spec: { ...short, data: "mushrooms", algorithm: methods[method](compressor), wire },
          fast: wire === "float32" && (method === "marina" || name === "rand-k" || method === "gd"),
        })),
    ),
  );
}

/** Compressors that are drawn for all workers jointly, where they are taken. */
function jointRows(): Row[] {
  const permK = { kind: "perm-k" } as const;
  return (["marina", "vr-marina", "diana", "dasha"] as const).map((method) => ({
    name: `${method}, perm-k, float32`,
    spec: { ...short, data: "mushrooms", algorithm: methods[method](permK), wire: "float32" },
    fast: method === "marina",
  }));
}

/** DASHA's states, carried, and tasks that several workers share. */
function dashaRows(): Row[] {
  const carried = { kind: "dasha", compressor: randK, shift: "carried" } as const;
  return [
    shortRow("dasha, carried shifts", { algorithm: carried }),
    shortRow("dasha, carried shifts, packed by four", { algorithm: carried, workers: 22, shardsPerTask: 4 }),
  ];
}

/** Clients and rows drawn by importance, w8a's of unequal norms; steps of the other theorems, and measured ones. */
function samplingAndStepRows(): Row[] {
  const sampling = "importance" as const;
  const pp = { kind: "pp-marina", compressor: randK, participants: 2 } as const;
  const vr = { kind: "vr-marina", compressor: randK, batchSize } as const;
  const logistic = { kind: "logistic", regularizer: { kind: "l2", lambda: 0.01 } } as const;
  const ridge = { kind: "least-squares", regularizer: { kind: "l2", lambda: 0.1 } } as const;
  const permK = { kind: "marina", compressor: { kind: "perm-k" } } as const;
  return [
    shortRow("pp-marina, importance", { algorithm: { ...pp, sampling } }, true),
    shortRow("pp-marina, importance on w8a", { data: "w8a", algorithm: { ...pp, sampling } }),
    shortRow("pp-marina, importance, elastic", {
      algorithm: { ...pp, sampling },
      workers: [{ workers: 5 }, { fromRound: 6, workers: 8, denseRound: "force" }],
    }),
    shortRow("vr-marina, importance on w8a", { data: "w8a", algorithm: { ...vr, sampling } }, true),
    shortRow("vr-marina, explicit", { algorithm: { ...vr, stepSize: "explicit" }, problem: logistic }),
    shortRow("marina, explicit", {
      algorithm: { ...methods.marina(randK), stepSize: "explicit" } as Algorithm,
    }),
    shortRow("marina, perm-k, explicit on ridge", {
      algorithm: { ...permK, stepSize: "explicit" },
      problem: ridge,
      stop: { rounds: 4 },
    }),
    shortRow("marina, pl", {
      algorithm: { ...methods.marina(randK), stepSize: "pl" } as Algorithm,
      problem: logistic,
    }),
    shortRow("dasha, measured", { algorithm: { kind: "dasha", compressor: randK, stepSize: "measured" } }),
    shortRow("ef21, mean smoothness", {
      algorithm: { kind: "ef21", compressor: { kind: "top-k", k: 10 }, smoothness: "mean" },
    }),
  ];
}

/** Compressors that are not unbiased, with the states stored and carried, and tasks that several workers share. */
function contractiveRows(): Row[] {
  const ef21 = { kind: "ef21", compressor: { kind: "top-k", k: 10 } } as const;
  return [
    shortRow("ef21, top-k, float32", { algorithm: ef21 }, true),
    shortRow("ef21, top-k, float64", { algorithm: ef21, wire: "float64" }),
    shortRow("ef21, top-k, carried shifts", { algorithm: { ...ef21, shift: "carried" } }),
    shortRow("ef21, top-k, carried shifts, packed by four", {
      algorithm: { ...ef21, shift: "carried" },
      workers: 22,
      shardsPerTask: 4,
    }),
    shortRow("ef21, top-k of all coordinates", {
      algorithm: { kind: "ef21", compressor: { kind: "top-k", k: 112 } },
    }),
  ];
}

/** Every method on the larger data sets, whose rows n does not divide; w8a has empty rows. */
function dataRows(): Row[] {
  return (["a9a", "w8a"] as const).flatMap((data) =>
    methodNames.map((method) => ({
      name: `${method} on ${data}`,
      spec: { ...short, data, workers: 7, algorithm: methods[method](randK), stop: { rounds: 5 } },
      fast: false,
    })),
  );
}

/** Every loss with every regulariser, by methods that use gradients at one point, at two, and of mini-batches. */
function problemRows(): Row[] {
  const regularizers: readonly Pick<RunSpecInput["problem"], "regularizer">[] = [
    {},
    { regularizer: { kind: "l2", lambda: 0.01 } },
    { regularizer: { kind: "nonconvex", lambda: 0.01 } },
  ];
  return (["nonconvex-binary", "logistic", "least-squares"] as const).flatMap((kind) =>
    regularizers.flatMap((regularizer) =>
      (["gd", "marina", "vr-diana", "vr-marina"] as const)
        .filter(() => kind !== "nonconvex-binary" || "regularizer" in regularizer)
        .map((method) => ({
          name: `${kind}, ${regularizer.regularizer?.kind ?? "no"} regulariser, ${method}`,
          spec: {
            ...short,
            data: "mushrooms",
            problem: { kind, ...regularizer },
            algorithm: methods[method](randK),
            start: { uniform: 0.5 },
          },
          fast: method === "marina" && regularizer.regularizer?.kind !== "nonconvex",
        })),
    ),
  );
}

const marina = methods.marina(randK);
const shortRow = (
  name: string,
  change: Partial<RunSpecInput> & { readonly data?: DataName },
  fast = false,
): Row => ({
  name,
  spec: { ...short, data: "mushrooms", algorithm: marina, ...change },
  fast,
});

/** Step sizes, probabilities and smoothness other than by default. */
function parameterRows(): Row[] {
  const rounds = { stop: { rounds: 8 } };
  return [
    shortRow("qgd, guaranteed step", {
      algorithm: { kind: "qgd", compressor: randK, stepSize: "theory" },
      stop: { rounds: 8, relativeGradientNormSquared: 0.01 },
    }),
    shortRow("diana, published step", {
      algorithm: { kind: "diana", compressor: randK, stepSize: "published" },
      ...rounds,
    }),
    shortRow("vr-diana, published step", {
      algorithm: { kind: "vr-diana", compressor: randK, batchSize, stepSize: "published", probability: 0.3 },
      ...rounds,
    }),
    shortRow("marina, four times the step, its own probability", {
      algorithm: { ...marina, stepSize: { times: 4 }, probability: 0.3 } as Algorithm,
    }),
    shortRow("gd, step as a number", { algorithm: { kind: "gd", stepSize: 0.5 }, ...rounds }),
    shortRow("marina, largest-row smoothness", { smoothness: "max-row", ...rounds }),
    shortRow("vr-marina, largest-row smoothness", {
      algorithm: methods["vr-marina"](randK),
      smoothness: "max-row",
      ...rounds,
    }),
    shortRow("marina, qsgd with one level", {
      algorithm: methods.marina({ kind: "qsgd", levels: 1 }),
      ...rounds,
    }),
    shortRow("marina, qsgd with 32,767 levels", {
      algorithm: methods.marina({ kind: "qsgd", levels: 32_767 }),
      ...rounds,
    }),
    shortRow("marina, rand-k of all coordinates", {
      algorithm: methods.marina({ kind: "rand-k", k: 112 }),
      ...rounds,
    }),
    ...(["vr-marina", "vr-marina-online", "pp-marina", "vr-diana"] as const).map((method) =>
      shortRow(`${method}, without replacement`, {
        algorithm: { ...methods[method](randK), replacement: false } as Algorithm,
      }),
    ),
    shortRow("marina, another seed, remainder dropped", { seed: 71, remainder: "drop" }),
    shortRow("marina, one worker", { workers: 1 }),
    shortRow("least squares on real labels, diana", {
      data: "mushrooms-real",
      problem: { kind: "least-squares", regularizer: { kind: "l2", lambda: 0.1 } },
      algorithm: methods.diana(randK),
    }),
  ];
}

/** Where state lies, how tasks are packed, when things are stored and evaluated, what ends a run. */
function serviceRows(): Row[] {
  const carried = { shift: "carried" } as const;
  return [
    shortRow(
      "diana, carried shifts",
      { algorithm: { ...methods.diana(randK), ...carried } as Algorithm },
      true,
    ),
    shortRow("diana, carried shifts, natural, float64, packed by four", {
      algorithm: { ...methods.diana({ kind: "natural" }), ...carried } as Algorithm,
      wire: "float64",
      workers: 22,
      shardsPerTask: 4,
    }),
    shortRow("vr-diana, carried shifts", {
      algorithm: { ...methods["vr-diana"](randK), ...carried } as Algorithm,
    }),
    ...(["marina", "diana", "vr-diana", "vr-marina", "pp-marina"] as const).map((method) =>
      shortRow(
        `${method}, packed by four`,
        { algorithm: methods[method](randK), workers: 22, shardsPerTask: 4 },
        method === "vr-diana",
      ),
    ),
    shortRow("marina, packed by auto", { workers: 60, shardsPerTask: "auto" }, true),
    shortRow("marina, stored before the next round", { durability: "strict" }),
    shortRow("diana, checkpoint at every fifth round", {
      algorithm: methods.diana(randK),
      checkpointEvery: 5,
    }),
    shortRow("marina, checkpoint every 0.4 seconds", { checkpointEvery: { seconds: 0.4 } }),
    shortRow("marina, evaluated at the ends only", { evaluateEvery: 0 }),
    shortRow("pp-marina, evaluated every round", {
      algorithm: methods["pp-marina"](randK),
      evaluateEvery: 1,
    }),
    shortRow("marina until an accuracy", {
      evaluateEvery: 1,
      stop: { rounds: 400, relativeGradientNormSquared: 0.1 },
    }),
    shortRow("gd until an absolute accuracy", {
      algorithm: { kind: "gd" },
      evaluateEvery: 1,
      stop: { rounds: 400, gradientNormSquared: 1e-4 },
    }),
    shortRow("marina until dollars are spent", { stop: { rounds: 400, usd: 0.0003 } }),
    shortRow("marina until a time has passed", { stop: { rounds: 400, seconds: 2 } }),
    shortRow("marina, 300 rounds: records in blocks", { stop: { rounds: 300 }, evaluateEvery: 10 }),
    shortRow("gd that diverges", {
      problem: { kind: "logistic", regularizer: { kind: "l2", lambda: 1 } },
      algorithm: { kind: "gd", stepSize: 100 },
      stop: { rounds: 400 },
    }),
    ...(["gd", "marina", "diana"] as const).map((method) =>
      shortRow(`${method}, vectors through the store`, {
        data: "wide",
        workers: 3,
        problem: { kind: "logistic", regularizer: { kind: "l2", lambda: 0.1 } },
        algorithm: methods[method]({ kind: "rand-k", k: 70_000 }),
        wire: "float64",
        stop: { rounds: 3 },
        evaluateEvery: 2,
      }),
    ),
  ];
}

/** Runs whose workers or participants change while they continue. */
function elasticRows(): Row[] {
  const stop = { rounds: 40 };
  const waiting = [{ workers: 5 }, { fromRound: 10, workers: 8 }, { fromRound: 25, workers: 3 }];
  return [
    shortRow("marina, elastic by rounds", { workers: waiting, stop }, true),
    shortRow("vr-marina, elastic, dense rounds forced", {
      algorithm: methods["vr-marina"](randK),
      workers: [{ workers: 5 }, { fromRound: 10, workers: 8, denseRound: "force" }],
      stop: { rounds: 20 },
    }),
    shortRow("gd, elastic by rounds", { algorithm: { kind: "gd" }, workers: waiting, stop: { rounds: 30 } }),
    shortRow("marina, elastic by accuracy, packed", {
      workers: [{ workers: 8 }, { fromRelativeGradientNormSquared: 0.5, workers: 4, denseRound: "force" }],
      shardsPerTask: 3,
      evaluateEvery: 1,
      stop,
    }),
    shortRow("marina, elastic by seconds", {
      workers: [{ workers: 5 }, { fromSeconds: 1, workers: 7, denseRound: "force" }],
      stop,
    }),
    shortRow("marina, elastic by dollars a round", {
      workers: { usdPerRound: 0.00003, atLeast: 3, atMost: 12 },
      stop,
    }),
    shortRow("vr-marina-online, elastic by rounds", {
      algorithm: methods["vr-marina-online"](randK),
      workers: waiting,
      stop,
    }),
    shortRow(
      "pp-marina, participants by rounds",
      {
        algorithm: {
          kind: "pp-marina",
          compressor: randK,
          participants: [{ participants: 2 }, { fromRound: 7, participants: 4 }],
        },
      },
      true,
    ),
    shortRow("pp-marina, participants and workers by rounds", {
      algorithm: {
        kind: "pp-marina",
        compressor: randK,
        participants: [{ participants: 2 }, { fromRelativeGradientNormSquared: 0.7, participants: 3 }],
      },
      workers: [{ workers: 5 }, { fromRound: 10, workers: 8, denseRound: "force" }],
      evaluateEvery: 1,
      stop,
    }),
  ];
}

/** Networks over images: both precisions, every kind of layer, every method once. */
function networkRows(): Row[] {
  const mlp: RunSpecInput["problem"] = {
    kind: "network",
    input: [64],
    layers: [{ dense: 12 }, { activation: "tanh" }, { dense: 10 }],
    loss: "softmax-cross-entropy",
    regularizer: { kind: "l2", lambda: 1e-3 },
  };
  const convolution: RunSpecInput["problem"] = {
    kind: "network",
    layers: [
      { conv2d: { filters: 4, kernel: [3, 3], padding: "same" } },
      { activation: "relu" },
      { avgPool2d: { window: [2, 2], stride: [2, 2] } },
      { residual: { layers: [{ groupNorm: { groups: 2 } }, { activation: "gelu-tanh" }] } },
      { flatten: true },
      { dense: 10 },
    ],
    loss: "softmax-cross-entropy",
  };
  const row = (
    name: string,
    change: Pick<RunSpecInput, "algorithm"> & Partial<RunSpecInput>,
    fast = false,
  ): Row => {
    const common = { ...short, problem: mlp, stop: { rounds: 6 } };
    return { name: `network, ${name}`, spec: { ...common, ...change, data: "digits" }, fast };
  };
  return [
    ...methodNames.map((method) =>
      row(method, { algorithm: { ...methods[method](randK), stepSize: 0.1 } }, method === "marina"),
    ),
    row("marina, float32", {
      algorithm: { ...methods.marina(randK), stepSize: 0.1 },
      problem: { ...mlp, precision: "float32" } as typeof mlp,
    }),
    row("vr-marina, convolution, held-out", {
      algorithm: { ...methods["vr-marina"](randK), stepSize: 0.05 },
      problem: convolution,
      stop: { rounds: 4 },
      heldOut: { data: "digits-test", every: 2 },
    }),
    row("marina, elastic, packed", {
      algorithm: { ...methods.marina(randK), stepSize: 0.1 },
      workers: [{ workers: 5 }, { fromRound: 3, workers: 8, denseRound: "force" }],
      shardsPerTask: 3,
    }),
  ];
}

/** Iterates in float32: in tasks, as deltas, with a reference point, of a network. */
function float32Rows(): Row[] {
  const iterate = "float32";
  return [
    ...methodNames.map((method) =>
      shortRow(
        `${method}, iterates in float32`,
        { algorithm: methods[method](randK), iterate, start: { uniform: 0.5 } },
        method === "marina",
      ),
    ),
    shortRow("marina, iterates in float32 as deltas", { iterate, downlink: "deltas" }, true),
    shortRow("diana, carried shifts, iterates in float32, packed by four", {
      algorithm: { ...methods.diana(randK), shift: "carried" } as Algorithm,
      iterate,
      workers: 22,
      shardsPerTask: 4,
    }),
  ];
}

/** Gradients that go to the next round through the store: by each method that needs them, where few take part, in packs. */
function keptRows(): Row[] {
  const reuse = "store" as const;
  return [
    shortRow("marina, gradients kept", { algorithm: methods.marina(randK), reuse }, true),
    shortRow("dasha, gradients kept", { algorithm: methods.dasha(randK), reuse }),
    shortRow("pp-marina, gradients kept, elastic, packed", {
      algorithm: { kind: "pp-marina", compressor: randK, participants: 4 },
      workers: [{ workers: 7 }, { fromRound: 6, workers: 9, denseRound: "force" }],
      shardsPerTask: 2,
      reuse,
    }),
    shortRow("marina, gradients kept, deltas", {
      algorithm: methods.marina(randK),
      downlink: "deltas",
      reuse,
    }),
  ];
}

export const rows: readonly Row[] = [
  ...methodRows(),
  ...jointRows(),
  ...contractiveRows(),
  ...dashaRows(),
  ...samplingAndStepRows(),
  ...dataRows(),
  ...problemRows(),
  ...parameterRows(),
  ...serviceRows(),
  ...elasticRows(),
  ...networkRows(),
  ...float32Rows(),
  ...keptRows(),
];
