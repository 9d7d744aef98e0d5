import { describe, expect, test } from "vitest";
import type { Draw, Wire } from "./compressor.ts";
import { type CompressorSpec, createCompressor } from "./registry.ts";

const X = Float64Array.of(1, -15, 0.2, -7, 10);
const UNIFORMS: Draw = { kind: "uniforms", uniforms: Float64Array.of(0.1, 0.3, 0.5, 0.7, 0.9) };
const INDICES: Draw = { kind: "indices", indices: Uint32Array.of(0, 3) };

function quantized(spec: CompressorSpec, draw: Draw, wire: Wire, x = X): number[] {
  const compressor = createCompressor(spec, x.length, wire);
  const into = new Float64Array(x.length);
  compressor.accumulate(compressor.encode(x, draw).bytes, draw, into);
  return [...into];
}

// Worked by hand with |x| = sqrt(375.04) = 19.3659495...
describe.each(["float32", "float64"] as const)("worked examples on %s", (wire) => {
  const digits = wire === "float32" ? 5 : 7;
  const examples: readonly [string, CompressorSpec, Draw, readonly number[]][] = [
    ["RandK keeps 0 and 3, times 5/2", { kind: "rand-k", k: 2 }, INDICES, [2.5, 0, 0, -17.5, 0]],
    ["l2-quantization", { kind: "l2-quantization" }, UNIFORMS, [0, -19.3659495, 0, 0, 0]],
    [
      "dithering with four levels",
      { kind: "qsgd", levels: 4 },
      UNIFORMS,
      [4.841487375, -14.52446212, 0, -4.841487375, 9.68297475],
    ],
    ["natural compression", { kind: "natural" }, UNIFORMS, [1, -16, 0.25, -8, 8]],
    ["Top-K keeps -15 and 10", { kind: "top-k", k: 2 }, { kind: "none" }, [0, -15, 0, 0, 10]],
    ["identity", { kind: "identity" }, { kind: "none" }, [1, -15, 0.2, -7, 10]],
  ];
  test.each(examples)("%s", (_name, spec, draw, expected) => {
    const q = quantized(spec, draw, wire);
    for (let j = 0; j < 5; j++) expect(q[j]).toBeCloseTo(expected[j]!, digits);
  });
});

describe("messages, byte by byte", () => {
  const hex = (spec: CompressorSpec, x: readonly number[], draw: Draw, wire: Wire): string =>
    Buffer.from(createCompressor(spec, x.length, wire).encode(Float64Array.from(x), draw).bytes).toString(
      "hex",
    );
  const up = (count: number): Draw => ({ kind: "uniforms", uniforms: new Float64Array(count) });

  test("RandK: the kept values, little-endian and unscaled", () => {
    expect(
      hex(
        { kind: "rand-k", k: 2 },
        [1, 2, 3, -2],
        { kind: "indices", indices: Uint32Array.of(0, 3) },
        "float32",
      ),
    ).toBe("0000803f000000c0");
    expect(
      hex({ kind: "rand-k", k: 1 }, [1, 2], { kind: "indices", indices: Uint32Array.of(1) }, "float64"),
    ).toBe("0000000000000040");
  });

  test("Top-K: the kept values, then their indices in four bits each from the lowest", () => {
    const x = [0, 0, 2, 0, 0, 0, 1, 0, -2];
    // Indices 2, 6 and 8: 0010, 0110, 1000, and four zeros.
    expect(hex({ kind: "top-k", k: 3 }, x, { kind: "none" }, "float32")).toBe(
      "00000040" + "0000803f" + "000000c0" + "6208",
    );
  });

  test("l2-quantization, fixed: the norm 5, then codes plus, minus, zero from the lowest bits", () => {
    expect(hex({ kind: "l2-quantization" }, [3, -4, 0], up(3), "float32")).toBe("0000a04009");
  });

  test("l2-quantization, sparse: the norm 2, then sign and index of the only non-zero", () => {
    const x = new Array<number>(100).fill(0);
    x[37] = -2;
    // 1 + 37 * 2 = 75 = 0x4b in 1 + 7 bits
    expect(hex({ kind: "l2-quantization" }, x, up(100), "float32")).toBe("000000404b");
  });

  test("qsgd: the norm 5, then three bits a coordinate, minus as s + l", () => {
    // s = 2: u = (1.2, 1.6, 0), up to levels 2, 2, 0: codes 2, 2 + 2, 0 = binary 000 100 010
    expect(hex({ kind: "qsgd", levels: 2 }, [3, -4, 0], up(3), "float32")).toBe("0000a0402200");
  });

  test("natural: exponent field and sign, nine bits", () => {
    // 1: field 127; -2: field 128 with the sign, 0x180; 0
    const packed = 127 + 2 ** 9 * 0x180;
    const expected = Buffer.alloc(4);
    expected.writeUInt32LE(packed);
    expect(
      hex(
        { kind: "natural" },
        [1, -2, 0],
        { kind: "uniforms", uniforms: Float64Array.of(0.5, 0.5, 0.5) },
        "float32",
      ),
    ).toBe(expected.toString("hex"));
  });
});

describe("natural compression at the ends of the range", () => {
  const at = (value: number, u: number, wire: Wire): number =>
    quantized(
      { kind: "natural" },
      { kind: "uniforms", uniforms: Float64Array.of(u) },
      wire,
      Float64Array.of(value),
    )[0]!;

  test.each([
    ["float32", -126],
    ["float64", -1022],
  ] as const)("on %s rounds between 0 and 2^%d below it, up with probability |x|/2^e", (wire, exponent) => {
    const smallest = 2 ** exponent;
    expect(at(0.25 * smallest, 0.2499, wire)).toBe(smallest);
    expect(at(0.25 * smallest, 0.25, wire)).toBe(0);
    expect(at(-0.25 * smallest, 0.25, wire)).toBe(0);
    expect(at(-0.25 * smallest, 0.2499, wire)).toBe(-smallest);
    expect(at(smallest, 0, wire)).toBe(smallest);
    expect(at(1.5 * smallest, 0.4999, wire)).toBe(2 * smallest);
    expect(at(1.5 * smallest, 0.5, wire)).toBe(smallest);
  });

  test.each([
    ["float32", 127],
    ["float64", 1023],
  ] as const)("on %s keeps 2^%d and refuses anything above it as diverging", (wire, exponent) => {
    const largest = 2 ** exponent;
    expect(at(largest, 0, wire)).toBe(largest);
    expect(at(-0.75 * largest, 0, wire)).toBe(-largest);
    expect(() => at(1.01 * largest, 0.99, wire)).toThrow(
      expect.objectContaining({
        code: "non-finite",
        message: expect.stringMatching(/entry 0 is .*2\^\d+ .*diverging/),
      }),
    );
  });
});
