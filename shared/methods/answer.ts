/** A worker's answer to a request, once the gradients that it needs are computed. Pure: what it must remember it returns. */
import type { Compressor, Draw, Encoded } from "../compressors/index.ts";
import type { Workspace } from "../math/index.ts";
import type { Gradient, RequestDefinition, Vectors, WorkerStateDefinition } from "./method.ts";
import type { WorkerNumbers } from "./theory.ts";

/** All that an answer is made of. */
export interface AnswerSetting {
  readonly request: RequestDefinition;
  /** The request's points, x^t first, */
  readonly points: readonly Float64Array[];
  /** and its gradients, in its order. */
  readonly values: readonly Gradient[];
  /** The worker's state; empty for methods without. */
  readonly own: Vectors;
  /** The identity for a dense request, else the method's. */
  readonly compressor: Compressor;
  readonly draw: Draw;
  /** The rule by which the worker moves its state; undefined where it has none, or need not. */
  readonly state: WorkerStateDefinition | undefined;
  /** What message and state are made with, besides. */
  readonly numbers: WorkerNumbers;
  readonly workspace: Workspace;
}

export interface Answer {
  readonly encoded: Encoded;
  /** What to remember for round t + 1. */
  readonly next: Vectors | undefined;
}

/**
 * The message, compressed, and the worker's next state. That is moved by the message as it decodes: worker and server
 * apply the same rounded numbers.
 * @throws NonFiniteError when a gradient has a NaN or an infinity.
 */
export function answerOf(setting: AnswerSetting): Answer {
  const { request, points, values, own, compressor, draw, state, numbers, workspace } = setting;
  const { dimension } = compressor;
  const message = request.message(values, own, workspace.vector("message", dimension), numbers);
  const encoded = compressor.encode(message, draw);
  if (state === undefined) return { encoded, next: undefined };
  const decoded = workspace.vector("decoded", dimension).fill(0);
  compressor.accumulate(encoded.bytes, draw, decoded);
  return { encoded, next: state.next(own, { request, decoded, computed: { points, values } }, numbers) };
}

/** Which of a request's gradients is the exact one at x^t; -1 where none is. */
export function exactAt({ gradients }: RequestDefinition): number {
  return gradients.findIndex(({ at, rows }) => at === "iterate" && rows === "all");
}

/** Does it need the gradients over all rows at two points? Then a worker that still holds the older is spared half. */
export function isPair({ gradients }: RequestDefinition): boolean {
  return gradients.length === 2 && gradients.every(({ rows, held }) => rows === "all" && held === undefined);
}

/** A state of zeros, as before round 0. */
export function startingState({ vectors }: WorkerStateDefinition, dimension: number): Vectors {
  return Object.fromEntries(vectors.map((name) => [name, new Float64Array(dimension)]));
}
