/** One table of laws that every compressor obeys, by enumeration of all its draws. */
import { describe, expect, test } from "vitest";
import { norm } from "../math/norm.ts";
import { Purpose, Stream } from "../math/streams.ts";
import type { Compressor, Draw, Wire } from "./compressor.ts";
import { type CompressorSpec, createCompressor, type UnbiasedSpec } from "./registry.ts";
import { apply, coordinatesOf, outcomes, sizeOf } from "./testing/reference.ts";
import { specsIn, streamsOf, WORKERS } from "./testing/specs.ts";

const WIRES: readonly Wire[] = ["float32", "float64"];

const VECTORS: Readonly<Record<string, readonly number[]>> = {
  generic: [1, -15, 0.2, -7, 10],
  "not representable": [0.1, -1 / 3, Math.PI, 1e-3, -2.7, 0.7],
  "one large entry": [1e-3, 2e6, -1e-3, 5e-4],
  constant: [3, 3, 3, 3],
  "constant but for signs": [-0.7, 0.7, 0.7, -0.7, -0.7, 0.7, 0.7],
  "zeros inside": [0, 2.5, 0, 0, -1.25],
  "one non-zero": [0, 0, -3.3],
  "four thirds": [4 / 3, -4 / 3, 8 / 3, 1 / 3],
  "d = 1": [-3.3],
  "d = 2": [5, -0.3],
};

interface Case {
  readonly name: string;
  readonly x: Float64Array;
  readonly wire: Wire;
  readonly compressor: Compressor;
  readonly spec: CompressorSpec;
}

const CASES: readonly Case[] = Object.entries(VECTORS).flatMap(([vector, entries]) =>
  specsIn(entries.length).flatMap((spec) =>
    WIRES.map((wire) => ({
      name: `${JSON.stringify(spec)} on ${wire}, ${vector}`,
      x: Float64Array.from(entries),
      wire,
      spec,
      compressor: createCompressor(spec, entries.length, wire, { workers: WORKERS }),
    })),
  ),
);

/** Q(x) as the receiver sees it. */
function decoded(compressor: Compressor, x: Float64Array, draw: Draw): Float64Array {
  const into = new Float64Array(compressor.dimension);
  compressor.accumulate(compressor.encode(x, draw).bytes, draw, into);
  return into;
}

const squared = (x: Float64Array): number => x.reduce((total, entry) => total + entry * entry, 0);
/** What rounding to the wire may change, relative to |x|. */
const tolerance = (wire: Wire): number => (wire === "float32" ? 2 ** -22 : 1e-13);

interface Moments {
  readonly mean: Float64Array;
  readonly variance: number;
  readonly density: number;
  readonly mass: number;
}

function moments({ compressor, spec, x }: Case): Moments {
  const mean = new Float64Array(x.length);
  let variance = 0;
  let density = 0;
  let mass = 0;
  for (const { probability, draw } of outcomes(spec, x)) {
    const q = decoded(compressor, x, draw);
    mass += probability;
    density += probability * q.filter((entry) => entry !== 0).length;
    variance += probability * squared(q.map((entry, j) => entry - x[j]!));
    for (let j = 0; j < x.length; j++) mean[j] = mean[j]! + probability * q[j]!;
  }
  return { mean, variance, density, mass };
}

