/** What a run's parameters say of a data set: loss, gradient, accuracy; and what they say of each of its rows. */
import { MarinaError } from "../../shared/base/index.ts";
import type { ObjectStore } from "../../shared/cloud/index.ts";
import { checkHeldOut, type Manifest, problemForm } from "../../shared/data/index.ts";
import { firstNonFinite } from "../../shared/math/index.ts";
import {
  type Evaluator,
  evaluatorOf,
  openProblem,
  type Problem,
  predictionOf,
  type RowOutputs,
} from "../../shared/problems/index.ts";
import type { WhichIterate } from "../../shared/protocol/index.ts";
import { findManifest, findRun } from "../find.ts";
import { readParameters } from "./parameters.ts";
import { type Piece, rowsOf } from "./rows-of.ts";

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
  /** Rows whose class is predicted, where labels are two or more classes. */
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
  /** Of two classes that it is the larger or later one, 1/(1 + exp(-score)); of several that of the predicted one; for losses that mean it so. */
  readonly probability?: number;
}

/**
 * Evaluates a run's x on a data set, in this process.
 * @throws MarinaError "usage" for a data set that x does not belong to, "non-finite" where f(x) is no number, with the first row
 * (and of networks the operation) that it comes from.
 */
export async function evaluate(
  objects: Pick<ObjectStore, "get" | "list">,
  run: string,
  options: EvaluateOptions = {},
): Promise<Evaluation> {
  const model = await openModel(objects, run, options);
  const { round, x, manifest, evaluator, problem } = model;
  const { predicts } = problem;
  const { rows, labels } = manifest;
  const sum = new Float64Array(x.length);
  const gradient = new Float64Array(x.length);
  let loss = 0;
  let correct = 0;
  let squares = 0;
  for await (const piece of piecesOf(objects, model)) {
    const count = piece.rows.rows;
    const weights = { rowWeight: 1 / rows, regularizerWeight: count / rows };
    const own = evaluator.objective(piece.rows, weights).gradient(x, gradient);
    if (!Number.isFinite(own) || firstNonFinite(gradient) >= 0) throw overflow(model, run, piece);
    loss += own;
    for (let j = 0; j < sum.length; j++) sum[j]! += gradient[j]!;
    if (predicts === "nothing") continue;
    const { values, size } = evaluator.outputs(piece.rows, x);
    for (let row = 0; row < count; row++) {
      const y = piece.labels[row]!;
      const prediction = predictionOf(values, row * size, size, labels);
      if (prediction === y) correct++;
      squares += (prediction - y) ** 2;
    }
  }
  let gradientNormSquared = 0;
  for (const entry of sum) gradientNormSquared += entry * entry;
  if (!Number.isFinite(loss + gradientNormSquared)) throw overflow(model, run);
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
  const { x, manifest, evaluator, problem } = model;
  const { predicts } = problem;
  if (predicts === "nothing") {
    throw new MarinaError(
      "usage",
      `run ${run}: its problem's outputs are no labels, so there is nothing to predict; for its loss: marina evaluate ${run}`,
    );
  }
  const told = toldBy(manifest.labels, predicts);
  for await (const { first, rows, labels } of piecesOf(objects, model)) {
    const outputs = evaluator.outputs(rows, x);
    for (let i = 0; i < rows.rows; i++) yield { row: first + i, ...told(outputs, i, labels[i]!) };
  }
}

type Told = (outputs: RowOutputs, row: number, label: number) => Omit<RowPrediction, "row">;

/** How a row's outputs and label are told of a data set with such labels. */
function toldBy(labels: Manifest["labels"], predicts: Problem["predicts"]): Told {
  if (labels.kind === "real") {
    return ({ values, size }, row, label) => ({
      prediction: predictionOf(values, row * size, size, labels),
      label,
    });
  }
  if (labels.kind === "classes") {
    const { names } = labels;
    return ({ values, size }, row, label) => {
      const best = predictionOf(values, row * size, size, labels);
      const z = values.subarray(row * size, (row + 1) * size);
      const probability = predicts === "labels by softmax" ? { probability: 1 / sumOfExp(z, z[best]!) } : {};
      return { prediction: names[best] ?? null, label: names[label]!, ...probability };
    };
  }
  const { negative, positive } = labels.words ?? {
    negative: String(labels.negative),
    positive: String(labels.positive),
  };
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

/** sum of exp(z_c - top): at least 1 where top is the largest. */
function sumOfExp(z: Float64Array, top: number): number {
  return z.reduce((sum, value) => sum + Math.exp(value - top), 0);
}

/** @param piece with the row that it comes from; left out: it is only the sum over rows that is too large */
function overflow({ round, manifest, evaluator, x }: Model, run: string, piece?: Piece): MarinaError {
  const found = piece === undefined ? undefined : evaluator.firstNonFinite(piece.rows, x);
  const operation = found?.operation === undefined ? "" : ` in ${found.operation}`;
  const where =
    piece === undefined || found === undefined
      ? "no single row overflows, their sum does"
      : `row ${piece.first + found.row} of the data set overflows${operation}`;
  return new MarinaError(
    "non-finite",
    `f or its gradient on "${manifest.name}" is no finite number at x^${round} of ${run}: ${where}; the iterate is too large: run again with a smaller step size`,
  );
}

interface Model {
  readonly round: number;
  readonly problem: Problem;
  readonly evaluator: Evaluator;
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
  const { dimension } = parameters.layout;
  const x = parameters.vector;
  if (x.length !== dimension)
    throw new MarinaError("corrupt", `run ${run}: expected ${dimension} parameters, got ${x.length}`);
  const training = await findManifest(objects, spec.data);
  const manifest = data === undefined ? training : await findManifest(objects, data);
  const form = await problemForm(objects, spec.problem, training);
  const problem = openProblem(spec.problem, form);
  const evaluator = evaluatorOf(spec.problem, form);
  return { round: parameters.round, x, training, manifest, problem, evaluator };
}

function piecesOf(
  objects: Pick<ObjectStore, "get">,
  { training, manifest, problem }: Model,
): AsyncGenerator<Piece, void, undefined> {
  checkHeldOut(training, manifest, `data set "${manifest.name}"`);
  return rowsOf(objects, manifest, problem.rows);
}
