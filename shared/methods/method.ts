/**
 * What a method is: pure functions over explicit state, in one file, listed in `registry.ts`.
 *
 * All methods share one frame. Message round t = 0, 1, 2, ... is evaluated at the iterate x^t, forms the server's
 * gradient estimate g^t, and takes the step x^{t+1} = x^t - gamma g^t. In the paper's numbering the MARINA family
 * forms g^{k+1} in round k, so its coin c_k belongs to message round t = k + 1 and t = 0 is the dense start.
 *
 * A round goes like this. The server's `plan` says which request goes to which workers. A worker computes the gradients
 * that the request names, makes its message of them (and of its own state), compresses it, and moves its state. The
 * server folds the mean of the decoded messages into its state by `step`.
 */
import type * as z from "zod";
import type { Numbers, Theory, WorkerNumbers } from "./theory.ts";

/** Named vectors of length d, nothing else, so that one codec stores the state of every method. */
export type Vectors = Readonly<Record<string, Float64Array>>;

/** Which rows a gradient is of. */
export type Rows = "all" | "batch" | "large-batch";

/**
 * A point at which gradients are asked for, under the name that it has in the server's state: x^t, x^{t-1}, or the
 * reference point w^t of loopless variance reduction.
 */
export type PointName = "iterate" | "previous" | "reference";

/** A gradient with the loss at the same point. The vector belongs to whoever made it: never written to. */
export interface Gradient {
  readonly vector: Float64Array;
  /** NaN where nobody asked for it. */
  readonly loss: number;
}

/** A local gradient that a request needs. */
export interface GradientNeed {
  readonly at: PointName;
  readonly rows: Rows;
  /** The vector of the worker's own state that is this gradient already, if one is. */
  held?(own: Vectors, point: Float64Array): Float64Array | undefined;
}

/** What one slot of a round is asked to send. */
export interface RequestDefinition<Name extends string = string> {
  readonly name: Name;
  /** Its code in a task, for ever: no two requests have the same. */
  readonly wire: number;
  /** The points that its tasks carry, x^t first. */
  readonly points: readonly ["iterate"] | readonly ["iterate", Exclude<PointName, "iterate">];
  /** The message is sent as it is; else the method's compressor takes it. */
  readonly dense: boolean;
  /** Of each worker's own rows, and of one mini-batch for all that name one. */
  readonly gradients: readonly GradientNeed[];
  /**
   * The message before compression. Changes none of its arguments but `out`.
   * @param values of `gradients`, in their order.
   * @param own the worker's state; empty for methods without.
   * @param out d numbers to write to and return; another vector may be returned just as well.
   * @param numbers those that the worker's state is moved by.
   */
  message(values: readonly Gradient[], own: Vectors, out: Float64Array, numbers: WorkerNumbers): Float64Array;
}

/** What a worker's step into its next state is made of. */
export interface WorkerStep {
  readonly request: RequestDefinition;
  /** The worker's own message, as whoever receives it decodes it. Lent: what is kept of it must be copied. */
  readonly decoded: Float64Array;
  /** Null where the server works the state out: it has the messages alone. */
  readonly computed: {
    readonly points: readonly Float64Array[];
    readonly values: readonly Gradient[];
  } | null;
}

/** What each worker remembers from round to round. */
export interface WorkerStateDefinition {
  /** Its vectors, in the order in which they are stored; zero before round 0. */
  readonly vectors: readonly string[];
  /** Further ones that only spare work. Stored behind the others, all or none. */
  readonly spare: readonly string[];
  /** The state after the round. Changes none of its arguments. */
  next(own: Vectors, step: WorkerStep, numbers: WorkerNumbers): Vectors;
  /** `next` can do without `computed`: then the server can hold the state of all workers and send each its own. */
  readonly fromMessages: boolean;
}