describe.each(CASES.map((entry) => [entry.name, entry] as const))("%s", (_name, entry) => {
  const { compressor, spec, x, wire } = entry;
  const size = Math.sqrt(squared(x));

  test("keeps its promise, E Q(x) = x and E|Q(x) - x|^2 <= omega |x|^2 or E|Q(x) - x|^2 <= (1 - alpha)|x|^2, over all draws", () => {
    const { mean, variance, mass } = moments(entry);
    expect(Math.abs(mass - 1)).toBeLessThan(1e-12);
    const unbiased = compressor.promises === "unbiased";
    const bound = (unbiased ? compressor.omega : 1 - compressor.alpha) * size ** 2;
    const slack = tolerance(wire) * Math.max(bound, size ** 2);
    expect(variance).toBeLessThanOrEqual(bound + slack);
    if (!unbiased) return;
    for (let j = 0; j < x.length; j++)
      expect(Math.abs(mean[j]! - x[j]!)).toBeLessThanOrEqual(tolerance(wire) * size);
    if (spec.kind === "rand-k" || spec.kind === "perm-k")
      expect(Math.abs(variance - bound)).toBeLessThanOrEqual(slack);
  });

  test("E(non-zeros) <= zeta, over all draws", () => {
    const { density } = moments(entry);
    expect(density).toBeLessThanOrEqual(compressor.zeta * (1 + 1e-12));
    expect(compressor.zeta).toBeLessThanOrEqual(x.length);
  });

  test("Q(0) = 0, Q(-x) = -Q(x) and Q(2x) = 2 Q(x) exactly, draw by draw", () => {
    for (const { draw } of outcomes(spec, x)) {
      const q = decoded(compressor, x, draw);
      expect(
        decoded(
          compressor,
          x.map((e) => -e),
          draw,
        ),
      ).toEqual(q.map((e) => 0 - e));
      expect(
        decoded(
          compressor,
          x.map((e) => 2 * e),
          draw,
        ),
      ).toEqual(q.map((e) => 2 * e));
      expect(
        decoded(
          compressor,
          x.map(() => 0),
          draw,
        ),
      ).toEqual(new Float64Array(x.length));
    }
  });

  test("a coordinate goes up below its probability and not above it", () => {
    const all = coordinatesOf(spec, x);
    if (all === undefined) return;
    for (const side of [-1, 1]) {
      const uniforms = Float64Array.from(all, (c) =>
        Math.min(1 - 2 ** -53, Math.max(0, c.probability + side * 1e-9)),
      );
      const q = decoded(compressor, x, { kind: "uniforms", uniforms });
      all.forEach((c, j) => {
        if (c.probability < 1e-8 || c.probability > 1 - 1e-8) return;
        const expected = side < 0 ? c.up : c.down;
        expect(Math.abs(q[j]! - expected)).toBeLessThanOrEqual(tolerance(wire) * size);
      });
    }
  });

  test("the message decodes to the formula's Q(x) and has the length of the table", () => {
    for (const { draw } of outcomes(spec, x)) {
      const { bytes, bits } = compressor.encode(x, draw);
      const expected = apply(spec, x, draw, wire);
      const q = decoded(compressor, x, draw);
      for (let j = 0; j < x.length; j++)
        expect(Math.abs(q[j]! - expected[j]!)).toBeLessThanOrEqual(1e-14 * Math.abs(expected[j]!));
      const nonZeros = expected.filter((e) => e !== 0).length;
      const table = sizeOf(spec, x.length, wire, nonZeros, draw);
      expect(bits).toBe(table.bits);
      expect(bytes.length).toBe(Math.ceil((table.bits + (wire === "float64" ? 32 * table.floats : 0)) / 8));
    }
  });

  test("adds to what is there, and reads bytes at any offset", () => {
    for (const { draw } of outcomes(spec, x)) {
      const { bytes } = compressor.encode(x, draw);
      const shifted = new Uint8Array(bytes.length + 3);
      shifted.set(bytes, 3);
      const into = Float64Array.from(x, (_, j) => j + 0.5);
      compressor.accumulate(shifted.subarray(3), draw, into);
      expect(into).toEqual(decoded(compressor, x, draw).map((e, j) => j + 0.5 + e));
    }
  });
});

