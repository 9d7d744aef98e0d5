/** What a run's parameters say of a data set: loss, gradient, accuracy; and what they say of each of its rows. */
import { MarinaError } from "../../shared/base/index.ts";
import type { ObjectStore } from "../../shared/cloud/index.ts";
import { dataForm, type Manifest, withAllEntries } from "../../shared/data/index.ts";
import {
  type Evaluator,
  evaluatorOf,
  openProblem,
  type Predicts,
  type Problem,
  predictionOf,
  type RowOutputs,
  type Rows,
  type Shard,
} from "../../shared/problems/index.ts";
import type { RunSpec, WhichIterate } from "../../shared/protocol/index.ts";
import { findManifest, findRun } from "../find.ts";
import { classNames, likeTraining } from "./like-training.ts";
import { readParameters } from "./parameters.ts";
import { rowsOf } from "./rows-of.ts";

export interface EvaluateOptions {
  /** An imported data set; by default the run's own. */
  readonly data?: string;
  /** Of which x: the last one that is stored (the default), or x^0. */
  readonly at?: WhichIterate;
}

/** x^t over all rows of a data set. */
export interface Evaluation {
  readonly run: string;
  /** t */
  readonly round: number;
  readonly data: string;
  readonly rows: number;
  /** f(x): the mean loss of its rows, and the regulariser. */
  readonly loss: number;
  /** |grad f(x)|^2 */
  readonly gradientNormSquared: number;
  /** Rows whose class is predicted, where labels are classes. */
  readonly correct?: number;
  /** As a share of the rows. */
  readonly accuracy?: number;
  /** sqrt(mean (prediction - label)^2), where labels are numbers. */
  readonly rootMeanSquaredError?: number;
}

/** What x says of one row. */
export interface RowPrediction {
  /** Its number in the data set, from 0. */
  readonly row: number;
  /** The name of a class, or a number; null where x is undecided between two classes. */
  readonly prediction: string | number | null;
  /** What the data set says. */
  readonly label: string | number;
  /** Of two classes: <a, x>, above 0 for the larger or later one. */
  readonly score?: number;
  /** Of two classes that it is the larger or later one: 1/(1 + exp(-score)); of several, the predicted one's by a softmax. For losses that mean it so. */
  readonly probability?: number;
}

/**
 * Evaluates a run's x on a data set, in this process.
 * @throws MarinaError "usage" for a data set that x does not belong to, "non-finite" where f(x) is no number.
 */
export async function evaluate(
  objects: Pick<ObjectStore, "get" | "list">,
  run: string,
  options: EvaluateOptions = {},
): Promise<Evaluation> {
  const model = await openModel(objects, run, options);
  const { round, x, manifest, evaluator, predicts } = model;
  const { rows, labels } = manifest;
  const sum = new Float64Array(x.length);
  const gradient = new Float64Array(x.length);
  let loss = 0;
  let correct = 0;
  let squares = 0;
  for await (const { shard } of piecesOf(objects, model)) {
    const weights = { rowWeight: 1 / rows, regularizerWeight: shard.rows / rows };
    loss += evaluator.objective(shard, weights).gradient(x, gradient);
    for (let j = 0; j < sum.length; j++) sum[j]! += gradient[j]!;
    if (predicts === "nothing") continue;
    const { values, size } = evaluator.outputs(shard, x);
    for (let row = 0; row < shard.rows; row++) {
      const y = shard.labels[row]!;
      const prediction = predictionOf(values, row * size, size, labels);
      if (prediction === y) correct++;
      squares += (prediction - y) ** 2;
    }
  }
  let gradientNormSquared = 0;
  for (const entry of sum) gradientNormSquared += entry * entry;
  if (!Number.isFinite(loss + gradientNormSquared)) {
    throw new MarinaError(
      "non-finite",
      `f or its gradient on "${manifest.name}" is no finite number at x^${round} of ${run}: the iterate is too large`,
    );
  }
  const measured =
    predicts === "nothing"
      ? {}
      : labels.kind === "real"
        ? { rootMeanSquaredError: Math.sqrt(squares / rows) }
        : { correct, accuracy: correct / rows };
  return { run, round, data: manifest.name, rows, loss, gradientNormSquared, ...measured };
}

