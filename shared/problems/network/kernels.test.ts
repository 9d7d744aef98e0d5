/** Each loop alone: WebAssembly against TypeScript, on sizes and numbers that whole networks don't meet. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Purpose, Stream } from "../../math/index.ts";
import { binaryOperations, type Kernels, packedEntries, unaryOperations } from "./kernels.ts";
import { ReferenceKernels } from "./reference-kernels.ts";
import { WasmKernels } from "./wasm/wasm-kernels.ts";
import { type Geometry, outSize } from "./window.ts";

/** Regions of the memory: three operands and the result, with room for what is written beyond an end. */
const REGION = 8192;
const [A, B, C, OUT] = [0, REGION, 2 * REGION, 3 * REGION];

/** Ordinary numbers, and those where rounding, signs and limits show. */
const special = [
  0,
  -0,
  1,
  -1,
  0.625,
  -0.625,
  1e-300,
  -5e-324,
  3e38,
  1e308,
  -1e308,
  Infinity,
  -Infinity,
  NaN,
  745,
  -746,
  710,
];
const entry = fc.oneof(
  { weight: 8, arbitrary: fc.double({ min: -40, max: 40, noNaN: true }) },
  { weight: 1, arbitrary: fc.constantFrom(...special) },
);
const finite = fc.double({ min: -4, max: 4, noNaN: true });

interface Setting {
  readonly kernels: Kernels;
  readonly memory: Float64Array | Float32Array;
}

/** Runs the loop on both and compares `count` entries of the result, and that what lies before it is as it was. */
function agree(
  pair: readonly [Kernels, Kernels],
  operands: readonly (readonly number[])[],
  count: number,
  run: (kernels: Kernels) => void,
): void {
  const results = pair.map((kernels) => {
    const { memory } = prepared(kernels, operands);
    run(kernels);
    return {
      result: memory.slice(OUT, OUT + count),
      beyond: memory.slice(OUT + Math.ceil(count / 4) * 4, OUT + REGION),
      operands: memory.slice(A, A + 64),
    };
  });
  expect(results[1]!.result).toEqual(results[0]!.result);
  expect(results[1]!.operands).toEqual(results[0]!.operands);
  for (const { beyond } of results) expect(beyond.every((value) => value === 0.25)).toBe(true);
}

function prepared(kernels: Kernels, operands: readonly (readonly number[])[]): Setting {
  const memory = kernels.memory(4 * REGION);
  memory.fill(0.25);
  for (const [i, operand] of operands.entries()) memory.set(operand, [A, B, C][i]!);
  return { kernels, memory };
}

function numbers(count: number, of: fc.Arbitrary<number> = entry): fc.Arbitrary<number[]> {
  return fc.array(of, { minLength: count, maxLength: count });
}

const size = fc.integer({ min: 1, max: 19 });