describe("the bounds are attained", () => {
  const attained: readonly [string, UnbiasedSpec, readonly number[]][] = [
    [
      "l2-quantization at constant |x_j|",
      { kind: "l2-quantization" },
      [-0.7, 0.7, 0.7, -0.7, -0.7, 0.7, 0.7],
    ],
    ["qsgd with one level at constant |x_j|", { kind: "qsgd", levels: 1 }, [3, 3, -3, 3]],
    [
      "RandK with natural values at 4/3 of a power of two",
      { kind: "composed", first: { kind: "rand-k", k: 2 }, then: { kind: "natural" } },
      [4 / 3, -4 / 3, 4 / 3, 4 / 3, -4 / 3],
    ],
    ["natural compression at 4/3 of a power of two", { kind: "natural" }, [4 / 3, -8 / 3, 1 / 3, 64 / 3]],
  ];
  test.each(attained)("by %s", (_name, spec, entries) => {
    const x = Float64Array.from(entries);
    const compressor = createCompressor(spec, x.length, "float64");
    const { variance } = moments({ name: "", compressor, spec, x, wire: "float64" });
    expect(variance / squared(x)).toBeCloseTo(compressor.omega, 12);
  });
});

describe("Top-K", () => {
  test.each([1, 2, 3, 6])("attains 1 - alpha at constant |x_j| (K = %d)", (k) => {
    const x = Float64Array.of(-0.7, 0.7, 0.7, -0.7, -0.7, 0.7, 0.7);
    const spec = { kind: "top-k", k } as const;
    const compressor = createCompressor(spec, x.length, "float64");
    const { variance } = moments({ name: "", compressor, spec, x, wire: "float64" });
    expect(variance / squared(x)).toBeCloseTo(1 - compressor.alpha, 12);
  });

  test("changes nothing the second time, and keeps the first of equal entries", () => {
    const none: Draw = { kind: "none" };
    for (const entries of Object.values(VECTORS)) {
      for (let k = 1; k <= entries.length; k++) {
        const compressor = createCompressor({ kind: "top-k", k }, entries.length, "float64");
        const once = decoded(compressor, Float64Array.from(entries), none);
        expect(decoded(compressor, once, none)).toEqual(once);
      }
    }
    const ties = createCompressor({ kind: "top-k", k: 3 }, 6, "float64");
    expect([...decoded(ties, Float64Array.of(1, -2, 5, 2, 2, -1), none)]).toEqual([0, -2, 5, 2, 0, 0]);
  });
});

describe("lossless", () => {
  const x = Float64Array.of(0.1, -7, 1e-30, 0, 3e30);
  const lossless: readonly UnbiasedSpec[] = [{ kind: "identity" }, { kind: "rand-k", k: 5 }];
  test.each(lossless)("$kind leaves x as it is, on float32 up to the rounding of each entry", (spec) => {
    const none: Draw = { kind: "none" };
    expect(createCompressor(spec, 5, "float64").omega).toBe(0);
    expect(decoded(createCompressor(spec, 5, "float64"), x, none)).toEqual(x);
    expect(decoded(createCompressor(spec, 5, "float32"), x, none)).toEqual(x.map(Math.fround));
  });

  test("dithering leaves a vector of R^1 as it is, whatever the draw", () => {
    for (const spec of [
      { kind: "l2-quantization" },
      { kind: "qsgd", levels: 1 },
      { kind: "qsgd", levels: 7 },
    ] as const) {
      const compressor = createCompressor(spec, 1, "float64");
      for (const value of [3.3, -0.1, 1 / 3, 1e-300, -1e300]) {
        for (const u of [0, 0.5, 1 - 2 ** -53]) {
          const draw: Draw = { kind: "uniforms", uniforms: Float64Array.of(u) };
          expect([...decoded(compressor, Float64Array.of(value), draw)]).toEqual([value]);
        }
      }
    }
  });
});

