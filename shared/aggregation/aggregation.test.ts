/** Rules against closed forms and their own promises: whatever some of the messages are, the middle is near the mean of the others. */
import { describe, expect, it } from "vitest";
import { Purpose, Stream } from "../math/streams.ts";
import { aggregate, errorFactor } from "./aggregate.ts";
import { type AggregationSpec, aggregationSchema, tolerated } from "./aggregation.ts";
import { bucketSizes } from "./buckets.ts";
import { geometricMedian } from "./geometric-median.ts";
import { clipped, type SparseVector } from "./points.ts";
import { RULE_KINDS, ruleOf } from "./rules.ts";

const numbersOf = (seed: number) => {
  const stream = new Stream({ seed, purpose: Purpose.start, round: 0, index: 0 });
  return () => 2 * stream.nextUniform() - 1;
};
const dense = (...values: number[]): SparseVector => ({
  indices: undefined,
  values: Float64Array.from(values),
});
const wholeOf = ({ indices, values }: SparseVector, d: number): number[] => {
  const whole = new Array<number>(d).fill(0);
  for (const [k, value] of values.entries()) whole[indices === undefined ? k : indices[k]!] = value;
  return whole;
};
const noStream = () => {
  throw new Error("nothing is drawn");
};
const distance = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Math.hypot(...Array.from(a, (value, j) => value - b[j]!));
const meanOf = (points: readonly ArrayLike<number>[]) =>
  Array.from(points[0]!, (_, j) => points.reduce((sum, point) => sum + point[j]!, 0) / points.length);
/** sqrt(mean |x_i - mean|^2) */
const spreadOf = (points: readonly number[][]) => {
  const mean = meanOf(points);
  return Math.sqrt(points.reduce((sum, point) => sum + distance(point, mean) ** 2, 0) / points.length);
};

describe("the geometric median", () => {
  const median = (points: readonly SparseVector[], size: number) =>
    geometricMedian.middle(points, 0, size).vector;

  it("of three points is Fermat's: each side is seen under 120 degrees", () => {
    const points = [dense(0, 0), dense(4, 0), dense(1, 3)];
    const z = median(points, 2);
    const angles = points
      .map(({ values }) => Math.atan2(values[1]! - z[1]!, values[0]! - z[0]!))
      .sort((a, b) => a - b);
    expect(angles[1]! - angles[0]!).toBeCloseTo((2 * Math.PI) / 3, 4);
    expect(angles[2]! - angles[1]!).toBeCloseTo((2 * Math.PI) / 3, 4);
  });

  it("of three points with an angle above 120 degrees is that corner", () => {
    const z = median([dense(-5, 1), dense(0, 0), dense(5, 1)], 2);
    expect(distance(z, [0, 0])).toBeLessThan(1e-4);
  });

  it("of four corners of a convex shape is where its diagonals meet", () => {
    // (0,0)-(3,3) and (0,2)-(4,0) meet at (4/3, 4/3).
    const z = median([dense(0, 0), dense(0, 2), dense(3, 3), dense(4, 0)], 2);
    expect(distance(z, [4 / 3, 4 / 3])).toBeLessThan(1e-4);
  });

  it("on a line is the median, and where most points agree it is their point", () => {
    expect(median([dense(9), dense(1), dense(4), dense(100), dense(2)], 1)[0]).toBeCloseTo(4, 4);
    const agreed = median([dense(1, 2), dense(1, 2), dense(1, 2), dense(7, 7), dense(-3, 0)], 2);
    expect(distance(agreed, [1, 2])).toBeLessThan(1e-9);
    expect([...median([dense(1, 2), dense(1, 2)], 2)]).toEqual([1, 2]);
  });
});

/** What may be sent in the place of the truth: far away, beside the others, on their heads, all alike or each its own. */
function attacks(sound: readonly number[][], liars: number, number: () => number): number[][][] {
  const d = sound[0]!.length;
  const mean = meanOf(sound);
  const farthest = sound.reduce((far, x) => (distance(x, mean) > distance(far, mean) ? x : far));
  const direction = Array.from({ length: d }, number);
  const along = (from: number[], by: number, way: number[]) => from.map((value, j) => value + by * way[j]!);
  const away = farthest.map((value, j) => value - mean[j]!);
  const one: number[][] = [
    ...[1e-3, 0.3, 1, 3, 30, 1e6, 1e20].map((by) => along(mean, by, direction)),
    ...[0.5, 1, 1.5, 3, -1, -3].map((by) => along(mean, by, away)),
    mean.map((value) => -5 * value),
    mean.map(() => 0),
  ];
  return [
    ...one.map((lie) => Array.from({ length: liars }, () => lie)),
    Array.from({ length: liars }, (_, i) => one[i % one.length]!),
    Array.from({ length: liars }, (_, i) => along(mean, 10 ** (3 * i), direction)),
  ];
}