describe.each(["float64", "float32"] as const)("%s", (precision) => {
  const pair = [new ReferenceKernels(precision), new WasmKernels(precision)] as const;

  test.each(unaryOperations)("%s", (operation) => {
    fc.assert(
      fc.property(fc.array(entry, { minLength: 1, maxLength: 40 }), (a) => {
        agree(pair, [a], a.length, (k) => k.unary(operation, A, OUT, a.length));
      }),
      { numRuns: 300 },
    );
    agree(pair, [special], special.length, (k) => k.unary(operation, A, OUT, special.length));
  });

  // Exponentials are computed in stages of 64 entries.
  test.each(unaryOperations)("%s of more entries than one stage has", (operation) => {
    for (const count of [63, 64, 65, 127, 128, 129, 200]) {
      const a = Array.from({ length: count }, (_, i) =>
        i % 5 === 0 ? special[(i / 5) % special.length]! : 12 * Math.sin(i * i),
      );
      agree(pair, [a], count, (k) => k.unary(operation, A, OUT, count));
    }
  });

  test("bytes become scale byte + offset, rounded once to the memory's precision", () => {
    const round = precision === "float32" ? Math.fround : (x: number) => x;
    const byte = fc.integer({ min: 0, max: 255 });
    fc.assert(
      fc.property(fc.array(byte, { minLength: 1, maxLength: 40 }), finite, finite, (given, scale, offset) => {
        const expected = given.map((each) => round(scale * each + offset));
        for (const kernels of pair) {
          const { memory } = prepared(kernels, []);
          kernels.bytes(OUT, given.length).set(given);
          kernels.decode(OUT, given.length, scale, offset);
          expect([...memory.subarray(OUT, OUT + given.length)]).toEqual(expected);
          expect(memory[OUT - 1]).toBe(0.25);
          expect(memory.subarray(OUT + given.length, OUT + REGION).every((v) => v === 0.25)).toBe(true);
        }
      }),
    );
  });

  test("affine, clip and within", () => {
    fc.assert(
      fc.property(fc.array(entry, { minLength: 1, maxLength: 40 }), entry, entry, (a, s, o) => {
        agree(pair, [a], a.length, (k) => k.affine(A, OUT, a.length, s, o));
        const limit = Math.abs(o) > 0 ? Math.abs(o) : 1;
        agree(pair, [a], a.length, (k) => k.clip(A, OUT, a.length, limit));
        agree(pair, [a], a.length, (k) => k.within(A, OUT, a.length, limit));
      }),
    );
  });

  test.each(binaryOperations)("%s", (operation) => {
    fc.assert(
      fc.property(fc.array(fc.tuple(entry, entry), { minLength: 1, maxLength: 40 }), (both) => {
        const operands = [both.map(([a]) => a), both.map(([, b]) => b)];
        agree(pair, operands, both.length, (k) => k.binary(operation, A, B, OUT, both.length));
      }),
    );
  });

  test("products", () => {
    fc.assert(
      fc.property(fc.tuple(size, size, size).chain(withProduct), ({ m, k: inner, n, a, b, c }) => {
        agree(pair, [a, b], m * n, (k) => {
          k.pack(B, C, inner, n);
          k.product(A, C, OUT, m, inner, n);
        });
        agree(pair, [a, b], m * n, (k) => {
          k.packTransposed(B, C, inner, n);
          k.product(A, C, OUT, m, inner, n);
        });
        agree(pair, [a, b], m * n, (k) => {
          k.memory(0).set(c, OUT);
          k.addTransposedProduct(A, B, C, OUT, m, inner, n);
        });
      }),
      { numRuns: 200 },
    );
  });

  // Of these WebAssembly adds no term of a zero, where there are enough, as long as the right factor is finite.
  describe.each([
    [66, 60, 64],
    [7, 150, 48],
    [3, 135, 47],
    [1, 130, 56],
    [70, 33, 35],
    [64, 64, 99],
    [9, 9, 70],
  ])("[%i, %i], with many zeros, times [., %i]", (m, k, n) => {
    const stream = new Stream({ seed: 1, purpose: Purpose.rows, round: m, index: n });
    const number = () => 8 * stream.nextUniform() - 4;
    const numbersOf = (count: number) => Array.from({ length: count }, number);
    /** In runs, as pixels of a background; and here and there by themselves. */
    const zeros = (share: number) => {
      let isRun = false;
      return numbersOf(m * k).map((value) => {
        if (stream.nextUniform() < 0.2) isRun = stream.nextUniform() < share;
        if (isRun || stream.nextUniform() < share / 4) return stream.nextBelow(8) === 0 ? -0 : 0;
        return value;
      });
    };
    const other = (values: number[], by: number) => values.with(stream.nextBelow(values.length), by);

    test.each([
      ["finite", undefined],
      ["infinite", Infinity],
      ["not a number", Number.NaN],
    ])("the right factor is %s", (_what, odd) => {
      for (const share of [0.05, 0.4, 0.6, 0.8, 0.95, 1]) {
        for (const left of [zeros(share), other(zeros(share), Number.NaN)]) {
          const right = (count: number) =>
            odd === undefined ? numbersOf(count) : other(numbersOf(count), odd);
          agree(pair, [left, right(k * n)], m * n, (kernels) => {
            kernels.pack(B, C, k, n);
            kernels.product(A, C, OUT, m, k, n);
          });
          const sums = numbersOf(k * n);
          agree(pair, [left, right(m * n)], k * n, (kernels) => {
            kernels.memory(0).set(sums, OUT);
            kernels.addTransposedProduct(A, B, C, OUT, k, m, n);
          });
          // Of as many columns as C is given rows: long sums of each.
          agree(pair, [left, right(k * n)], m * n, (kernels) => {
            kernels.memory(0).set(sums.concat(sums, sums).slice(0, m * n), OUT);
            kernels.addTransposedProduct(A, B, C, OUT, m, k, n);
          });
        }
      }
    });
  });

  test("channels and positions", () => {
    fc.assert(
      fc.property(
        fc.tuple(size, size).chain(([count, channels]) =>
          fc.record({
            count: fc.constant(count),
            channels: fc.constant(channels),
            a: numbers(count * channels),
            p: numbers(channels),
          }),
        ),
        ({ count, channels, a, p }) => {
          agree(pair, [a, p], a.length, (k) => k.addChannels(A, B, OUT, count, channels));
          agree(pair, [a, p], a.length, (k) => k.multiplyChannels(A, B, OUT, count, channels));
          agree(pair, [a, p], channels, (k) => {
            k.memory(0).set(p, OUT);
            k.addPositions(A, OUT, count, channels);
          });
        },
      ),
    );
  });

  test("groups, largest, pick and place", () => {
    const few = fc.integer({ min: 1, max: 6 });
    fc.assert(
      fc.property(
        fc.tuple(few, few, few, few).chain(([rows, positions, groups, each]) =>
          fc.record({
            shape: fc.constant({ rows, positions, groups, each }),
            a: numbers(rows * positions * groups * each),
            labels: numbers(rows, fc.integer({ min: 0, max: positions * groups * each - 1 })),
          }),
        ),
        ({ shape: { rows, positions, groups, each }, a, labels }) => {
          const row = positions * groups * each;
          agree(pair, [a], rows * groups, (k) => k.sumGroups(A, OUT, rows, positions, groups, each));
          agree(pair, [a], rows * row, (k) => k.spreadGroups(A, OUT, rows, positions, groups, each));
          agree(pair, [a], rows, (k) => k.largest(A, OUT, rows, row));
          agree(pair, [a, labels], rows, (k) => k.pick(A, B, OUT, rows, row));
          agree(pair, [a, labels], rows * row, (k) => k.place(A, B, OUT, rows, row));
        },
      ),
    );
  });

  test("windows", () => {
    fc.assert(
      fc.property(geometry.chain(withImages), ({ g, a, windows }) => {
        const image = g.height * g.width * g.channels;
        const count = g.outHeight * g.outWidth * g.windowHeight * g.windowWidth * g.channels;
        agree(pair, [a], count, (k) => k.patches(A, OUT, g));
        agree(pair, [windows], image, (k) => k.addPatches(A, OUT, g));
      }),
      { numRuns: 200 },
    );
    fc.assert(
      fc.property(geometry.map(unpadded).chain(withImages), ({ g, rows, a, by, windows }) => {
        const image = g.height * g.width * g.channels;
        const out = g.outHeight * g.outWidth * g.channels;
        agree(pair, [a, by], rows * out, (k) => k.maxPoolPick(A, B, OUT, rows, g));
        agree(pair, [windows, by], rows * image, (k) => k.maxPoolPlace(A, B, OUT, rows, g));
        agree(pair, [a], rows * out, (k) => k.sumPool(A, OUT, rows, g));
        agree(pair, [windows], rows * image, (k) => k.sumPoolTransposed(A, OUT, rows, g));
      }),
      { numRuns: 200 },
    );
  });

  test("a matrix is packed into the room that it is given", () => {
    const [k, n] = [3, 5];
    for (const kernels of pair) {
      const { memory } = prepared(kernels, [Array.from({ length: k * n }, (_, i) => i)]);
      kernels.pack(A, OUT, k, n);
      expect(memory.subarray(OUT + packedEntries(k, n)).every((value) => value === 0.25)).toBe(true);
    }
  });

  test("memory beyond the limit is refused with both sizes", () => {
    const small = new WasmKernels(precision, 2 ** 20);
    small.memory(100_000);
    expect(() => small.memory(2 ** 20)).toThrow(
      /the network needs \d+ MiB of kernel memory, expected at most 1 MiB; use smaller layers, or float32/,
    );
  });
});

