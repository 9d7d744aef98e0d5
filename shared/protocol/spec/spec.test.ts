import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { MarinaError } from "../../base/errors.ts";
import { openProblem } from "../../problems/registry.ts";
import { exampleSpec } from "../testing/samples.ts";
import { parseRunSpec, runSpecJsonSchema } from "./spec.ts";
import { startingPoint } from "./start.ts";

/** The message of the error that a value gives. */
function complaint(value: unknown): string {
  try {
    parseRunSpec(value, "spec.json");
  } catch (error) {
    if (error instanceof MarinaError && error.code === "spec") return error.message;
    throw error;
  }
  return "none";
}

/** A complete spec with a small network. */
const networkWith = (change: object) => ({
  ...exampleSpec,
  algorithm: { kind: "gd", stepSize: 0.1 },
  problem: { kind: "network", layers: [{ dense: 10 }], loss: "softmax-cross-entropy", ...change },
});
const convolution = {
  conv2d: {
    filters: 4,
    kernel: [3, 3],
    padding: [
      [1, 1],
      [1, 1],
    ],
  },
};

const { algorithm: _algorithm, ...withoutAlgorithm } = exampleSpec;
const withAlgorithm = (algorithm: unknown) => ({ ...withoutAlgorithm, algorithm });
const randK = { kind: "rand-k", k: 10 };

describe("the example", () => {
  it("is completed by the documented defaults", () => {
    expect(parseRunSpec(exampleSpec, "spec.json")).toEqual({
      name: "example",
      data: "mushrooms",
      workers: 5,
      remainder: "spread",
      problem: { kind: "nonconvex-binary" },
      smoothness: "exact",
      algorithm: { kind: "marina", compressor: randK, probability: "theory", stepSize: "theory" },
      start: "zeros",
      seed: 1,
      stop: { rounds: 100 },
      evaluateEvery: 1,
      wire: "float32",
      checkpointEvery: 1,
      durability: "write-behind",
    });
  });

  it("stays as it is when parsed again", () => {
    const once = parseRunSpec(exampleSpec, "spec.json");
    expect(parseRunSpec(once, "spec.json")).toEqual(once);
  });

  it("keeps what it says itself", () => {
    const own = {
      $schema: "../run.schema.json",
      remainder: "drop",
      smoothness: "max-row",
      start: { uniform: 0.5 },
      seed: 7,
      evaluateEvery: 0,
      wire: "float64",
      checkpointEvery: 9,
      durability: "strict",
    } as const;
    expect(parseRunSpec({ ...exampleSpec, ...own }, "spec.json")).toMatchObject(own);
  });
});

describe("defaults of each method", () => {
  const step = { stepSize: "theory" };
  const coin = { probability: "theory" };
  it.each([
    [{ kind: "gd" }, step],
    [{ kind: "qgd", compressor: { kind: "natural" } }, step],
    [{ kind: "diana", compressor: { kind: "l2-quantization" } }, step],
    [
      { kind: "vr-diana", compressor: randK, batchSize: 17 },
      { ...step, ...coin, replacement: true },
    ],
    [
      { kind: "marina", compressor: { kind: "identity" } },
      { ...step, ...coin },
    ],
    [
      { kind: "vr-marina", compressor: { kind: "qsgd", levels: 3 }, batchSize: 1 },
      { ...step, ...coin, replacement: true },
    ],
    [
      { kind: "vr-marina-online", compressor: randK, batchSize: 17, largeBatchSize: 100 },
      { ...step, ...coin, replacement: true },
    ],
    [
      { kind: "pp-marina", compressor: randK, participants: 2 },
      { ...step, ...coin, replacement: true },
    ],
  ])("%o", (written, defaults) => {
    expect(parseRunSpec(withAlgorithm(written), "spec.json").algorithm).toEqual({ ...written, ...defaults });
  });
});

