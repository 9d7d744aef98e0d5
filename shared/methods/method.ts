/**
 * What an algorithm is: two pure sides of a synchronous round.
 *
 * All methods share one frame. Message round t = 0, 1, 2, ... is evaluated at the iterate x^t, forms the server's
 * gradient estimate g^t, and takes the step x^{t+1} = x^t - gamma g^t. In the paper's numbering the MARINA family
 * forms g^{k+1} in round k, so its coin c_k belongs to message round t = k + 1 and t = 0 is the dense start.
 *
 * The server side (`Method`) is `plan` (what to ask of whom) and `step` (fold the mean of the messages into the next
 * state). The worker side (`estimate` in `worker.ts`) answers one order. Both are functions of their arguments alone.
 */
import type { CompressorSpec } from "../compressors/index.ts";

/**
 * How the step size is chosen: `theory` from the smoothness constants by the method's convergence theorem,
 * `published` by Theorem 4 of Horvath et al. 2019 (DIANA, VR-DIANA), `practical` (QGD: 1/(L (1 + omega/n)), no
 * guarantee), a number, or a multiple of `theory`.
 */
export type StepSizeSpec = "theory" | "published" | "practical" | number | { readonly times: number };

/**
 * Where DIANA's shifts h_i lie between rounds: each worker's in the object store, or all with the server, which works
 * them out from the messages and sends each worker its own. The same h_i to the bit.
 */
export type ShiftPlace = "stored" | "carried";

interface Shifted {
  /** Default: stored. */
  readonly shift?: ShiftPlace;
}

/** `theory` is zeta/d for MARINA and its like (see `theory.ts`); a number lies in (0, 1]. */
export type ProbabilitySpec = "theory" | number;

interface Compressed {
  readonly compressor: CompressorSpec;
  readonly stepSize: StepSizeSpec;
}

interface Batched {
  /** b, rows of a mini-batch. */
  readonly batchSize: number;
  /** Rows are drawn with replacement (the paper's choice) or without. */
  readonly replacement: boolean;
}

/** @typeParam Participants what stands for r: a number, or (in a run's spec) a schedule of numbers. */
export type AlgorithmSpec<Participants = number> =
  | { readonly kind: "gd"; readonly stepSize: StepSizeSpec }
  | ({ readonly kind: "qgd" } & Compressed)
  | ({ readonly kind: "diana" } & Compressed & Shifted)
  /** `probability`: of moving the reference point; theory b/m. */
  | ({ readonly kind: "vr-diana"; readonly probability: ProbabilitySpec } & Compressed & Batched & Shifted)
  | ({ readonly kind: "marina"; readonly probability: ProbabilitySpec } & Compressed)
  | ({ readonly kind: "vr-marina"; readonly probability: ProbabilitySpec } & Compressed & Batched)
  | ({
      readonly kind: "vr-marina-online";
      readonly probability: ProbabilitySpec;
      /** B, rows drawn for a dense round. */
      readonly largeBatchSize: number;
    } & Compressed &
      Batched)
  | ({
      readonly kind: "pp-marina";
      readonly probability: ProbabilitySpec;
      /** r, slots of a compressed round. */
      readonly participants: Participants;
      /** Slots are drawn with replacement (Algorithm 4) or without. */
      readonly replacement: boolean;
    } & Compressed);

export type AlgorithmKind = AlgorithmSpec["kind"];

/** The server's state: named vectors of length d, nothing else, so that one codec stores every method's. */
export type Vectors = Readonly<Record<string, Float64Array>>;

/** Which rows an estimate uses. */
export type Rows = "all" | "batch" | "large-batch";

/** What one slot of a round is asked to send. x is the iterate x^t. */
export type Order =
  /** grad f_i(x), sent dense, or compressed (QGD). */
  | { readonly kind: "full"; readonly x: Float64Array; readonly rows: Rows; readonly compressed: boolean }
  /** Q(grad f_i(x) - grad f_i(w)), w = x^{t-1}; with `batch` the same rows at both points. */
  | { readonly kind: "difference"; readonly x: Float64Array; readonly w: Float64Array; readonly rows: Rows }
  /** Q(grad f_i(x) - h_i); the worker's shift then moves by alpha times the message. */
  | { readonly kind: "shifted"; readonly x: Float64Array }
  /** Q(v_i - h_i), v_i = grad f_J(x) - grad f_J(w) + grad f_i(w), w the reference point. */
  | { readonly kind: "shifted-reduced"; readonly x: Float64Array; readonly w: Float64Array };

export interface Plan {
  readonly order: Order;
  /** Slot -> worker. All workers in order, or the r slots of a PP-MARINA round (repeats allowed). */
  readonly workers: Uint32Array;
  /** VR-DIANA: the reference point moves to x^t after this round (u_k = 1). Elsewhere false. */
  readonly refresh: boolean;
}

/** The server's random choices of one round, made before any worker computes. */
export interface ServerDraws {
  /** True with this probability; the same answer however often it is asked in one round. */
  coin(probability: number): boolean;
  /** `count` workers out of `workers`, i.i.d. uniform or (without replacement) a uniform subset in increasing order. */
  slots(count: number, workers: number, replacement: boolean): Uint32Array;
}

/** The numbers that a method runs with, resolved from its spec by `theory.ts`. */
export interface Parameters {
  /** n */
  readonly workers: number;
  /** gamma */
  readonly stepSize: number;
  /** p (MARINA family), q (VR-DIANA); 1 where the method has none. */
  readonly probability: number;
  /** alpha = 1/(1 + omega), the shift's step (DIANA, VR-DIANA). */
  readonly shiftStep: number;
}

export interface Method<State extends Vectors = Vectors> {
  readonly kind: AlgorithmKind;
  /** The state before round 0; copies x0. */
  start(x0: Float64Array): State;
  /** What round t asks of whom. */
  plan(state: State, round: number, draws: ServerDraws): Plan;
  /** The state after round t, given the mean of the slots' decoded messages. Changes none of its arguments. */
  step(state: State, plan: Plan, mean: Float64Array): State;
}

/** All workers, in order. */
export function everyone(workers: number): Uint32Array {
  return Uint32Array.from({ length: workers }, (_, worker) => worker);
}

/** x - gamma g as a new vector. */
export function descend(x: Float64Array, gamma: number, g: Float64Array): Float64Array {
  const next = new Float64Array(x.length);
  for (let j = 0; j < next.length; j++) next[j] = x[j]! - gamma * g[j]!;
  return next;
}

/** a + factor b as a new vector. */
export function plus(a: Float64Array, factor: number, b: Float64Array): Float64Array {
  const sum = new Float64Array(a.length);
  for (let j = 0; j < sum.length; j++) sum[j] = a[j]! + factor * b[j]!;
  return sum;
}
