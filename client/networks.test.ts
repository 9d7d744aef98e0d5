/** What is said of a network before anything is spent. */
import { describe, expect, it } from "vitest";
import { dataForm } from "../shared/data/data-form.ts";
import type { Manifest } from "../shared/data/manifest.ts";
import { reference } from "../shared/problems/network/testing/reference-values.ts";
import { openProblem, type ProblemSpec } from "../shared/problems/registry.ts";
import { NETWORK_FLOP_PER_SECOND } from "../shared/protocol/limits.ts";
import { parseRunSpec, type RunSpecInput } from "../shared/protocol/spec/spec.ts";
import { manifestNamed } from "../sweep/testing/manifest.ts";
import { checkRun } from "./launch.ts";
import { taskSeconds } from "./task-seconds.ts";
import { checkMachine } from "./vector-memory.ts";

type Layers = Extract<RunSpecInput["problem"], { kind: "network" }>["layers"];

const tenths = Array.from({ length: 10 }, (_, c) => String(c));
/** 28 x 28 images of ten classes. */
function images(
  rows: number,
  labels: Manifest["labels"] = { kind: "classes", names: tenths, counts: [] },
): Manifest {
  const dense = { shape: [28, 28, 1], scale: 1 / 255, offset: 0 };
  return { ...manifestNamed("images"), rows, featureCount: 784, nonZeros: 784 * rows, labels, dense };
}

function specWith(layers: Layers, change: object = {}, workers = 5, rest: Partial<RunSpecInput> = {}) {
  return parseRunSpec(
    {
      data: "images",
      workers,
      problem: { kind: "network", input: [784], layers, loss: "softmax-cross-entropy", ...change },
      algorithm: { kind: "marina", compressor: { kind: "rand-k", k: 10 }, stepSize: 0.1 },
      stop: { rounds: 10 },
      ...rest,
    },
    "a test",
  );
}
const mlp: Layers = [{ dense: 128 }, { activation: "tanh" }, { dense: 10 }];