describe("each kind of mistake is named with its path, what was expected and what came", () => {
  it.each<[string, unknown, string | RegExp]>([
    [
      "an unknown field",
      { ...exampleSpec, worker: 5 },
      'spec.json: worker: unknown field; did you mean "workers"?',
    ],
    [
      "an unknown field of a method",
      withAlgorithm({ kind: "marina", compressor: randK, probabilty: 1 }),
      'spec.json: algorithm.probabilty: unknown field; did you mean "probability"?',
    ],
    [
      "another method's field",
      withAlgorithm({ kind: "marina", compressor: randK, batchSize: 17 }),
      "spec.json: algorithm.batchSize: unknown field; known here: kind, compressor, aggregation, probability, stepSize",
    ],
    [
      "an unknown field of a compressor",
      withAlgorithm({ kind: "marina", compressor: { ...randK, K: 5 } }),
      'spec.json: algorithm.compressor.K: unknown field; did you mean "k"?',
    ],
    [
      "an unknown method",
      withAlgorithm({ kind: "marian", compressor: randK }),
      'spec.json: algorithm.kind: expected one of "gd", "qgd", "diana", "vr-diana", "marina", "vr-marina", "vr-marina-online", "pp-marina", "ef21", "dasha", got "marian"; did you mean "marina"?',
    ],
    [
      "a missing method",
      withAlgorithm({ compressor: randK }),
      'spec.json: algorithm.kind: expected one of "gd", "qgd", "diana", "vr-diana", "marina", "vr-marina", "vr-marina-online", "pp-marina", "ef21", "dasha", got nothing',
    ],
    [
      "an unknown compressor",
      withAlgorithm({ kind: "marina", compressor: { kind: "randk", k: 5 } }),
      'spec.json: algorithm.compressor.kind: expected one of "identity", "rand-k", "l2-quantization", "qsgd", "natural", "perm-k", "composed", got "randk"; did you mean "rand-k"?',
    ],
    [
      "a compressor that is not unbiased",
      withAlgorithm({ kind: "marina", compressor: { kind: "top-k", k: 5 } }),
      'spec.json: algorithm.compressor.kind: expected one of "identity", "rand-k", "l2-quantization", "qsgd", "natural", "perm-k", "composed", got "top-k": top-k is contractive, and this method needs a compressor that is unbiased',
    ],
    [
      "a compressor that is drawn jointly where it can't be",
      withAlgorithm({ kind: "pp-marina", compressor: { kind: "perm-k" }, participants: 2 }),
      'spec.json: algorithm.compressor.kind: expected one of "identity", "rand-k", "l2-quantization", "qsgd", "natural", "composed", got "perm-k": perm-k is drawn for all workers jointly, and a compressed round of pp-marina has not all of them; take marina',
    ],
    [
      "an elastic run whose coordinates are shared out among its workers",
      {
        ...withAlgorithm({ kind: "marina", compressor: { kind: "perm-k" } }),
        remainder: "spread",
        workers: [{ workers: 5 }, { fromRound: 9, workers: 8 }],
      },
      "spec.json: workers: expected one number: perm-k shares the coordinates out among the workers, and can't for every number of them; take a compressor that each worker draws by itself, e.g. rand-k",
    ],
    [
      "an unknown problem",
      { ...exampleSpec, problem: { kind: "logistics" } },
      'spec.json: problem.kind: expected one of "nonconvex-binary", "logistic", "least-squares", "network", "model", got "logistics"; did you mean "logistic"?',
    ],
    [
      "k = 0",
      withAlgorithm({ kind: "marina", compressor: { kind: "rand-k", k: 0 } }),
      "spec.json: algorithm.compressor.k: expected number to be >=1, got 0",
    ],
    [
      "k = 1.5",
      withAlgorithm({ kind: "marina", compressor: { kind: "rand-k", k: 1.5 } }),
      "spec.json: algorithm.compressor.k: expected int, got 1.5",
    ],
    [
      "a missing k",
      withAlgorithm({ kind: "marina", compressor: { kind: "rand-k" } }),
      "spec.json: algorithm.compressor.k: missing; expected number",
    ],
    [
      "a negative step",
      withAlgorithm({ kind: "gd", stepSize: -0.5 }),
      "spec.json: algorithm.stepSize: expected number to be >0, got -0.5",
    ],
    [
      "a step of an unknown name",
      withAlgorithm({ kind: "gd", stepSize: "theorie" }),
      'spec.json: algorithm.stepSize: expected "theory", or "pl", or "measured", or number, or object, got "theorie"',
    ],
    [
      "a probability above one",
      withAlgorithm({ kind: "marina", compressor: randK, probability: 1.5 }),
      "spec.json: algorithm.probability: expected number to be <=1, got 1.5",
    ],
    ["missing stop.rounds", { ...exampleSpec, stop: {} }, "spec.json: stop.rounds: missing; expected number"],
    ["missing stop", { ...exampleSpec, stop: undefined }, "spec.json: stop: missing; expected object"],
    [
      "no rounds",
      { ...exampleSpec, stop: { rounds: 0 } },
      "spec.json: stop.rounds: expected number to be >=1, got 0",
    ],
    ["a text for a number", { ...exampleSpec, seed: "5" }, 'spec.json: seed: expected number, got "5"'],
    [
      "a text for the workers",
      { ...exampleSpec, workers: "5" },
      'spec.json: workers: expected number, or array, or object, got "5"',
    ],
    ["null", { ...exampleSpec, seed: null }, "spec.json: seed: expected number, got null"],
    [
      "no workers in a schedule's entry",
      { ...exampleSpec, workers: [{ workers: 5 }, { fromRound: 10 }] },
      "spec.json: workers[1].workers: missing; expected number",
    ],
    [
      "an unknown field in a schedule's entry",
      { ...exampleSpec, workers: [{ workers: 5 }, { workers: 6, fromRound: 10, denseround: "force" }] },
      'spec.json: workers[1].denseround: unknown field; did you mean "denseRound"?',
    ],
    [
      "an entry that waits for nothing",
      { ...exampleSpec, workers: [{ workers: 5 }, { workers: 6 }] },
      "spec.json: workers[1]: expected exactly one of fromRound, fromRelativeGradientNormSquared, fromSeconds, got none",
    ],
    [
      "an entry that waits for two things",
      { ...exampleSpec, workers: [{ workers: 5 }, { workers: 6, fromRound: 3, fromSeconds: 3 }] },
      "spec.json: workers[1]: expected exactly one of fromRound, fromRelativeGradientNormSquared, fromSeconds, got fromRound, fromSeconds",
    ],
    [
      "a first entry that waits",
      { ...exampleSpec, workers: [{ workers: 5, fromRound: 1 }] },
      'spec.json: workers[0]: expected the first entry to count from the start: "fromRound": 0, or no "from" at all',
    ],
    [
      "rounds that go back",
      {
        ...exampleSpec,
        workers: [{ workers: 5 }, { workers: 6, fromRound: 9 }, { workers: 7, fromRound: 9 }],
      },
      "spec.json: workers[2].fromRound: expected more than 9, the round of an entry before it, got 9",
    ],
    [
      "a target whose ends are the wrong way round",
      { ...exampleSpec, workers: { usdPerRound: 1, atLeast: 9, atMost: 3 } },
      "spec.json: workers.atMost: expected at least 9 (atLeast), got 3",
    ],
    [
      "a schedule for workers that remember",
      { ...withAlgorithm({ kind: "diana", compressor: randK }), workers: [{ workers: 5 }] },
      "spec.json: workers: expected one number: the workers of diana remember a shift each, which belongs to their rows; take a method without worker memory, e.g. marina",
    ],
    [
      "a schedule with rows that are dropped",
      { ...exampleSpec, remainder: "drop", workers: [{ workers: 5 }] },
      'spec.json: workers: expected one number: with "remainder": "drop" the rows in use, and so f itself, depend on the number of workers; use "spread"',
    ],
    [
      "an entry that waits for norms that are not evaluated",
      {
        ...exampleSpec,
        evaluateEvery: 0,
        workers: [{ workers: 5 }, { workers: 6, fromRelativeGradientNormSquared: 0.1 }],
      },
      "spec.json: evaluateEvery: expected at least 1: an entry of a schedule waits for the gradient norm, which must be evaluated",
    ],
    [
      "a schedule with more participants than workers without replacement",
      withAlgorithm({
        ...{ kind: "pp-marina", compressor: randK, replacement: false },
        participants: [{ participants: 2 }, { participants: 6, fromRound: 9 }],
      }),
      "spec.json: algorithm.participants: expected at most 5 (the workers) when drawn without replacement, got 6",
    ],
    [
      "workers that are too many",
      { ...exampleSpec, workers: 1e7 },
      "spec.json: workers: expected number to be <=1000000, got 10000000",
    ],
    [
      "a word that is not one of the few",
      { ...exampleSpec, wire: "float16" },
      'spec.json: wire: expected one of "float32"|"float64", got "float16"',
    ],
    [
      "a name that can't be part of a key",
      { ...exampleSpec, name: "../etc" },
      'spec.json: name: expected 1 to 64 of a-z 0-9 . _ -, beginning with a letter or digit, got "../etc"',
    ],
    ["a list for the whole", [], "spec.json: (the whole value): expected object, got []"],
    ["nothing", undefined, "spec.json: (the whole value): missing; expected object"],
    [
      "a step by theory for a network",
      { ...networkWith({}), algorithm: { kind: "gd" } },
      /^spec\.json: algorithm\.stepSize: expected a number or "measured", got "theory": a network has no smoothness constants .*"stepSize": 0\.1.*marina tune/,
    ],
    [
      "a multiple of a step by theory for a network",
      { ...networkWith({}), algorithm: { kind: "gd", stepSize: { times: 2 } } },
      /^spec\.json: algorithm\.stepSize: expected a number or "measured", got \{"times":2\}: a network/,
    ],
    [
      "another name of a step by theory for a network",
      { ...networkWith({}), algorithm: { kind: "qgd", compressor: randK, stepSize: "practical" } },
      /^spec\.json: algorithm\.stepSize: expected a number or "measured", got "practical": a network/,
    ],
    [
      "other constants for a network, which has none",
      { ...networkWith({}), smoothness: "max-row" },
      /^spec\.json: smoothness: expected it to be left out: a network/,
    ],
    [
      "an unknown layer of a network",
      networkWith({ layers: [{ dence: 3 }] }),
      /^spec\.json: \n {2}problem\.layers\[0\]\.dence: unknown field.*\n {2}problem\.layers\[0\]: expected exactly one of dense, /s,
    ],
    [
      "batch normalisation in a network, with the reason",
      networkWith({ layers: [{ batchNorm: {} }] }),
      /mixes the rows of a batch, so f would be no sum over rows; use layerNorm or groupNorm instead/,
    ],
    [
      "a rule on the gradient norm without evaluations",
      { ...exampleSpec, evaluateEvery: 0, stop: { rounds: 9, gradientNormSquared: 1 } },
      "spec.json: evaluateEvery: expected at least 1: a stopping rule on the gradient norm needs evaluations",
    ],
    [
      "more participants than workers without replacement",
      withAlgorithm({ kind: "pp-marina", compressor: randK, participants: 6, replacement: false }),
      "spec.json: algorithm.participants: expected at most 5 (the workers) when drawn without replacement, got 6",
    ],
  ])("%s", (_name, value, message) => {
    if (typeof message === "string") expect(complaint(value)).toBe(message);
    else expect(complaint(value)).toMatch(message);
  });

  it("x^0 is the model's for networks, zero for the others, and what the spec says where it says something", () => {
    expect(parseRunSpec(networkWith({}), "spec.json").start).toBe("model");
    expect(parseRunSpec({ ...networkWith({}), start: "zeros" }, "spec.json").start).toBe("zeros");
    expect(parseRunSpec(exampleSpec, "spec.json").start).toBe("zeros");
  });

  it("several at once, a line for each", () => {
    const lines = complaint({ ...exampleSpec, workers: 0, seeds: 3, stop: {} }).split("\n");
    expect(lines[0]).toBe("spec.json: ");
    expect(lines.slice(1).sort()).toEqual([
      '  seeds: unknown field; did you mean "seed"?',
      "  stop.rounds: missing; expected number",
      "  workers: expected number to be >=1, got 0",
    ]);
  });

  it("twenty at most, and how many more there are", () => {
    const foreign = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`field${i}`, i]));
    const lines = complaint({ ...exampleSpec, ...foreign }).split("\n");
    expect(lines).toHaveLength(22);
    expect(lines.at(-1)).toBe("  and 480 more");
  });
});

