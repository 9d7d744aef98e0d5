import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { CompressorDefinition } from "./compressor.ts";
import { COMPRESSORS, type CompressorSpec, compressorLabel, createCompressor } from "./registry.ts";

describe.each(COMPRESSORS.map((each) => [each.schema.shape.kind.value, each] as const))(
  "the file of %s",
  (kind, definition) => {
    const { example, schema, told } = definition as unknown as CompressorDefinition;

    test("shows what is told of it", () => {
      const source = readFileSync(new URL(`${kind}.ts`, import.meta.url), "utf8").replace(/\s+\*?\s*/g, " ");
      for (const text of Object.values(told)) {
        const [docstring] = source.split("defineCompressor({");
        expect(docstring).toContain(text);
      }
    });

    test("shows its example, which its schema takes, and labels it", () => {
      const source = readFileSync(new URL(`${kind}.ts`, import.meta.url), "utf8");
      expect(JSON.parse(/@example\s+(\{.*\})\n/.exec(source)?.[1] ?? "null")).toEqual(example);
      expect(schema.parse(example)).toEqual(example);
      expect(compressorLabel(example as CompressorSpec)).toContain(kind);
    });
  },
);

describe("createCompressor", () => {
  const wrong: readonly [CompressorSpec, number, RegExp][] = [
    [{ kind: "rand-k", k: 0 }, 5, /algorithm\.compressor\.k: expected an integer from 1 to 5 .*, got 0/],
    [{ kind: "rand-k", k: 6 }, 5, /algorithm\.compressor\.k: expected an integer from 1 to 5 .*, got 6/],
    [{ kind: "rand-k", k: 1.5 }, 5, /algorithm\.compressor\.k: .*got 1.5/],
    [{ kind: "rand-k", k: Number.NaN }, 5, /algorithm\.compressor\.k: .*got NaN/],
    [
      { kind: "qsgd", levels: 0 },
      5,
      /algorithm\.compressor\.levels: expected an integer from 1 to 32767, got 0/,
    ],
    [{ kind: "qsgd", levels: 32768 }, 5, /algorithm\.compressor\.levels: .*got 32768/],
    [{ kind: "natural" }, 0, /dimension of the data set: expected an integer from 1 .*got 0/],
    // What a spec from an unchecked file may hold.
    [
      JSON.parse('{"kind":"zip"}') as CompressorSpec,
      5,
      /algorithm\.compressor\.kind: expected identity, .*got "zip"/,
    ],
  ];
  test.each(wrong)("refuses %j in R^%d and names the field", (spec, dimension, message) => {
    expect(() => createCompressor(spec, dimension, "float32")).toThrow(
      expect.objectContaining({ code: "spec", message: expect.stringMatching(message) }),
    );
  });

  test("takes the ends of every range", () => {
    expect(createCompressor({ kind: "rand-k", k: 1 }, 1, "float32").omega).toBe(0);
    // Codes 0 .. 2 * 32,767 = 2^16 - 2.
    expect(createCompressor({ kind: "qsgd", levels: 32767 }, 5, "float32").expectedBits).toBe(32 + 5 * 16);
    expect(createCompressor({ kind: "l2-quantization" }, 2 ** 32 - 2, "float32").dimension).toBe(2 ** 32 - 2);
  });
});
