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
import { type LayerSpec, type LossName, narrowLayer, networkFields, type Precision } from "./spec.ts";
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

/** What the outputs are that a loss is of. */
const PREDICTS: Readonly<Record<LossName, Predicts>> = {
  "softmax-cross-entropy": "labels by softmax",
  squared: "labels",
  huber: "labels",
  reconstruction: "nothing",
  logistic: "labels by logistic",
  "nonconvex-binary": "labels by logistic",
};

/** Why step sizes by theory are refused. */
export const NO_SMOOTHNESS =
  'a network has no smoothness constants that could be known beforehand, and theory makes step sizes of them; give a number ("algorithm": { ..., "stepSize": 0.1 }), take "measured", an estimate near x^0, or let marina tune find one';

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
  smoothness: { unknown: NO_SMOOTHNESS },
  warning: singleWarning,
  open(spec, data) {
    const predicts = PREDICTS[lossName(spec.loss)];
    return overProgram(programOf(spec, data), { ...spec, predicts, advice: "take smaller layers" });
  },
});

/** What a run in float32 that stops by this rule must be told. */
export function singleWarning(
  { precision }: { readonly precision?: Precision | undefined },
  { relativeGradientNormSquared: target }: { readonly relativeGradientNormSquared?: number },
): string | undefined {
  if (precision !== "float32" || target === undefined || target >= FLOAT32_FLOOR) return undefined;
  return `float32: differences of gradients have a noise of about 1e-8 of a gradient, so relativeGradientNormSquared ${target} may never be reached (${FLOAT32_FLOOR} can be); take float64`;
}

/** A problem whose rows' losses are what a program says. @throws MarinaError "limit" where it takes too much memory. */
export function overProgram(
  program: RowProgram,
  {
    precision = "float64",
    predicts,
    advice,
  }: { readonly precision?: Precision | undefined } & Pick<Problem, "predicts" | "advice">,
): Problem {
  const work = workOf(program, precision);
  checkWork(work);
  return {
    parameters: {
      dimension: dimensionOf(program),
      blocks: program.parameters.map(({ name, shape, offset }) => ({ name, shape, offset })),
    },
    advice,
    predicts,
    start: (stream) => drawStart(program, stream),
    rows: "dense",
    work: (rows) => ({ rows, nonZeros: 0, flop: rows * work.gradientFlop }),
    evaluatorBytes: work.kernelBytes,
  };
}

/** The row program that a spec comes to over such data. */
export function programOf(spec: NetworkProblemSpec, { shape, labels }: DataForm): RowProgram {
  const { kind: _kind, regularizer: _regularizer, precision: _precision, ...fields } = spec;
  return networkProgram(fields, { shape, label: labelFormOf(labels) });
}

/** What a data set's labels are to a program. */
export function labelFormOf(labels: DataLabels): LabelForm {
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