it("more participants than workers are allowed with replacement", () => {
  const spec = withAlgorithm({ kind: "pp-marina", compressor: randK, participants: 9 });
  expect(parseRunSpec(spec, "spec.json").algorithm).toMatchObject({ participants: 9, replacement: true });
});

/** A linear problem with so many parameters. */
const parametersOf = (features: number) =>
  openProblem({ kind: "logistic" }, { name: "t", features, shape: [features], labels: { kind: "binary" } });

describe("the starting point", () => {
  it("is zero by default", () => {
    expect(startingPoint(parseRunSpec(exampleSpec, "spec.json"), parametersOf(3))).toEqual(
      new Float64Array(3),
    );
  });

  it("is uniform in [-a, a): mean 0 and variance a^2/3 within five standard errors, another for another seed", () => {
    const d = 10_000;
    const at = (seed: number) =>
      startingPoint(
        parseRunSpec({ ...exampleSpec, start: { uniform: 2 }, seed }, "spec.json"),
        parametersOf(d),
      );
    const x = at(1);
    expect(Math.min(...x)).toBeGreaterThanOrEqual(-2);
    expect(Math.max(...x)).toBeLessThan(2);
    const mean = x.reduce((sum, entry) => sum + entry, 0) / d;
    const square = x.reduce((sum, entry) => sum + entry * entry, 0) / d;
    // Var(X) = a^2/3 and Var(X^2) = 4 a^4/45 for X uniform in [-a, a).
    expect(Math.abs(mean)).toBeLessThan(5 * Math.sqrt(4 / 3 / d));
    expect(Math.abs(square - 4 / 3)).toBeLessThan(5 * Math.sqrt((4 * 16) / 45 / d));
    expect(at(1)).toEqual(x);
    expect(at(2)).not.toEqual(x);
  });
});