describe("the constants of each kind", () => {
  const d = 112;
  test.each([
    [{ kind: "identity" }, "float32", 0, d, 32 * d],
    [{ kind: "rand-k", k: 10 }, "float32", 10.2, 10, 320],
    [{ kind: "rand-k", k: d }, "float32", 0, d, 32 * d],
    [{ kind: "l2-quantization" }, "float32", Math.sqrt(d) - 1, Math.sqrt(d), 32 + 8 * Math.sqrt(d)],
    [{ kind: "qsgd", levels: 1 }, "float32", Math.sqrt(d) - 1, Math.sqrt(d), 32 + 2 * d],
    [{ kind: "qsgd", levels: 2 }, "float32", Math.sqrt(d) / 2, 2 * Math.sqrt(d), 32 + 3 * d],
    [{ kind: "qsgd", levels: 8 }, "float32", d / 256, 8 * Math.sqrt(d), 32 + 5 * d],
    [{ kind: "qsgd", levels: 15 }, "float32", d / 900, d, 32 + 5 * d],
    [{ kind: "natural" }, "float32", 1 / 8, d, 9 * d],
    [{ kind: "natural" }, "float64", 1 / 8, d, 12 * d],
  ] as const)("%j on %s: omega %d, zeta %d, %d bits", (spec, wire, omega, zeta, bits) => {
    const compressor = createCompressor(spec, d, wire);
    expect(compressor.omega).toBeCloseTo(omega, 13);
    expect(compressor.zeta).toBeCloseTo(zeta, 13);
    expect(compressor.expectedBits).toBeCloseTo(bits, 10);
  });

  test.each([
    [{ kind: "perm-k" }, 5, 4, 112 / 5, 32 * (112 / 5), { A: 1, B: 1 }],
    [{ kind: "perm-k" }, 112, 111, 1, 32, { A: 1, B: 1 }],
    [{ kind: "perm-k" }, 336, 111, 1, 32, { A: 111 / 335, B: 111 / 335 }],
    [{ kind: "perm-k" }, 1, 0, d, 32 * d, undefined],
  ] as const)("%j of %d workers: omega %d, zeta %d, %d bits", (spec, workers, omega, zeta, bits, joint) => {
    const compressor = createCompressor(spec, d, "float32", { workers });
    expect(compressor).toMatchObject({ omega, zeta, expectedBits: bits });
    expect(compressor.joint).toEqual(joint);
  });

  test.each([
    [1, 1, 1 / d, 39],
    [10, 10, 10 / d, 390],
    [d, d, 1, 32 * d],
  ])("top-k %d: zeta %d, alpha %d, %d bits", (k, zeta, alpha, bits) => {
    const compressor = createCompressor({ kind: "top-k", k }, d, "float32");
    expect(compressor).toMatchObject({ promises: "contractive", zeta, alpha, expectedBits: bits });
  });

  test.each(specsIn(7))("%j is never longer than D_Q |x|", (spec) => {
    const compressor = createCompressor(spec, 7, "float32", {
      workers: spec.kind === "perm-k" ? 3 : WORKERS,
    });
    for (let round = 0; round < 300; round++) {
      const stream = new Stream({ seed: 5, purpose: Purpose.start, round, index: 0 });
      // Entries of very different sizes, and now and then only one, or all the same.
      const x = Float64Array.from({ length: 7 }, (_, j) =>
        round % 3 === 0
          ? Number(j === round % 7) * 3
          : (stream.nextUniform() - 0.5) * 10 ** (-8 * stream.nextUniform() * (round % 2)),
      );
      const own = () => new Stream({ seed: 5, purpose: Purpose.compressor, round, index: 0 });
      const draw = compressor.draw(streamsOf(own), { round, slot: 0, slots: 3 });
      const decoded = new Float64Array(7);
      compressor.accumulate(compressor.encode(x, draw).bytes, draw, decoded);
      expect(norm(decoded)).toBeLessThanOrEqual(compressor.growth * norm(x) * (1 + 1e-6));
    }
  });

  test("the expected bits of l2-quantization bound the mean over all draws, and 32 + 2d binds for a small d", () => {
    for (const entries of Object.values(VECTORS)) {
      const x = Float64Array.from(entries);
      const spec = { kind: "l2-quantization" } as const;
      const compressor = createCompressor(spec, x.length, "float32");
      const mean = outcomes(spec, x).reduce(
        (total, o) => total + o.probability * compressor.encode(x, o.draw).bits,
        0,
      );
      expect(mean).toBeLessThanOrEqual(compressor.expectedBits + 1e-9);
    }
    expect(createCompressor({ kind: "l2-quantization" }, 4, "float32").expectedBits).toBe(32 + 6);
    expect(createCompressor({ kind: "l2-quantization" }, 5, "float32").expectedBits).toBeCloseTo(
      32 + Math.sqrt(5) * 4,
      12,
    );
    expect(createCompressor({ kind: "l2-quantization" }, 3, "float32").expectedBits).toBeCloseTo(
      32 + Math.sqrt(3) * 3,
      12,
    );
    expect(createCompressor({ kind: "l2-quantization" }, 2, "float32").expectedBits).toBeCloseTo(
      32 + Math.sqrt(2) * 2,
      12,
    );
  });
});

