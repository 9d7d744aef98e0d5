/**
 * In which numbers a run keeps its iterates. With float32 every x^t is rounded once, as part of the method:
 *
 *   x^0 = fl(x^0),   x^{t+1} = fl(x^t - gamma g^t),   fl(a) = a (1 + e), |e| <= 2^-24
 *
 * (round to nearest, ties to even; below 2^-126 fl(a) = a + e with |e| <= 2^-150). All other numbers stay float64: gradients, g^t,
 * shifts, and the step before it is rounded. So every point that is sent or stored has 4 d bytes in the place of 8 d.
 */
import type { Method, PointName, Vectors } from "./method.ts";

export type IteratePrecision = "float64" | "float32";

/** What of a run's spec says it; absent: float64. */
export interface IterateSpec {
  readonly iterate?: IteratePrecision | undefined;
}

const POINT_NAMES: ReadonlySet<string> = new Set<PointName>(["iterate", "previous", "reference"]);

/** Of a vector of the server's state: those that are iterates are rounded, g^t and shifts are not. */
export function precisionOf(name: string, { iterate = "float64" }: IterateSpec): IteratePrecision {
  return POINT_NAMES.has(name) ? iterate : "float64";
}

/** Bytes of a number that travels or is stored. */
export function bytesOf(precision: IteratePrecision): 4 | 8 {
  return precision === "float32" ? 4 : 8;
}

/** The vectors of the server's state, in the order in which they are told of, and how those that are iterates are kept. */
export interface StateLayout extends IterateSpec {
  readonly names: readonly string[];
}

/** Of an entry of each vector of the server's state, in all. */
export function stateEntryBytes({ names, ...spec }: StateLayout): number {
  return names.reduce((sum, name) => sum + bytesOf(precisionOf(name, spec)), 0);
}

/** Passes over d that rounding an iterate takes: to float32 and back. Measured; writing one as float32 takes as many. */
export function roundingPasses({ iterate }: IterateSpec): number {
  return iterate === "float32" ? 2 : 0;
}

/** The iterate that x is kept as: x itself, or all of its entries rounded, in memory of their own. */
export function asIterate(x: Float64Array, precision: IteratePrecision = "float64"): Float64Array {
  return precision === "float32" ? new Float64Array(new Float32Array(x)) : x;
}

/** The method whose iterates are kept so. Its steps begin at such iterates, so what else of its state is one is so as well. */
export function keepingIterates<State extends Vectors>(
  method: Method<State>,
  precision: IteratePrecision,
): Method<State> {
  if (precision === "float64") return method;
  return {
    ...method,
    start: (x0) => method.start(asIterate(x0, precision)),
    step(state, plan, mean) {
      const next = method.step(state, plan, mean);
      return { ...next, iterate: asIterate(next["iterate"]!, precision) };
    },
  };
}