/** As much of JSON Schema as the spec's schema uses, read literally: an oracle for what editors will accept. */
interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean;
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly pattern?: string;
  readonly items?: Schema | false;
  readonly prefixItems?: readonly Schema[];
  readonly not?: Schema;
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
  readonly minItems?: number;
  readonly maxItems?: number;
}

const UNDERSTOOD = new Set(
  "type properties required additionalProperties oneOf anyOf const enum minimum maximum exclusiveMinimum minItems maxItems items pattern default description title $schema prefixItems not $ref $defs id".split(
    " ",
  ),
);

function accepts(schema: Schema, value: unknown, root = schema): boolean {
  if (schema.$ref !== undefined) return accepts(root.$defs![schema.$ref.split("/").at(-1)!]!, value, root);
  if (schema.not !== undefined) return !accepts(schema.not, value, root);
  for (const key of Object.keys(schema)) if (!UNDERSTOOD.has(key)) throw new Error(`schema keyword ${key}`);
  if (
    schema.oneOf !== undefined &&
    schema.oneOf.filter((option) => accepts(option, value, root)).length !== 1
  )
    return false;
  if (schema.anyOf !== undefined && !schema.anyOf.some((option) => accepts(option, value, root)))
    return false;
  if ("const" in schema && value !== schema.const) return false;
  if (schema.enum !== undefined && !schema.enum.includes(value)) return false;
  switch (schema.type) {
    case undefined:
      return true;
    case "string":
      return (
        typeof value === "string" && (schema.pattern === undefined || new RegExp(schema.pattern).test(value))
      );
    case "boolean":
      return typeof value === "boolean";
    case "integer":
    case "number":
      return (
        typeof value === "number" &&
        (schema.type === "number" || Number.isInteger(value)) &&
        value >= (schema.minimum ?? -Infinity) &&
        value <= (schema.maximum ?? Infinity) &&
        value > (schema.exclusiveMinimum ?? -Infinity)
      );
    case "object": {
      if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
      const properties = schema.properties ?? {};
      const keys = Object.keys(value);
      return (
        (schema.required ?? []).every((key) => keys.includes(key)) &&
        (schema.additionalProperties !== false || keys.every((key) => key in properties)) &&
        Object.entries(value).every(
          ([key, inner]) => properties[key] === undefined || accepts(properties[key], inner, root),
        )
      );
    }
    case "array":
      return (
        Array.isArray(value) &&
        value.length >= (schema.minItems ?? 0) &&
        value.length <= (schema.maxItems ?? Infinity) &&
        value.every((item, i) => {
          const schemaOf = schema.prefixItems?.[i] ?? schema.items;
          if (typeof schemaOf === "boolean") return schemaOf;
          return schemaOf === undefined || accepts(schemaOf, item, root);
        })
      );
    default:
      throw new Error(`schema type ${schema.type}`);
  }
}