function withProduct([m, k, n]: [number, number, number]) {
  const of = fc.oneof({ weight: 30, arbitrary: finite }, { weight: 1, arbitrary: entry });
  return fc.record({
    m: fc.constant(m),
    k: fc.constant(k),
    n: fc.constant(n),
    a: numbers(m * k, of),
    b: numbers(k * n, of),
    c: numbers(m * n, of),
  });
}

/** Windows that fit, with padding below their size. */
const geometry: fc.Arbitrary<Geometry> = fc
  .record({
    windowHeight: fc.integer({ min: 1, max: 4 }),
    windowWidth: fc.integer({ min: 1, max: 4 }),
    strideY: fc.integer({ min: 1, max: 3 }),
    strideX: fc.integer({ min: 1, max: 3 }),
    moreRows: fc.integer({ min: 0, max: 4 }),
    moreColumns: fc.integer({ min: 0, max: 4 }),
    channels: fc.integer({ min: 1, max: 6 }),
    padding: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 4, maxLength: 4 }),
  })
  .map(({ moreRows, moreColumns, padding, ...window }) => {
    const [height, width] = [window.windowHeight + moreRows, window.windowWidth + moreColumns];
    const [top, bottom, left, right] = padding as [number, number, number, number];
    const outHeight = outSize(height + top + bottom, window.windowHeight, window.strideY);
    const outWidth = outSize(width + left + right, window.windowWidth, window.strideX);
    return { ...window, height, width, top, left, outHeight, outWidth };
  });

function unpadded(g: Geometry): Geometry {
  const outHeight = outSize(g.height, g.windowHeight, g.strideY);
  const outWidth = outSize(g.width, g.windowWidth, g.strideX);
  return { ...g, top: 0, left: 0, outHeight, outWidth };
}

/** Images with many equal entries, so that the largest is often tied, and something for each entry of each window. */
function withImages(g: Geometry) {
  const rows = 2;
  const entries = rows * g.height * g.width * g.channels;
  const taps = rows * g.outHeight * g.outWidth * g.windowHeight * g.windowWidth * g.channels;
  return fc.record({
    g: fc.constant(g),
    rows: fc.constant(rows),
    a: numbers(entries),
    by: numbers(entries, fc.constantFrom(0, 1, 2, -1, Number.NaN)),
    windows: numbers(taps),
  });
}
