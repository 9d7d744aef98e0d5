import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Reading } from "../../shared/data/manifest.ts";
import { type ReadingOptions, readingOf } from "./reading.ts";
import { readingWords } from "./reading-words.ts";

const file = (name: string, contents: string | Uint8Array) => ({
  name,
  head: typeof contents === "string" ? new TextEncoder().encode(contents) : contents,
});
const piped = [file("standard input", "")];

/** Options as the command line gives them, from its words. */
function optionsOf(words: readonly string[]): ReadingOptions {
  const options: Record<string, unknown> = {};
  for (let at = 0; at < words.length; at++) {
    const flag = words[at]!.slice(2);
    const name = flag.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());
    if (flag === "no-header") options["header"] = false;
    else if (["header", "decimal-comma", "zero-based", "standardize", "scale", "intercept"].includes(flag))
      options[name] = true;
    else if (flag === "drop" || flag === "columns") {
      options[name] = [...((options[name] as string[] | undefined) ?? []), words[++at]!];
    } else if (["dimension", "shuffle", "clients"].includes(flag)) options[name] = Number(words[++at]);
    else options[name] = words[++at];
  }
  return options;
}

describe("how a file is read", () => {
  it("is told by its bytes, its name, and a label column", () => {
    const y = { labelColumn: "y" };
    expect(readingOf([file("a.txt", "1 1:1\n")], {}).format).toBe("libsvm");
    expect(readingOf([file("a.txt", "1 1:1\n")], y).format).toBe("csv");
    expect(readingOf([file("b.CSV.gz", "")], y).format).toBe("csv");
    expect(readingOf([file("c.csv", "PAR1...PAR1")], y).format).toBe("parquet");
    expect(readingOf(piped, {}).format).toBe("libsvm");
    expect(readingOf(piped, y).format).toBe("csv");
    expect(readingOf([file("c.csv", "PAR1...")], { ...y, format: "csv" }).format).toBe("csv");
  });

  it("is one for all files", () => {
    const files = [file("a.csv", "a,y\n"), file("b.csv", "a,y\n")];
    expect(readingOf(files, { labelColumn: "y" }).format).toBe("csv");
    expect(() => readingOf([...files, file("c", "PAR1")], { labelColumn: "y" })).toThrow(
      /^c: expected csv as a.csv is, it seems to be parquet/,
    );
  });

  it("without a label column shows the first line, where the file is text", () => {
    const said = (contents: string | Uint8Array): string => {
      try {
        readingOf([file("a.csv", contents)], {});
      } catch (error) {
        return (error as Error).message.replace(
          "--format csv: expected --label-column <name>, the column of labels",
          "",
        );
      }
      return "read";
    };
    expect(said("id,size,kind\r\n1,2,a\n")).toBe('; the first line of a.csv is "id,size,kind"');
    expect(said(gzipSync("\ufeffid\tkind\n1\ta\n"))).toBe('; the first line of a.csv is "id\\tkind"');
    // A head that ends within a character.
    const long = new TextEncoder().encode("é".repeat(256)).subarray(0, 511);
    expect(said(long)).toBe(`; the first line of a.csv is "${"é".repeat(200)}..."`);
    expect(said("")).toBe("");
    expect(said(new Uint8Array([0xff, 0xfe, 105, 0, 100, 0]))).toBe("");
  });

  it.each<[ReadingOptions, RegExp]>([
    [{ format: "csv" }, /--format csv: expected --label-column <name>/],
    [{ format: "csv", header: false }, /--label-column <number>.* from 1/],
    [{ format: "libsvm", labelColumn: "y" }, /--label-column: .* LIBSVM has no columns/],
    [{ format: "libsvm", drop: ["a"] }, /--drop: expected --format csv or parquet/],
    [
      { format: "parquet", labelColumn: "y", header: false },
      /--no-header: expected --format csv .* format is parquet/,
    ],
    [{ format: "csv", labelColumn: "y", zeroBased: true }, /--zero-based: expected --format libsvm/],
    [
      { format: "csv", labelColumn: "y", separator: "ab" },
      /--separator: expected one character, or tab, got "ab"/,
    ],
    [{ shuffle: 1, sort: "label" }, /--sort and --shuffle: expected one of them/],
    [{ standardize: true, scale: true }, /--standardize and --scale: expected one of them/],
    [{ positive: "a", labels: "real" }, /--positive: expected --labels binary/],
    [{ partition: "dirichlet:1", labels: "real" }, /--partition: expected --labels binary/],
    [{ clients: 3 }, /--clients: expected --partition dirichlet:ALPHA with it/],
    [{ partition: "dirichlet:0.5", shuffle: 1 }, /--partition: expected --clients <n> with it/],
    [{ partition: "dirichlet:0.5", clients: 2 }, /--partition: expected --shuffle <seed> with it/],
    [{ partition: "dirichlet:0", clients: 2, shuffle: 1 }, /--partition: .* got "dirichlet:0"/],
    [{ partition: "classes:2", clients: 2, shuffle: 1 }, /--partition: .* got "classes:2"/],
    [{ format: "csv", labelColumn: "y", drop: ['"a'] }, /--drop: expected names .* got "\\"a"/],
  ])("is refused: %j", (options, message) => {
    expect(() => readingOf(piped, options)).toThrow(message);
    expect(() => readingOf(piped, options)).toThrow(expect.objectContaining({ code: "usage" }));
  });

  it("takes lists of names, quoted where they hold commas", () => {
    const reading = readingOf(piped, { labelColumn: "y", drop: ['a, b,"c,d"', "", "it's"] });
    expect(reading).toEqual({ format: "csv", labelColumn: "y", drop: ["a", "b", "c,d", "", "it's"] });
  });

  it("comes back from the words that tell it", () => {
    const name = fc.oneof(fc.string(), fc.constantFrom("", "a,b", '"q"', " x ", "#"));
    // A name keeps no spaces around it: those of CSV headers are trimmed as well.
    const names = fc.array(
      name.map((text) => text.trim()),
      { minLength: 1, maxLength: 4 },
    );
    const order = fc.oneof(
      fc.record({ by: fc.constant("shuffle" as const), seed: fc.nat() }),
      fc.constant({ by: "label" as const }),
      fc.record({
        by: fc.constant("dirichlet" as const),
        alpha: fc.double({ min: 1e-300, noNaN: true, noDefaultInfinity: true }),
        clients: fc.integer({ min: 1, max: 99 }),
        seed: fc.nat(),
      }),
    );
    const changes = {
      positive: fc.string(),
      scaling: fc.constantFrom("standardize", "max-abs"),
      intercept: fc.constant(true as const),
    };
    const csv = fc.record(
      {
        format: fc.constant("csv" as const),
        labelColumn: fc.string(),
        drop: names,
        missing: fc.constantFrom("drop-rows", "mean"),
        header: fc.boolean(),
        separator: fc.constantFrom(";", "\t", "|", "#"),
        decimalComma: fc.constant(true as const),
        dimension: fc.integer({ min: 1, max: 99 }),
        order,
        ...changes,
      },
      { requiredKeys: ["format", "labelColumn"] },
    );
    const libsvm = fc.record(
      {
        format: fc.constant("libsvm" as const),
        zeroBased: fc.constant(true as const),
        dimension: fc.nat({ max: 9 }),
        order,
        ...changes,
      },
      { requiredKeys: ["format"] },
    );
    fc.assert(
      fc.property(fc.oneof(csv, libsvm), (reading: Reading) => {
        expect(readingOf(piped, optionsOf(readingWords(reading)))).toEqual(reading);
      }),
    );
  });
});
