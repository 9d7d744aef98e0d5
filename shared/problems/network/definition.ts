/**
 * Neural networks: layers over a row, and a loss of what they give.
 *
 *     f_i(x) = (1/m) sum_l loss(outputs(row_il; x), label_il) + reg(x)
 *
 * x is all weights, biases and gains in order of declaration, each row-major; reg goes over all of them. The network becomes a
 * row program (`layers.ts`), whose computing and memory are known before it runs; its kernels are started where it is computed only.
 * @example { "kind": "network", "layers": [{ "dense": 32 }, { "activation": "tanh" }, { "dense": 10 }], "loss": "softmax-cross-entropy" }
 */
import * as z from "zod";
import { type DataForm, type DataLabels, defineProblem, type Predicts, type Problem } from "../problem.ts";
import { regularizer, regularizerText } from "../regularizers.ts";
import { networkProgram } from "./layers.ts";
import { dimensionOf, type LabelForm, type RowProgram } from "./program.ts";
import { type LayerSpec, type LossName, narrowLayer, networkFields } from "./spec.ts";
import { drawStart } from "./start.ts";
import { checkWork, workOf } from "./work.ts";

const schema = z.strictObject({ kind: z.literal("network"), ...networkFields, regularizer });
export type NetworkProblemSpec = z.output<typeof schema>;

/** Labels by loss, those that suit it best first. */
const LABELS: Readonly<Record<LossName, readonly DataLabels["kind"][]>> = {
  "softmax-cross-entropy": ["classes"],
  squared: ["real", "classes", "binary"],
  huber: ["real", "classes", "binary"],
  reconstruction: ["real", "classes", "binary"],
  logistic: ["binary"],
  "nonconvex-binary": ["binary"],
};

const PREDICTS: Readonly<Record<LossName, Predicts>> = {
  "softmax-cross-entropy": "labels by softmax",
  squared: "labels",
  huber: "labels",
  reconstruction: "nothing",
  logistic: "labels by logistic",
  "nonconvex-binary": "labels by logistic",
};

/** Below this the rounding of float32 may be what is left of |grad f|^2 / |grad f(x^0)|^2. */
const FLOAT32_FLOOR = 1e-6;

export const network = defineProblem({
  schema,
  example: {
    kind: "network",
    layers: [{ dense: 3 }, { activation: "tanh" }, { dense: 1 }],
    loss: "squared",
    regularizer: { kind: "l2", lambda: 0.01 },
  },
  label({ layers, loss, precision, regularizer }) {
    const single = precision === "float32" ? ", float32" : "";
    return `network ${layers.map(layerText).join(" ")}, ${lossName(loss)}${single}${regularizerText(regularizer)}`;
  },
  labels: ({ loss }) => LABELS[lossName(loss)],
  start: "model",
  smoothness: {
    unknown:
      'a network has no smoothness constants that could be known beforehand, and theory makes step sizes of them; give a number ("algorithm": { ..., "stepSize": 0.1 }), let marina tune find one, or take "measured"',
  },
  warning({ precision }, { relativeGradientNormSquared: target }) {
    if (precision !== "float32" || target === undefined || target >= FLOAT32_FLOOR) return undefined;
    return `float32: differences of gradients have a noise of about 1e-8 of a gradient, so relativeGradientNormSquared ${target} may never be reached (${FLOAT32_FLOOR} can be); take float64`;
  },
  open,
});

function open(spec: NetworkProblemSpec, data: DataForm): Problem {
  const program = programOf(spec, data);
  const work = workOf(program, spec.precision ?? "float64");
  checkWork(work);
  return {
    parameters: {
      dimension: dimensionOf(program),
      blocks: program.parameters.map(({ name, shape, offset }) => ({ name, shape, offset })),
    },
    advice: "take smaller layers",
    start: (stream) => drawStart(program, stream),
    rows: "dense",
    predicts: PREDICTS[lossName(spec.loss)],
    work: (rows) => ({ rows, nonZeros: 0, flop: rows * work.gradientFlop }),
    evaluatorBytes: work.kernelBytes,
  };
}

/** The row program that a spec comes to over such data. */
export function programOf(spec: NetworkProblemSpec, { shape, labels }: DataForm): RowProgram {
  const { kind: _kind, regularizer: _regularizer, precision: _precision, ...fields } = spec;
  return networkProgram(fields, { shape, label: labelForm(labels) });
}

function labelForm(labels: DataLabels): LabelForm {
  return labels.kind === "classes" ? { kind: "classes", count: labels.names.length } : labels;
}

function lossName(loss: NetworkProblemSpec["loss"]): LossName {
  return typeof loss === "string" ? loss : loss.kind;
}

/** "32 tanh 10" */
function layerText(layer: LayerSpec): string {
  const narrow = narrowLayer(layer);
  switch (narrow.kind) {
    case "dense":
      return String(narrow.outputs);
    case "activation":
      return narrow.activation;
    case "conv2d":
      return `conv ${narrow.kernel.join("x")} ${narrow.filters}`;
    case "residual":
      return `residual(${narrow.layers.map(layerText).join(" ")})`;
    default:
      return narrow.kind;
  }
}
