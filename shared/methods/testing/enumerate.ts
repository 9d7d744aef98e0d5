/** For tests: expectations by going through every outcome of every random choice, instead of by sampling. */
import type { Compressor, Draw } from "../../compressors/compressor.ts";
import type { CompressorSpec } from "../../compressors/registry.ts";
import { outcomes as compressorOutcomes } from "../../compressors/testing/reference.ts";
import type { RoundDraws } from "./one-round.ts";

export interface Outcome<T> {
  readonly probability: number;
  readonly value: T;
}

/** Makes one random choice. What is offered may depend on the choices before. */
export type Choose = <T>(outcomes: readonly Outcome<T>[]) => T;

/**
 * Runs the experiment once for every sequence of choices (depth first) and returns the expectation of the numbers that
 * it returns, by name, and the sum of all probabilities under `total`.
 */
export function expectation<Name extends string>(
  experiment: (choose: Choose) => Readonly<Record<Name, number | Float64Array>>,
): Readonly<Record<Name, Float64Array>> & { readonly total: number; readonly runs: number } {
  const path: { at: number; size: number }[] = [];
  const sums: Record<string, Float64Array> = {};
  let total = 0;
  let runs = 0;
  for (;;) {
    let depth = 0;
    let probability = 1;
    const found = experiment((outcomes) => {
      if (depth === path.length) path.push({ at: 0, size: outcomes.length });
      const chosen = outcomes[path[depth]!.at]!;
      depth++;
      probability *= chosen.probability;
      return chosen.value;
    });
    for (const [name, value] of Object.entries<number | Float64Array>(found)) {
      const vector = typeof value === "number" ? Float64Array.of(value) : value;
      sums[name] ??= new Float64Array(vector.length);
      const sum = sums[name];
      for (let j = 0; j < sum.length; j++) sum[j]! += probability * vector[j]!;
    }
    total += probability;
    runs++;
    while (path.length > 0 && path.at(-1)!.at + 1 === path.at(-1)!.size) path.pop();
    const last = path.at(-1);
    if (last === undefined) return { ...(sums as Record<Name, Float64Array>), total, runs };
    last.at++;
  }
}

export function equallyLikely<T>(values: readonly T[]): Outcome<T>[] {
  return values.map((value) => ({ probability: 1 / values.length, value }));
}

/** All of {0 .. size-1}^count. */
export function tuples(size: number, count: number): Uint32Array[] {
  return Array.from({ length: size ** count }, (_, code) =>
    Uint32Array.from({ length: count }, (_, place) => Math.floor(code / size ** place) % size),
  );
}

/** All subsets of {0 .. size-1} with `count` elements, increasing. */
export function subsets(size: number, count: number): Uint32Array[] {
  return Array.from({ length: 2 ** size }, (_, mask) =>
    Uint32Array.from({ length: size }, (_, j) => j).filter((j) => (mask >>> j) & 1),
  ).filter((subset) => subset.length === count);
}

export interface BatchSizes {
  /** m_i of every worker. */
  readonly rows: readonly number[];
  readonly batch: number;
  readonly largeBatch?: number;
  readonly replacement: boolean;
  /** Worker -> cumulative sums by which its rows are drawn; absent: uniformly. */
  readonly importance?: readonly Float64Array[];
}

/** `count` indices, one after the other, each with its probability. */
function chosenByWeight(choose: Choose, count: number, cumulative: Float64Array): Uint32Array {
  const all = [...cumulative].map((sum, i) => {
    const weight = sum - (i === 0 ? 0 : cumulative[i - 1]!);
    return { probability: weight / cumulative.at(-1)!, value: i };
  });
  return Uint32Array.from({ length: count }, () => choose(all.filter(({ probability }) => probability > 0)));
}

/** The draws of one round, each made by `choose` from all its outcomes. Compressors choose in `choosing` instead. */
export function chosenDraws(choose: Choose, sizes?: BatchSizes): RoundDraws {
  return {
    server: {
      coin: (probability) =>
        choose([
          { probability, value: true },
          { probability: 1 - probability, value: false },
        ]),
      slots: (count, workers, replacement) =>
        choose(equallyLikely(replacement ? tuples(workers, count) : subsets(workers, count))),
      weightedSlots: (count, cumulative) => chosenByWeight(choose, count, cumulative),
    },
    worker: (slot) => ({
      compressor: () => ({ kind: "none" }),
      batch(which) {
        if (sizes === undefined) throw new RangeError("expected no mini-batch to be drawn");
        const { rows, batch, largeBatch = 0, replacement, importance } = sizes;
        const m = rows[slot]!;
        if (importance !== undefined) return chosenByWeight(choose, batch, importance[slot]!);
        if (which === "large-batch") return choose(equallyLikely(tuples(m, largeBatch)));
        return choose(equallyLikely(replacement ? tuples(m, batch) : subsets(m, batch)));
      },
    }),
  };
}

/** The compressor with its own randomness chosen when it encodes, and known again when its bytes are decoded. */
export function choosing(compressor: Compressor, spec: CompressorSpec, choose: Choose): Compressor {
  const draws = new WeakMap<Uint8Array, Draw>();
  return {
    ...compressor,
    encode(x) {
      const all = compressorOutcomes(spec, x);
      const draw = choose(all.map((outcome) => ({ probability: outcome.probability, value: outcome.draw })));
      const encoded = compressor.encode(x, draw);
      draws.set(encoded.bytes, draw);
      return encoded;
    },
    accumulate: (bytes, _draw, into) => compressor.accumulate(bytes, draws.get(bytes)!, into),
  };
}
