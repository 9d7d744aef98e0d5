import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MessageError } from "../base/errors.ts";
import { Purpose, Stream } from "../math/streams.ts";
import type { Compressor, Draw, Wire } from "./compressor.ts";
import { type CompressorSpec, createCompressor } from "./registry.ts";
import { specsIn, streamsOf, WORKERS } from "./testing/specs.ts";

const WIRES: readonly Wire[] = ["float32", "float64"];

/** A draw of the second of two slots; of a quantiser one that rounds away from zero nearly everywhere. */
function drawFor(compressor: Compressor): Draw {
  const stream = (index: number) => new Stream({ seed: 4, purpose: Purpose.compressor, round: 0, index });
  const place = { round: 0, slot: 1, slots: WORKERS };
  const draw = compressor.draw(
    streamsOf(
      () => stream(1),
      () => stream(0),
    ),
    place,
  );
  return draw.kind === "uniforms" ? { ...draw, uniforms: draw.uniforms.fill(0.05) } : draw;
}

/** True when the bytes were taken. Anything but a MessageError, and any change to `into` before one, is a failure. */
function accepted(compressor: Compressor, bytes: Uint8Array): boolean {
  const into = new Float64Array(compressor.dimension).fill(0.25);
  try {
    compressor.accumulate(bytes, drawFor(compressor), into);
  } catch (error) {
    if (!(error instanceof MessageError)) throw error;
    expect(into.every((entry) => entry === 0.25)).toBe(true);
    return false;
  }
  expect(into.every((entry) => !Number.isNaN(entry))).toBe(true);
  return true;
}

const CASES = [3, 4, 9, 100].flatMap((dimension) =>
  specsIn(dimension).flatMap((spec) =>
    WIRES.map(
      (wire) =>
        [
          `${JSON.stringify(spec)} on ${wire}, d = ${dimension}`,
          createCompressor(spec, dimension, wire, { workers: WORKERS }),
        ] as const,
    ),
  ),
);

describe.each(CASES)("%s", (_name, compressor) => {
  const x = Float64Array.from({ length: compressor.dimension }, (_, j) => Math.cos(j + 1) * 3);
  const valid = compressor.encode(x, drawFor(compressor)).bytes;

  test("arbitrary bytes are a message or a MessageError, which changes nothing", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 8 * compressor.dimension + 9 }),
        (bytes) => void accepted(compressor, bytes),
      ),
      {
        numRuns: 60,
      },
    );
    const body = fc.uint8Array({ minLength: valid.length, maxLength: valid.length });
    fc.assert(
      fc.property(body, (bytes) => void accepted(compressor, bytes)),
      { numRuns: 60 },
    );
  });

  test("a valid message with one byte changed is a message or a MessageError", () => {
    const change = fc.tuple(fc.nat(valid.length - 1), fc.integer({ min: 1, max: 255 }));
    fc.assert(
      fc.property(change, ([at, by]) => {
        const bytes = Uint8Array.from(valid);
        bytes[at] = bytes[at]! ^ by;
        accepted(compressor, bytes);
      }),
      { numRuns: 60 },
    );
  });

  test("the message itself is taken; one byte more, and none at all, are not", () => {
    expect(accepted(compressor, valid)).toBe(true);
    expect(accepted(compressor, new Uint8Array(0))).toBe(false);
    const longer = new Uint8Array(valid.length + 1);
    longer.set(valid);
    // For l2-quantization that is a sparse message with a whole byte of padding.
    expect(accepted(compressor, longer)).toBe(false);
  });
});

describe("what a message may not hold", () => {
  const reject = (spec: CompressorSpec, dimension: number, hex: string): string => {
    const compressor = createCompressor(spec, dimension, "float32");
    try {
      compressor.accumulate(
        Uint8Array.from(Buffer.from(hex, "hex")),
        { kind: "none" },
        new Float64Array(dimension),
      );
    } catch (error) {
      if (error instanceof MessageError) return error.message;
      throw error;
    }
    return "accepted";
  };
  const l2: CompressorSpec = { kind: "l2-quantization" };

  test.each([
    ["a NaN", { kind: "identity" }, 2, "0000803f0000c07f", /number 1 of 2 is NaN/],
    ["an infinity", { kind: "identity" }, 1, "0000807f", /number 0 of 1 is Infinity/],
    ["too few bytes", { kind: "identity" }, 2, "0000803f", /expected 8 bytes, got 4/],
    ["a negative norm", l2, 3, "0000a0c009", /norm is -5/],
    ["an infinite norm", { kind: "qsgd", levels: 2 }, 3, "0000807f2200", /norm is Infinity/],
    ["the code 3", l2, 3, "0000a0400d", /byte 4 holds the code 3/],
    ["padding after fixed codes", l2, 3, "0000a04089", /less than a byte of zero bits/],
    [
      "an index out of range",
      l2,
      100,
      "00000040ff",
      /entry 0 has index 127, expected more than -1 and less than 100/,
    ],
    ["indices that do not increase", l2, 100, "000000404b4b", /entry 1 has index 37, expected more than 37/],
    ["a whole byte of padding", l2, 100, "000000404b00", /less than a byte of zero bits/],
    ["padding after sparse entries", l2, 17, "0000004082", /less than a byte of zero bits/],
    [
      "a level above s",
      { kind: "qsgd", levels: 2 },
      3,
      "0000a0402500",
      /entry 0 has code 5, expected at most 2 s = 4/,
    ],
    [
      "padding after levels",
      { kind: "qsgd", levels: 2 },
      3,
      "0000a0402202",
      /zero bits after the last entry/,
    ],
    ["the exponent of infinity", { kind: "natural" }, 1, "ff00", /entry 0 is the exponent of infinity/],
    ["minus zero", { kind: "natural" }, 1, "0001", /entry 0 is minus zero/],
    [
      "indices of Top-K that do not increase",
      { kind: "top-k", k: 2 },
      9,
      "0000803f0000004033",
      /entry 1 has index 3, expected more than 3 and less than 9/,
    ],
    [
      "an index of Top-K out of range",
      { kind: "top-k", k: 1 },
      9,
      "0000803f09",
      /entry 0 has index 9, expected more than -1 and less than 9/,
    ],
    ["padding after indices", { kind: "top-k", k: 1 }, 9, "0000803f18", /zero bits after the last index/],
    ["a NaN of Top-K", { kind: "top-k", k: 1 }, 9, "0000c07f08", /number 0 of 1 is NaN/],
    ["padding after exponents", { kind: "natural" }, 1, "7f02", /zero bits after the last entry/],
  ] as const)("%s", (_name, spec, dimension, hex, message) => {
    expect(reject(spec, dimension, hex)).toMatch(message);
  });
});