describe("draws come of their stream alone", () => {
  const d = 64;
  const x = Float64Array.from({ length: d }, (_, j) => Math.sin(j) * 10 ** (j % 3));
  const stream = (round: number, index: number): Stream =>
    new Stream({ seed: 11, purpose: Purpose.compressor, round, index });
  /** The draw of one slot. */
  const drawn = (compressor: Compressor, round: number, slot: number): Draw =>
    compressor.draw(
      streamsOf(
        () => stream(round, slot),
        () => stream(round, 0),
      ),
      { round, slot, slots: 50 },
    );
  const options = { workers: 50 };
  /** Every spec whose draws are random. */
  const random = specsIn(d).filter(
    (spec) => drawn(createCompressor(spec, d, "float32", options), 0, 0).kind !== "none",
  );

  test.each(random)(
    "%o: the same stream gives the same bytes; another slot or round gives others",
    (spec) => {
      const compressor = createCompressor(spec, d, "float32", options);
      const bytes = (round: number, slot: number): string =>
        compressor.encode(x, drawn(compressor, round, slot)).bytes.join(" ");
      expect(bytes(4, 1)).toBe(bytes(4, 1));
      // Of twelve messages a few may agree by chance where there are few outcomes, not most.
      const others = [1, 4, 5].flatMap((round) => [1, 2, 4, 7].map((slot) => bytes(round, slot)));
      expect(new Set(others).size).toBeGreaterThan(others.length / 2);
    },
  );

  test.each(random)("%o: a drawn message decodes to the formula's Q(x)", (spec) => {
    for (const wire of WIRES) {
      const compressor = createCompressor(spec, d, wire, options);
      for (let slot = 0; slot < 50; slot++) {
        const draw = drawn(compressor, 0, slot);
        const expected = apply(spec, x, draw, wire, 50);
        const q = decoded(compressor, x, compressor.receiverDraws ? drawn(compressor, 0, slot) : draw);
        for (let j = 0; j < d; j++) expect(q[j]).toBeCloseTo(expected[j]!, 10);
      }
    }
  });

  test("RandK draws K increasing indices and its receiver needs them; quantisers draw d uniforms and theirs do not", () => {
    const randK = createCompressor({ kind: "rand-k", k: 7 }, d, "float32");
    const draw = drawn(randK, 0, 0);
    if (draw.kind !== "indices") expect.fail("expected indices");
    expect(draw.indices.length).toBe(7);
    expect([...draw.indices]).toEqual([...new Set(draw.indices)].sort((a, b) => a - b));
    expect(randK.receiverDraws).toBe(true);
    for (const spec of random.filter((each) => coordinatesOf(each, x) !== undefined)) {
      const quantizer = createCompressor(spec, d, "float32");
      const raw = stream(0, 0);
      const expected = Float64Array.from({ length: d }, () => raw.nextUniform());
      expect(drawn(quantizer, 0, 0)).toEqual({ kind: "uniforms", uniforms: expected });
      expect(quantizer.receiverDraws).toBe(false);
      const { bytes } = quantizer.encode(x, { kind: "uniforms", uniforms: expected });
      const into = new Float64Array(d);
      quantizer.accumulate(bytes, { kind: "none" }, into);
      expect(into.some((entry) => entry !== 0)).toBe(true);
    }
  });

  test("a lossless RandK draws nothing and its receiver needs nothing", () => {
    const compressor = createCompressor({ kind: "rand-k", k: d }, d, "float32");
    expect(drawn(compressor, 0, 0)).toEqual({ kind: "none" });
    expect(compressor.receiverDraws).toBe(false);
  });
});