/**
 * What a run's x predicts of each row of a data set, in its order.
 * @throws MarinaError "usage" for a data set that x does not belong to.
 */
export async function* predictions(
  objects: Pick<ObjectStore, "get" | "list">,
  run: string,
  options: EvaluateOptions = {},
): AsyncGenerator<RowPrediction, void, undefined> {
  const model = await openModel(objects, run, options);
  const { x, manifest, evaluator, predicts } = model;
  if (predicts === "nothing") {
    throw new MarinaError(
      "usage",
      `run ${run}: its problem's outputs are no labels, so there is nothing to predict; for its loss: marina evaluate ${run}`,
    );
  }
  const told = toldBy(manifest.labels, predicts);
  for await (const { first, shard } of piecesOf(objects, model)) {
    const outputs = evaluator.outputs(shard, x);
    for (let i = 0; i < shard.rows; i++) yield { row: first + i, ...told(outputs, i, shard.labels[i]!) };
  }
}

type Told = (outputs: RowOutputs, row: number, label: number) => Omit<RowPrediction, "row">;

/** How a row's outputs and label are told of a data set with such labels. */
function toldBy(labels: Manifest["labels"], predicts: Predicts): Told {
  if (labels.kind === "real") {
    return ({ values, size }, row, label) => ({
      prediction: predictionOf(values, row * size, size, labels),
      label,
    });
  }
  if (labels.kind === "classes") {
    return ({ values, size }, row, label) => {
      const best = predictionOf(values, row * size, size, labels);
      return {
        prediction: labels.names[best] ?? null,
        label: labels.names[label]!,
        ...(predicts === "labels by softmax" ? { probability: softmax(values, row * size, size, best) } : {}),
      };
    };
  }
  const { negative, positive } = classNames(labels);
  return ({ values, size }, row, label) => {
    const score = values[row * size]!;
    return {
      prediction: score > 0 ? positive : score < 0 ? negative : null,
      label: label > 0 ? positive : negative,
      score,
      ...(predicts === "labels by logistic" ? { probability: 1 / (1 + Math.exp(-score)) } : {}),
    };
  };
}

/** exp(z_best) / sum_c exp(z_c), where z_best is the largest. */
function softmax(z: ArrayLike<number>, at: number, size: number, best: number): number {
  let sum = 0;
  for (let c = 0; c < size; c++) sum += Math.exp(z[at + c]! - z[at + best]!);
  return 1 / sum;
}

interface Model {
  readonly spec: RunSpec;
  readonly round: number;
  readonly evaluator: Evaluator;
  readonly problem: Problem;
  readonly predicts: Predicts;
  readonly x: Float64Array;
  readonly training: Manifest;
  /** Of the data set in question. */
  readonly manifest: Manifest;
}

async function openModel(
  objects: Pick<ObjectStore, "get" | "list">,
  run: string,
  { data, at }: EvaluateOptions,
): Promise<Model> {
  const { spec } = await findRun(objects, run);
  const parameters = await readParameters(objects, run, at);
  // Constants of the training set are needed, and are only known where it is what it was.
  const { dimension } = parameters.layout;
  const x = parameters.vector;
  if (x.length !== dimension)
    throw new MarinaError("corrupt", `run ${run}: expected ${dimension} parameters, got ${x.length}`);
  const training = await findManifest(objects, spec.data);
  const manifest = data === undefined ? training : await findManifest(objects, data);
  const problem = openProblem(spec.problem, dataForm(training));
  const evaluator = evaluatorOf(spec.problem, dataForm(training));
  return {
    spec,
    round: parameters.round,
    x,
    training,
    manifest,
    evaluator,
    problem,
    predicts: problem.predicts,
  };
}

async function* piecesOf(
  objects: Pick<ObjectStore, "get">,
  { training, manifest, problem }: Model,
): AsyncGenerator<{ readonly first: number; readonly shard: Rows & Pick<Shard, "labels"> }, void, undefined> {
  const prepare = likeTraining(training, manifest);
  const { shape } = dataForm(training);
  for await (const { first, shard } of rowsOf(objects, manifest)) {
    const rows = prepare(shard);
    const layout = problem.rows === "dense" ? withAllEntries(rows, shape, manifest.object.key) : rows;
    yield { first, shard: layout };
  }
}