describe.each(RULE_KINDS)("%s", (kind) => {
  it("lies within the error that it promises from the mean of the sound messages, wherever they stand", () => {
    let checked = 0;
    let nearest = 0;
    for (const [seed, n] of [5, 7, 10, 15, 20].entries()) {
      for (const tolerate of [0.1, 0.2, 0.3, 0.45]) {
        const wrong = tolerated({ kind, tolerate }, n);
        for (let liars = 0; liars <= wrong; liars++) {
          const number = numbersOf(100 * seed + liars);
          const sound = Array.from({ length: n - liars }, () =>
            Array.from({ length: 3 }, () => 1 + number()),
          );
          const mean = meanOf(sound);
          const e = wrong === 0 ? 0 : ruleOf(kind).error(n, wrong, liars);
          for (const lies of attacks(sound, liars, number)) {
            const at = liars === 0 ? 0 : Math.floor(((number() + 1) / 2) * (n - liars));
            const all = [...sound.slice(0, at), ...lies, ...sound.slice(at)].map((x) => dense(...x));
            const { vector } = aggregate({ kind, tolerate }, all, 3, noStream);
            const ratio = distance(vector, mean) / spreadOf(sound);
            expect(ratio).toBeLessThanOrEqual(e + 1e-9);
            if (e > 0) nearest = Math.max(nearest, ratio / e);
            checked++;
          }
        }
      }
    }
    expect(checked).toBeGreaterThan(500);
    // The bound is no empty one: some attack comes within a factor of ten.
    expect(nearest).toBeGreaterThan(0.1);
  });

  it("stands numbers whose squares are too large for a number", () => {
    const sound = [0, 1, 2, 3, 4, 5, 6, 7].map((i) => [1 + i / 10, 2 - i / 10]);
    const all = [...sound, [1e200, -1e200], [-1e308, 1e308]].map((x) => dense(...x));
    const { vector } = aggregate({ kind, tolerate: 0.2 }, all, 2, noStream);
    expect(distance(vector, meanOf(sound))).toBeLessThanOrEqual(
      ruleOf(kind).error(10, 2, 2) * spreadOf(sound) + 1e-9,
    );
  });

  it("of buckets: the expectation over all ways to deal messages out is within kappa", () => {
    const number = numbersOf(7);
    const spec: AggregationSpec = { kind, tolerate: 0.2, bucket: 2 };
    const n = 6;
    const sound = Array.from({ length: n - 1 }, () => [1 + number(), 2 * number()]);
    const kappa = errorFactor(spec, n);
    for (const lies of attacks(sound, 1, number)) {
      const all = [...sound, ...lies].map((x) => dense(...x));
      let sum = 0;
      let ways = 0;
      for (const draws of everySequence(n)) {
        let next = 0;
        const { vector } = aggregate(spec, all, 2, () => ({ nextBelow: () => draws[next++]! }));
        sum += distance(vector, meanOf(sound)) ** 2;
        ways++;
      }
      expect(ways).toBe(720);
      expect(sum / ways).toBeLessThanOrEqual(kappa * spreadOf(sound) ** 2 * (1 + 1e-9));
    }
  });

  it("does not care in which order messages come into their bucket", () => {
    const number = numbersOf(3);
    const all = Array.from({ length: 8 }, () => dense(number(), number(), number()));
    const spec: AggregationSpec = { kind, tolerate: 0.2, bucket: 2 };
    const dealt = (order: number[]) => aggregate(spec, all, 3, () => drawing(order)).vector;
    expect(dealt([1, 0, 3, 2, 4, 5, 7, 6])).toEqual(dealt([0, 1, 2, 3, 4, 5, 6, 7]));
    expect(dealt([0, 2, 1, 3, 4, 5, 6, 7])).not.toEqual(dealt([0, 1, 2, 3, 4, 5, 6, 7]));
  });

  it("is the plain mean, bit for bit, where nobody is tolerated", () => {
    const number = numbersOf(4);
    const all = Array.from({ length: 7 }, () => dense(number(), number()));
    const sum = new Float64Array(2);
    for (const { values } of all) for (const j of [0, 1]) sum[j] = sum[j]! + values[j]!;
    for (const tolerate of [0, 0.1]) {
      const { vector } = aggregate({ kind, tolerate }, all, 2, noStream);
      expect(vector).toEqual(sum.map((value) => value / 7));
    }
  });

  it("gives messages of a few entries what it gives them as whole vectors", () => {
    const number = numbersOf(5);
    const d = 30;
    const all = Array.from({ length: 9 }, (_, i): SparseVector => {
      const indices = Uint32Array.from({ length: 4 }, (_, k) => 7 * k + ((3 * i) % 7));
      return { indices, values: Float64Array.from(indices, number) };
    });
    const whole = all.map((x) => dense(...wholeOf(x, d)));
    for (const bucket of [1, 2]) {
      const stream = () => drawing([4, 2, 0, 8, 6, 1, 3, 5, 7]);
      const of = (vectors: readonly SparseVector[]) =>
        aggregate({ kind, tolerate: 0.2, bucket }, vectors, d, stream).vector;
      const [few, many] = [of(all), of(whole)];
      expect(distance(few, many)).toBeLessThan(1e-9);
      expect(Math.hypot(...many)).toBeGreaterThan(0.01);
    }
  });

  it("takes passes over the messages' entries, however long the vectors are", () => {
    const number = numbersOf(6);
    const entries = [1e3, 1e6].map((d) => {
      const all = Array.from({ length: 20 }, (_, i): SparseVector => {
        const indices = Uint32Array.from({ length: 5 }, (_, k) => (d / 10) * k + i);
        return { indices, values: Float64Array.from(indices, (_, k) => Math.sin(1 + i + 20 * k)) };
      });
      return aggregate({ kind, tolerate: 0.2, bucket: 2 }, all, d, () => drawing([...Array(20).keys()]))
        .entries;
    });
    expect(number()).not.toBe(0);
    expect(entries[1]).toBe(entries[0]);
    expect(entries[0]).toBeLessThan(230 * 20 * 5);
  });
});