describe("the JSON schema", () => {
  const schema = runSpecJsonSchema() as Schema;

  it.each<[string, unknown]>([
    ["the example", exampleSpec],
    ["a completed spec", parseRunSpec(exampleSpec, "spec.json")],
    ["a schema's address", { ...exampleSpec, $schema: "x" }],
    ["a multiple of the step", withAlgorithm({ kind: "gd", stepSize: { times: 4 } })],
    ["a number as step", withAlgorithm({ kind: "gd", stepSize: 0.1 })],
    ["a uniform start", { ...exampleSpec, start: { uniform: 1 } }],
    [
      "a regulariser",
      { ...exampleSpec, problem: { kind: "logistic", regularizer: { kind: "l2", lambda: 0 } } },
    ],
    ["a network", networkWith({})],
    ["a network with a residual", networkWith({ layers: [{ residual: { layers: [{ dense: 3 }] } }] })],
    [
      "a network with a convolution",
      networkWith({ layers: [convolution, { flatten: true }, { dense: 10 }] }),
    ],
    [
      "a network with a kernel of three sides",
      networkWith({ layers: [{ conv2d: { filters: 1, kernel: [3, 3, 3] } }] }),
    ],
    ["a network that normalises batches", networkWith({ layers: [{ batchNorm: {} }] })],
    ["a network without layers", networkWith({ layers: [] })],
    ["a network with an unknown activation", networkWith({ layers: [{ activation: "step" }] })],
    [
      "all of a method",
      withAlgorithm({
        kind: "vr-diana",
        compressor: randK,
        batchSize: 1,
        replacement: false,
        probability: 0.5,
        stepSize: "published",
      }),
    ],
    [
      "both rules",
      { ...exampleSpec, stop: { rounds: 1, relativeGradientNormSquared: 1e-3, gradientNormSquared: 1e-9 } },
    ],
    ["an unknown field", { ...exampleSpec, worker: 1 }],
    ["an unknown method", withAlgorithm({ kind: "adam" })],
    ["another method's field", withAlgorithm({ kind: "gd", compressor: randK })],
    ["k = 0", withAlgorithm({ kind: "qgd", compressor: { kind: "rand-k", k: 0 } })],
    ["a missing compressor", withAlgorithm({ kind: "qgd" })],
    ["a negative step", withAlgorithm({ kind: "gd", stepSize: -1 })],
    ["a step of zero", withAlgorithm({ kind: "gd", stepSize: 0 })],
    ["p = 0", withAlgorithm({ kind: "marina", compressor: randK, probability: 0 })],
    ["p = 1", withAlgorithm({ kind: "marina", compressor: randK, probability: 1 })],
    ["missing rounds", { ...exampleSpec, stop: {} }],
    ["half a worker", { ...exampleSpec, workers: 2.5 }],
    ["a text for a number", { ...exampleSpec, workers: "5" }],
    ["a bad name", { ...exampleSpec, name: "Example" }],
    ["no data", { ...exampleSpec, data: undefined }],
    ["a negative seed", { ...exampleSpec, seed: -1 }],
  ])("accepts and refuses what the parser does: %s", (_name, value) => {
    // As an editor sees it: fields that are undefined are not there.
    const written: unknown = JSON.parse(JSON.stringify(value));
    expect(accepts(schema, written)).toBe(complaint(written) === "none");
  });

  it("describes every field of a spec", () => {
    const bare = Object.entries(schema.properties ?? {}).filter(([name, field]) => {
      return name !== "$schema" && name !== "stop" && !("description" in field);
    });
    expect(bare.map(([name]) => name)).toEqual([]);
  });

  it("is the one that docs/schema/run.schema.json holds (write it anew with: node cli/main.ts schema)", () => {
    const file = new URL("../../../docs/schema/run.schema.json", import.meta.url);
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(JSON.parse(JSON.stringify(runSpecJsonSchema())));
  });
});