describe("a network", () => {
  it("has as many parameters as its weights and biases, whatever the data's features", () => {
    const problem = checkRun(specWith(mlp), images(60_000));
    expect(problem.parameters.dimension).toBe(784 * 128 + 128 + 128 * 10 + 10);
    expect(problem.parameters.blocks.map(({ name, shape }) => [name, shape])).toEqual([
      ["0.dense.weight", [784, 128]],
      ["0.dense.bias", [128]],
      ["2.dense.weight", [128, 10]],
      ["2.dense.bias", [10]],
    ]);
  });

  it("is computed in the time of its operations, at the stated rate", () => {
    const spec = specWith(mlp);
    const manifest = images(60_000);
    const problem = checkRun(spec, manifest);
    // Forward, and back to weights and to hidden values: two operations a weight each; none back to the data.
    const products = 2 * (2 * 784 * 128 + 3 * 128 * 10);
    const rows = 12_000;
    const atLeast = (2 * rows * products) / NETWORK_FLOP_PER_SECOND;
    const { computing } = taskSeconds(spec, manifest, problem, 1769);
    expect(computing).toBeGreaterThan(atLeast);
    expect(computing).toBeLessThan(1.1 * atLeast);
    expect(taskSeconds(spec, manifest, problem, 1769 / 2).computing).toBeCloseTo(2 * computing, 9);
  });

  it("whose tasks take longer than 40 s is refused, with figures and the number of workers that it needs", () => {
    const wide: Layers = [
      { dense: 2048 },
      { activation: "relu" },
      { dense: 2048 },
      { activation: "relu" },
      { dense: 10 },
    ];
    const run = (workers: number) => () => checkRun(specWith(wide, {}, workers), images(60_000));
    expect(run(5)).toThrow(
      /^problem\.layers: a task with 12000 rows at 2 points is [\d,.e+]+ GFLOP, about [\d.]+ s at 8 GFLOP\/s, expected at most 40 s with n = 5: give the spec at least \d+ workers, or take smaller layers$/,
    );
    let message = "";
    try {
      run(5)();
    } catch (error) {
      message = (error as Error).message;
    }
    const enough = Number(/at least (\d+) workers/.exec(message)![1]);
    expect(run(enough)).not.toThrow();
    expect(run(enough - 1)).toThrow(/expected at most 40 s/);
  });

  it("packs as many workers into a task as compute in 15 ms, with the passes over their vectors of d entries", () => {
    for (const rows of [20_000, 2_000]) {
      const problem = openProblem(specWith(mlp).problem, dataForm(images(rows)));
      const computing = (shardsPerTask: "auto" | 1) =>
        1000 * taskSeconds(specWith(mlp, {}, 1000, { shardsPerTask }), images(rows), problem, 1769).computing;
      // A task's gradients are at two points, each a vector; of a worker's packed share zeros, differences, rounding and writing are nine passes.
      const pass = problem.parameters.dimension * 1.76e-6;
      const rowsAlone = computing(1) / 2 - pass;
      const packed = Math.round((computing("auto") / 2 - pass) / rowsAlone);
      const each = rowsAlone + 9 * pass;
      expect(packed).toBe(Math.floor(15 / each));
      expect(packed).toBeGreaterThan(1);
    }
  });

  it("too large for the kernels' memory is refused, with what it needs", () => {
    const layers: Layers = [{ dense: 60_000 }, { activation: "relu" }, { dense: 10 }];
    expect(() => checkRun(specWith(layers), images(600))).toThrow(
      /^the network needs \d+ MiB of kernel memory, expected at most 1024 MiB; use smaller layers, or float32$/,
    );
    expect(() => checkRun(specWith([{ dense: 1_000_000 }, { dense: 10 }]), images(600))).toThrow(
      /parameters/,
    );
  });

  it("too large for a machine's memory is refused with its vectors and smaller layers as the way", () => {
    const spec = specWith([{ dense: 8192 }, { activation: "relu" }, { dense: 10 }], {}, 50);
    const problem = checkRun(spec, images(600));
    expect(() => checkMachine(spec, images(600), problem, 1e9)).toThrow(
      /d = 6512650 of data set "images" .* this machine has 1\.0 GB; take fewer workers, or take smaller layers$/,
    );
  });

  it.each<[string, () => void, RegExp]>([
    [
      "layers that do not fit",
      () => checkRun(specWith([{ dense: 8 }, { conv2d: { filters: 2, kernel: [3, 3] } }]), images(60)),
      /problem\.layers\[1\]\.conv2d: .*\[8\]/,
    ],
    [
      "a dense layer over images",
      () => checkRun(specWith(mlp, { input: undefined }), images(60)),
      /problem\.layers\[0\]\.dense: takes a vector, but its input has the shape \[28, 28, 1\]; put \{ "flatten": true \}/,
    ],
    [
      "another input than the data have",
      () => checkRun(specWith(mlp, { input: [64] }), images(60)),
      /problem\.input: \[64\] has 64 entries, a row of the data 784, shape \[28, 28, 1\]/,
    ],
    [
      "fewer outputs than classes",
      () => checkRun(specWith([{ dense: 9 }]), images(60)),
      /problem\.loss: "softmax-cross-entropy" needs one output a class, \[10\], the last layer gives \[9\]/,
    ],
    [
      "classes for a loss of them, where there are none",
      () => checkRun(specWith(mlp), images(60, { kind: "real", min: 0, max: 1 })),
      /problem: expected "least-squares".*, since data set "images" was imported with real labels; for "network" import it again with classes \(--labels classes\)/,
    ],
  ])("is refused with %s", (_, check, message) => {
    expect(check).toThrow(message);
    expect(check).toThrow(expect.objectContaining({ code: "spec" }));
  });
});

describe("a linear problem", () => {
  it("is refused over classes, with the network that takes them and the import that makes two of them", () => {
    const spec = parseRunSpec(
      {
        data: "images",
        workers: 2,
        problem: { kind: "logistic" },
        algorithm: { kind: "gd" },
        stop: { rounds: 1 },
      },
      "a test",
    );
    expect(() => checkRun(spec, images(60))).toThrow(
      /problem: expected "network" or "model", since data set "images" was imported with 10 classes \("0", "1", "2", "3", "4", \.\.\.\); for "logistic" import it again with two label values \(.*--positive LABEL\)/,
    );
  });
});

it("the networks of the reference values run as they stand, in a spec with the regulariser beside them", () => {
  for (const { network, targets, d, parameters, name } of reference.cases) {
    const { lambda, ...written } = network;
    const { problem } = parseRunSpec(
      {
        ...{ data: "digits", workers: 1, algorithm: { kind: "gd", stepSize: 0.1 }, stop: { rounds: 1 } },
        problem: { kind: "network", ...written, regularizer: { kind: "l2", lambda } },
      },
      name,
    );
    const labels = { class: "classes", "one-hot": "classes", value: "real", sign: "binary", input: "real" }[
      targets
    ];
    const form = {
      ...{ name: "digits", features: 64, shape: [64] },
      labels: labels === "classes" ? { kind: labels, names: tenths } : { kind: labels },
    } as Parameters<typeof openProblem>[1];
    const opened = openProblem(problem as ProblemSpec, form);
    expect(opened.parameters.dimension).toBe(d);
    expect(opened.parameters.blocks.map(({ shape, offset }) => ({ shape, offset }))).toEqual(
      parameters.map(({ shape, offset }) => ({ shape, offset })),
    );
  }
  expect(reference.cases.length).toBeGreaterThan(20);
});