describe("centred clipping", () => {
  it("promises 2 delta/(1 - 3 delta) of the variance, in the end: a (delta, 1/(1 - 3 delta))-robust aggregator", () => {
    for (const [n, f] of [
      [100, 5],
      [50, 5],
      [10, 2],
    ] as const) {
      const delta = f / n;
      // Ten steps from the geometric median are most of the way.
      const promised = ruleOf("centered-clip").error(n, f, f) ** 2;
      const limit = (2 * delta) / (1 - 3 * delta);
      expect(promised).toBeGreaterThanOrEqual(limit * (1 - 1e-9));
      expect(promised).toBeLessThan(1.25 * limit);
    }
  });

  it("is the mean of the messages clipped around where it stands", () => {
    const number = numbersOf(8);
    const points = Array.from({ length: 11 }, (_, i) => [number() * (i < 2 ? 50 : 1), number()]);
    const { vector } = aggregate(
      { kind: "centered-clip", tolerate: 0.2 },
      points.map((x) => dense(...x)),
      2,
      noStream,
    );
    // Written down anew: whole vectors, sorting, ten steps from the geometric median.
    let v = [
      ...geometricMedian.middle(
        points.map((x) => dense(...x)),
        2,
        2,
      ).vector,
    ];
    for (let step = 0; step < 10; step++) {
      const away = points.map((x) => distance(x, v));
      const radius = [...away].sort((a, b) => a - b)[11 - 2 * 2 - 1]!;
      const pulled = points.map((x, i) =>
        x.map((value, j) => v[j]! + Math.min(1, radius / away[i]!) * (value - v[j]!)),
      );
      v = meanOf(pulled);
    }
    expect(distance(vector, v)).toBeLessThan(1e-12);
  });
});

describe("clipping", () => {
  it("shortens what is too long to the length that is allowed, and leaves the rest alone", () => {
    const x = dense(3, 4);
    expect(clipped(x, 5)).toBe(x);
    expect([...clipped(x, 1).values]).toEqual([0.6000000000000001, 0.8]);
    expect([...clipped(dense(1e200, 1), 1).values].every(Number.isFinite)).toBe(true);
    expect([...clipped(x, 0).values]).toEqual([0, 0]);
  });
});

describe("buckets", () => {
  it("are as equal as can be, and none is larger than asked for", () => {
    expect(bucketSizes(15, 2)).toEqual([2, 2, 2, 2, 2, 2, 2, 1]);
    expect(bucketSizes(10, 4)).toEqual([4, 3, 3]);
    expect(bucketSizes(3, 5)).toEqual([3]);
  });
});

describe("the spec", () => {
  const issues = (value: unknown) =>
    aggregationSchema.safeParse(value).error?.issues.map(({ message }) => message);

  it("is refused where liars could be the majority of buckets", () => {
    expect(issues({ kind: "centered-clip", tolerate: 0.2, bucket: 2 })).toBeUndefined();
    expect(issues({ kind: "centered-clip", tolerate: 0.2, bucket: 3 })).toEqual([
      "expected tolerate x bucket < 0.5, got 0.2 x 3: each liar spoils a bucket, and centered-clip needs a majority of sound ones",
    ]);
    expect(issues({ kind: "geometric-median", tolerate: 0.5 })).toHaveLength(1);
    expect(issues({ kind: "median", tolerate: 0.1 })).toHaveLength(1);
  });
});

/** Draws with which Fisher and Yates' shuffle gives this order. */
function drawing(order: readonly number[]) {
  const now = [...Array(order.length).keys()];
  const draws: number[] = [];
  for (let i = order.length - 1; i > 0; i--) {
    const j = now.indexOf(order[i]!);
    draws.push(j);
    [now[i], now[j]] = [now[j]!, now[i]!];
  }
  return { nextBelow: () => draws.shift()! };
}

/** Every sequence of draws of a shuffle of n: each gives another order. */
function everySequence(n: number): number[][] {
  let sequences: number[][] = [[]];
  for (let bound = n; bound > 1; bound--)
    sequences = sequences.flatMap((draws) => Array.from({ length: bound }, (_, j) => [...draws, j]));
  return sequences;
}