export interface Plan {
  readonly request: RequestDefinition;
  /** Slot -> worker. All workers in order, or the r slots of a PP-MARINA round (repeats allowed). */
  readonly workers: Uint32Array;
  /** What the slots' messages count in their mean, 1/(n q_i) of a worker drawn with probability q_i; absent: 1. */
  readonly weights?: Float64Array;
  /** VR-DIANA: the reference point moves to x^t after this round (u_k = 1). Elsewhere false. */
  readonly refresh: boolean;
}

/** The server's random choices of one round, made before any worker computes. */
export interface ServerDraws {
  /** True with this probability; the same answer however often it is asked in one round. */
  coin(probability: number): boolean;
  /** `count` workers out of `workers`, i.i.d. uniform or (without replacement) a uniform subset in increasing order. */
  slots(count: number, workers: number, replacement: boolean): Uint32Array;
  /** `count` workers, i.i.d. with probabilities in proportion to the differences of these cumulative sums. */
  weightedSlots(count: number, cumulative: Float64Array): Uint32Array;
}

/** The server's side of a method whose spec and numbers are known. */
export interface Method<State extends Vectors = Vectors> {
  /** The state before round 0; copies x0. */
  start(x0: Float64Array): State;
  /** What round t asks of whom. */
  plan(state: State, round: number, draws: ServerDraws): Plan;
  /** The state after round t, given the mean of the slots' decoded messages. Changes none of its arguments. */
  step(state: State, plan: Plan, mean: Float64Array): State;
}

/**
 * When the number of workers may change: at any round, at dense ones (there the estimate is the exact gradient of f
 * whatever the partition, so nothing of the theory is lost), or never, and why.
 */
export type MembershipRule = "any round" | "dense round" | { readonly fixed: string };

/** The schema of a method in a run's spec: an object told by its `kind`, with a step size. */
export type MethodSchema = z.ZodObject<
  { kind: z.ZodLiteral<string>; stepSize: z.ZodType } & z.core.$ZodLooseShape
>;

/** A spec as people write it, and as a round sees it: with a number in the place of a schedule of participants. */
export type WithParticipants<Spec, Participants> = Spec extends { participants: unknown }
  ? Omit<Spec, "participants"> & { readonly participants: Participants }
  : Spec;
type ResolvedSpec<Schema extends MethodSchema> = WithParticipants<z.output<Schema>, number>;

/** A method as its file defines it: one value, listed in `registry.ts`. */
export interface MethodDefinition<
  Schema extends MethodSchema = MethodSchema,
  State extends Vectors = Vectors,
  Name extends string = string,
> {
  /** As people write it in a run's spec. */
  readonly schema: Schema;
  /** A spec that makes sense with any data set: tests and chaos take it. The docstring shows it. */
  readonly example: z.input<Schema>;
  /** What it does, as in its docstring: a line each. */
  readonly equation: readonly string[];
  /** In a few words: "MARINA, rand-k 10". */
  label(spec: z.output<Schema>): string;
  /** Step sizes and probability from the convergence theorems. */
  readonly theory: Theory<ResolvedSpec<Schema>>;
  /** All that it may ask of a worker. */
  readonly requests: readonly RequestDefinition<Name>[];
  /** The server's side. */
  server(spec: ResolvedSpec<Schema>, numbers: Numbers): Method<State>;
  /** Null for methods whose workers remember nothing. */
  readonly workerState: WorkerStateDefinition | null;
  readonly membership: MembershipRule;
}

/** Checks a definition against its own schema, and keeps its exact type. */
export function defineMethod<Schema extends MethodSchema, State extends Vectors, Name extends string>(
  definition: MethodDefinition<Schema, State, Name>,
): MethodDefinition<Schema, State, Name> {
  return definition;
}

/** The same for a request: it keeps its name as a type. */
export function defineRequest<Name extends string>(
  definition: RequestDefinition<Name>,
): RequestDefinition<Name> {
  return definition;
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

/** out = a - b */
export function minus(a: Float64Array, b: Float64Array, out: Float64Array): Float64Array {
  for (let j = 0; j < out.length; j++) out[j] = a[j]! - b[j]!;
  return out;
}