describe("l2-quantization tells its two codes apart without a header", () => {
  /** A vector and draw whose quantised form has exactly this pattern of signs. */
  function roundTrip(pattern: readonly number[], wire: Wire): void {
    const d = pattern.length;
    const compressor = createCompressor({ kind: "l2-quantization" }, d, wire);
    // Entries that shall vanish are non-zero too (but for d = 1, where nothing non-zero vanishes).
    const x = Float64Array.from(pattern, (sign) => (sign === 0 ? (d === 1 ? 0 : 1) : sign));
    const uniforms = Float64Array.from(pattern, (sign) => (sign === 0 ? 0.9999999 : 0));
    const into = new Float64Array(d);
    compressor.accumulate(compressor.encode(x, { kind: "uniforms", uniforms }).bytes, { kind: "none" }, into);
    if (into.some((entry, j) => Math.sign(entry) !== pattern[j])) expect.fail(`${pattern} became ${into}`);
  }

  test("for every pattern of signs up to d = 8", () => {
    for (let d = 1; d <= 8; d++) {
      for (let code = 0; code < 3 ** d; code++) {
        const pattern = Array.from({ length: d }, (_, j) => (Math.floor(code / 3 ** j) % 3) - 1);
        for (const wire of WIRES) roundTrip(pattern, wire);
      }
    }
  });

  test("for every pattern of at most three non-zeros, first index included, where whole entries fit the padding", () => {
    for (const d of [16, 17, 32, 33, 64]) {
      for (const first of [0, 1, d - 3]) {
        for (const count of [0, 1, 2, 3]) {
          for (let signs = 0; signs < 2 ** count; signs++) {
            const pattern = new Array<number>(d).fill(0);
            for (let i = 0; i < count; i++) pattern[first + i] = (signs >>> i) & 1 ? -1 : 1;
            roundTrip(pattern, "float32");
          }
        }
      }
    }
  });

  test("with indices of more than 16 bits", () => {
    const pattern = new Array<number>(200_000).fill(0);
    for (const j of [0, 65_535, 65_536, 131_072, 199_999]) pattern[j] = j % 2 === 0 ? 1 : -1;
    roundTrip(pattern, "float32");
  });
});

describe("what can't be sent", () => {
  test.each(specsIn(3))("%o names the entry of x that is NaN or infinite, kept or not", (spec) => {
    const compressor = createCompressor(spec, 3, "float32", { workers: WORKERS });
    for (const bad of [Number.NaN, Infinity, -Infinity]) {
      expect(() => compressor.encode(Float64Array.of(1, bad, 2), drawFor(compressor))).toThrow(
        expect.objectContaining({ name: "NonFiniteError", index: 1, code: "non-finite" }),
      );
    }
  });

  test.each(specsIn(3))("%o says that a number above the wire's range diverges", (spec) => {
    const compressor = createCompressor(spec, 3, "float32", { workers: WORKERS });
    expect(() => compressor.encode(Float64Array.of(1e39, -1e39, 1e39), drawFor(compressor))).toThrow(
      expect.objectContaining({
        code: "non-finite",
        message: expect.stringMatching(/e\+39.*wire float32.*diverging/),
      }),
    );
  });

  test("RandK names the coordinate, not its place in the message", () => {
    const compressor = createCompressor({ kind: "rand-k", k: 2 }, 3, "float32");
    expect(() => compressor.encode(Float64Array.of(1, 2, 1e39), drawFor(compressor))).toThrow(
      /entry 2 is 1e\+39/,
    );
  });

  test.each(specsIn(3))("%o refuses vectors and draws of another dimension or kind", (spec) => {
    const compressor = createCompressor(spec, 3, "float32", { workers: WORKERS });
    const usage = expect.objectContaining({ code: "usage" });
    expect(() => compressor.encode(new Float64Array(4), drawFor(compressor))).toThrow(usage);
    const { bytes } = compressor.encode(new Float64Array(3), drawFor(compressor));
    expect(() => compressor.accumulate(bytes, drawFor(compressor), new Float64Array(2))).toThrow(usage);
    if (drawFor(compressor).kind === "none") return;
    expect(() => compressor.encode(new Float64Array(3), { kind: "none" })).toThrow(usage);
    const wrong: Draw[] = [
      { kind: "uniforms", uniforms: new Float64Array(2) },
      { kind: "indices", indices: Uint32Array.of(3) },
      { kind: "indices", indices: Uint32Array.of(0, 3) },
      { kind: "indices", indices: Uint32Array.of(0, 1, 2, 3) },
    ];
    for (const draw of wrong) expect(() => compressor.encode(new Float64Array(3), draw)).toThrow(usage);
  });
});
