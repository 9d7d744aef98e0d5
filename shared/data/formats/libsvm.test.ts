import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MarinaError } from "../../base/errors.ts";
import { type RowBatch, RowBatchBuilder } from "../rows/row-batch.ts";
import { LARGEST_INDEX, type LibsvmOptions, LibsvmParser } from "./libsvm.ts";

interface Row {
  readonly label: number;
  readonly indices: readonly number[];
  readonly values: readonly number[];
  readonly line: number;
}

const encoder = new TextEncoder();

/** All rows of the text, fed in chunks of these sizes (again and again). */
function parse(
  text: string | Uint8Array,
  sizes: readonly number[] = [1 << 30],
  options: Partial<LibsvmOptions> = {},
): Row[] {
  const rows = new RowBatchBuilder();
  const parser = new LibsvmParser(rows, { source: "test.txt", ...options });
  const bytes = typeof text === "string" ? encoder.encode(text) : text;
  let at = 0;
  for (let k = 0; at < bytes.length; k++) {
    const size = sizes[k % sizes.length]!;
    // A copy that is wiped afterwards: the parser may keep nothing of a chunk.
    const chunk = bytes.slice(at, at + size);
    parser.push(chunk);
    chunk.fill(0x37);
    at += size;
  }
  parser.end();
  return rowsOf(rows.take());
}

function rowsOf({ labels, offsets, indices, values, lines, firstLine }: RowBatch): Row[] {
  return Array.from(labels, (label, row) => {
    const [begin, end] = [offsets[row]!, offsets[row + 1]!];
    return {
      label,
      indices: Array.from(indices.subarray(begin, end)),
      values: Array.from(values?.subarray(begin, end) ?? new Float64Array(end - begin).fill(1)),
      line: firstLine + lines[row]!,
    };
  });
}

/** What a straightforward parser, by split and Number, makes of well-formed text. */
function naive(text: string): Row[] {
  return text.split("\n").flatMap((raw, at) => {
    const [label, ...entries] = raw
      .replace(/(^|[ \t\r])#.*$/s, "")
      .split(/[ \t\r]+/)
      .filter((token) => token !== "");
    if (label === undefined) return [];
    const pairs = entries.map((entry) => entry.split(":").map(Number));
    return [
      {
        label: Number(label),
        indices: pairs.map(([j]) => j! - 1),
        values: pairs.map(([, v]) => v!),
        line: at + 1,
      },
    ];
  });
}

function errorOf(run: () => unknown): MarinaError {
  try {
    run();
  } catch (error) {
    if (error instanceof MarinaError) return error;
    throw error;
  }
  throw new Error("expected an error, got none");
}

describe("the LIBSVM parser", () => {
  it("reads labels, indices and values", () => {
    expect(parse("+1 1:0.5 3:-2\n-1 2:1e-3\n")).toEqual([
      { label: 1, indices: [0, 2], values: [0.5, -2], line: 1 },
      { label: -1, indices: [1], values: [0.001], line: 2 },
    ]);
  });

  it("takes CRLF, comments, blank lines, tabs, trailing spaces, empty rows, and a last line without an end", () => {
    const text = "# heading\r\n1 1:1 2:2 \r\n\r\n   \n-1 #empty row\n\t2\t3:4\t# end 5:6\n3 4:5";
    expect(parse(text)).toEqual([
      { label: 1, indices: [0, 1], values: [1, 2], line: 2 },
      { label: -1, indices: [], values: [], line: 5 },
      { label: 2, indices: [2], values: [4], line: 6 },
      { label: 3, indices: [3], values: [5], line: 7 },
    ]);
  });

  it("keeps stored zeros and the sign of zero", () => {
    expect(parse("-0 1:0 2:-0.0")).toEqual([{ label: -0, indices: [0, 1], values: [0, -0], line: 1 }]);
  });

  it("takes rows of more entries than it first has room for", () => {
    const entries = Array.from({ length: 3000 }, (_, j) => `${2 * j + 1}:${j}`);
    const [row] = parse(`1 ${entries.join(" ")}\n`, [100]);
    expect(row!.indices).toEqual(Array.from({ length: 3000 }, (_, j) => 2 * j));
    expect(row!.values).toEqual(Array.from({ length: 3000 }, (_, j) => j));
  });

  it("takes the largest index that 32 bits allow, and those on both sides of nine digits", () => {
    expect(parse(`1 999999999:1 1000000000:1 4000000000:2 ${LARGEST_INDEX}:1`)[0]!.indices).toEqual([
      999_999_998,
      999_999_999,
      3_999_999_999,
      LARGEST_INDEX - 1,
    ]);
    expect(parse("1 0000000000012:1")[0]!.indices).toEqual([11]);
  });

  it("spells the ones out once a value is another number, and leaves them out again in the next batch", () => {
    const rows = new RowBatchBuilder();
    const parser = new LibsvmParser(rows, { source: "test.txt" });
    parser.push(encoder.encode("1 1:1 2:1\n2 1:1 2:3 3:1\n"));
    expect(rows.take().values).toEqual(Float64Array.of(1, 1, 1, 3, 1));
    parser.push(encoder.encode("3 1:1\n"));
    expect(rows.take()).toMatchObject({ values: null, indices: Uint32Array.of(0), firstLine: 3 });
  });

  it("leaves the rows before a mistake, and nothing of the row that has it", () => {
    const rows = new RowBatchBuilder();
    const parser = new LibsvmParser(rows, { source: "test.txt" });
    expect(() => parser.push(encoder.encode("1 1:1\n2 1:1 2:x\n"))).toThrow(MarinaError);
    expect(rowsOf(rows.take())).toEqual([{ label: 1, indices: [0], values: [1], line: 1 }]);
  });

  it.each([
    "0",
    "-0",
    "+7",
    "1.",
    ".5",
    "-.25",
    "0.1",
    "0.12345678",
    "0.123456789",
    "-12345.67890",
    "2147483648",
    "4294967296.5",
    "123456789.012345",
    "999999999999999",
    "9007199254740993",
    "0.000000000000001",
    "1e5",
    "1E-7",
    "-2.5e+3",
    "4.9e-324",
    "1e-999",
    "1.7976931348623157e308",
    "0.30000000000000004",
    "000000000000000000001",
    "3.14159265358979323846264338327950288",
  ])("reads %s as Number does", (text) => {
    const [row] = parse(`${text} 1:${text}`);
    expect(row!.label).toBe(Number(text));
    expect(row!.values[0]).toBe(Number(text));
  });

  const bad: readonly (readonly [
    text: string,
    line: number,
    column: number,
    got: string,
    expected: RegExp,
  ])[] = [
    ["1 1:1\nfoo 1:1\n", 2, 1, '"foo"', /a label \(a number\)/],
    ["1:2 2:3\n", 1, 1, '"1:2"', /a label/],
    ["nan 1:1\n", 1, 1, '"nan"', /a label .*finite/],
    ["-Inf 1:1\n", 1, 1, '"-Inf"', /a label .*finite/],
    ["1e999 1:1\n", 1, 1, '"1e999"', /64-bit float/],
    ["1,2 1:1\n", 1, 1, '"1,2"', /a label/],
    ["0x10 1:1\n", 1, 1, '"0x10"', /a label/],
    ["+ 1:1\n", 1, 1, '"+"', /a label/],
    ["1 0:1\n", 1, 3, '"0:1"', /at least 1/],
    ["1 -1:1\n", 1, 3, '"-1:1"', /<index>:<value>/],
    ["1 2:1 2:1\n", 1, 7, '"2:1"', /each index once in a line, 2 comes again/],
    ["1 1:1\n1 4:1 3:1 4:2 5:1 # 4:3\n", 2, 11, '"4:2"', /4 comes again/],
    ["1 1000000001:1 1000000001:1\n", 1, 16, '"1000000001:1"', /1000000001 comes again/],
    ["1 1:1.#INF 2:5 3:7\n", 1, 5, '"1.#INF"', /a value .*finite/],
    ["1 1:-1.#IND\n", 1, 5, '"-1.#IND"', /a value .*finite/],
    ["1 1:1.#QNAN000 2:5\n", 1, 5, '"1.#QNAN000"', /a value .*finite/],
    ["-1.#IND00 2:5\n", 1, 1, '"-1.#IND00"', /a label .*finite/],
    ["1 1:NA 2:5\n", 1, 5, '"NA"', /a value .*finite/],
    ["1 1:5#INF 2:5\n", 1, 5, '"5#INF"', /a value/],
    ["-1#empty row\n", 1, 1, '"-1#empty"', /a label/],
    ["1 1:1 2#:5\n", 1, 7, '"2#:5"', /<index>:<value>/],
    ["1 1:1,5 2:5\n", 1, 5, '"1,5"', /a value/],
    ["1 1:1\u00a02:5\n", 1, 5, '"1\\u{a0}2:5"', /a value/],
    ["1 1:1\u00002\n", 1, 5, '"1\\u{0}2"', /a value/],
    ["1 4294967295:1\n", 1, 3, '"4294967295:1"', /at most 4294967294/],
    ["1 99999999999999999999999:1\n", 1, 3, '"99999999999999999999999:1"', /at most 4294967294/],
    ["1 5\n", 1, 3, '"5"', /<index>:<value>/],
    ["1 5 :1\n", 1, 3, '"5"', /<index>:<value>/],
    ["1 a:1\n", 1, 3, '"a:1"', /<index>:<value>/],
    ["1 5:\n", 1, 5, "nothing", /a value/],
    ["1 5:#1\n", 1, 5, '"#1"', /a value/],
    ["1 5:NaN\n", 1, 5, '"NaN"', /a value .*finite/],
    ["1 5:infinity\n", 1, 5, '"infinity"', /a value .*finite/],
    ["1 5:1e\n", 1, 5, '"1e"', /a value/],
    ["1 5:1:2\n", 1, 5, '"1:2"', /a value/],
    ["1 5:1.2.3\n", 1, 5, '"1.2.3"', /a value/],
    ["1 5:--1\n", 1, 5, '"--1"', /a value/],
    ["1 5:.\n", 1, 5, '"."', /a value/],
    ["\n\r\n1 qid:3 1:1\n", 3, 3, '"qid:3"', /qid.*not supported/],
    ["1 5:\u001b[31m\u202ered\n", 1, 5, '"\\u{1b}[31m\\u{202e}red"', /a value/],
    [`${"x".repeat(100)}\n`, 1, 1, `"${"x".repeat(60)}..."`, /a label/],
    [`${"é".repeat(300)}\n`, 1, 1, `"${"é".repeat(60)}..."`, /a label/],
  ];
  it.each(bad)(
    "refuses %j with line, column, the text and what was expected",
    (text, line, column, got, expected) => {
      for (const sizes of [[1 << 20], [1]]) {
        const error = errorOf(() => parse(text, sizes));
        expect(error.code).toBe("data");
        expect(error.message).toContain(`test.txt: line ${line}, column ${column}: expected `);
        expect(error.message.endsWith(`, got ${got}`), error.message).toBe(true);
        expect(error.message).toMatch(expected);
      }
    },
  );

  it("sorts the entries of a line that are not in order, and counts such lines", () => {
    const rows = new RowBatchBuilder();
    const parser = new LibsvmParser(rows, { source: "test.txt" });
    parser.push(
      encoder.encode("2 1:1 2:1\n-1 15515:1 280:1 1000000001:1\n1 3:1 1:2 2:1\n1 1:1\n1 9:4 8:5\n"),
    );
    expect(parser.sortedRows).toBe(3);
    expect(rowsOf(rows.take())).toEqual([
      { label: 2, indices: [0, 1], values: [1, 1], line: 1 },
      { label: -1, indices: [279, 15_514, 1_000_000_000], values: [1, 1, 1], line: 2 },
      { label: 1, indices: [0, 1, 2], values: [2, 1, 1], line: 3 },
      { label: 1, indices: [0], values: [1], line: 4 },
      { label: 1, indices: [7, 8], values: [5, 4], line: 5 },
    ]);
  });

  it("reads a line's entries in any order as the same row", () => {
    const entries = fc.uniqueArray(
      fc.tuple(fc.integer({ min: 1, max: 99 }), fc.integer({ min: 0, max: 2 })),
      {
        selector: ([index]) => index,
        maxLength: 12,
      },
    );
    fc.assert(
      fc.property(entries, (unsorted) => {
        const sorted = [...unsorted].sort(([a], [b]) => a - b);
        const text = (list: typeof unsorted) => `1 ${list.map(([j, v]) => `${j}:${v}`).join(" ")}\n3 7:1\n`;
        expect(parse(text(unsorted))).toEqual(naive(text(sorted)));
      }),
    );
  });

  it("takes indices that count from 0 when told so", () => {
    const zeroBased = { zeroBased: true };
    expect(parse("1 0:0.5 1:2\n-1 3:1 2:1\n", [3], zeroBased)).toEqual([
      { label: 1, indices: [0, 1], values: [0.5, 2], line: 1 },
      { label: -1, indices: [2, 3], values: [1, 1], line: 2 },
    ]);
    expect(parse("1 4294967293:1", [99], zeroBased)[0]!.indices).toEqual([LARGEST_INDEX - 1]);
    expect(errorOf(() => parse("1 4294967294:1", [99], zeroBased)).message).toMatch(/at most 4294967293 /);
    expect(parse("1 3:1", [9], { ...zeroBased, dimension: 4 })).toHaveLength(1);
    expect(errorOf(() => parse("1 4:1", [9], { ...zeroBased, dimension: 4 })).message).toContain(
      "an index of at most 3 (the dimension given, counted from 0)",
    );
    expect(errorOf(() => parse("1 0:1 0:1", [9], zeroBased)).message).toContain("column 7: ");
    expect(errorOf(() => parse("1 0:1")).message).toContain("give --zero-based");
  });

  it("refuses an index above the dimension given", () => {
    expect(parse("1 4:1", [9], { dimension: 4 })).toHaveLength(1);
    const { message } = errorOf(() => parse("1 5:1", [9], { dimension: 4 }));
    expect(message).toContain("an index of at most 4 (the dimension given)");
  });

  it("refuses a line longer than its bound, whether or not it ends, in one chunk or many", () => {
    const options = { maxLineBytes: 50 };
    const line = `1 1:${"1".repeat(46)}`;
    expect(parse(`${line}\n${line}`, [7], options)).toHaveLength(2);
    for (const text of [`2 1:1\n${line}1`, `2 1:1\n${line}1\n`]) {
      for (const sizes of [[1 << 20], [3]]) {
        const error = errorOf(() => parse(text, sizes, options));
        expect(error.code).toBe("data");
        expect(error.message).toContain("line 2 is longer than 50 bytes");
      }
    }
  });

  const space = fc.constantFrom(" ", "  ", "\t", " \t");
  const numeral = fc.oneof(
    fc.integer({ min: -1000, max: 1000 }).map(String),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
    fc.double({ noNaN: true, min: -1e6, max: 1e6 }).map((v) => v.toFixed(6)),
    fc.stringMatching(/^[+-]?([0-9]{1,20}\.?[0-9]{0,20}|\.[0-9]{1,25})([eE][+-]?[0-9]{1,2})?$/),
  );
  const line = fc
    .record({
      label: numeral,
      entries: fc.uniqueArray(fc.tuple(fc.integer({ min: 1, max: 5000 }), numeral), {
        selector: ([index]) => index,
        maxLength: 8,
      }),
      gap: space,
      end: fc.constantFrom("", " ", "\r", " # note 1:2", " #", "\t#1:#2 #"),
    })
    .map(({ label, entries, gap, end }) => {
      const sorted = [...entries].sort(([a], [b]) => a - b);
      return [label, ...sorted.map(([index, value]) => `${index}:${value}`)].join(gap) + end;
    });
  const text = fc.array(
    fc.oneof(
      { weight: 5, arbitrary: line },
      { weight: 1, arbitrary: fc.constantFrom("", "  ", "# c", "\r") },
    ),
    {
      maxLength: 6,
    },
  );

  it("agrees with a naive parser on every well-formed text, however it is cut into chunks", () => {
    fc.assert(
      fc.property(
        text,
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 }),
        (lines, sizes) => {
          const all = lines.join("\n");
          expect(parse(all, sizes)).toEqual(naive(all));
        },
      ),
      { numRuns: 1000 },
    );
  });

  it("answers any bytes with rows or a MarinaError, the same however they are cut into chunks", () => {
    const outcome = (bytes: Uint8Array, sizes: readonly number[]): unknown => {
      try {
        return parse(bytes, sizes);
      } catch (error) {
        expect(error).toBeInstanceOf(MarinaError);
        return String(error);
      }
    };
    const almost = fc
      .array(fc.constantFrom(..."0123456789+-.eE:# \t\r\nqidnaxf".split("")), { maxLength: 40 })
      .map((c) => encoder.encode(c.join("")));
    fc.assert(
      fc.property(
        fc.oneof(almost, fc.uint8Array({ maxLength: 60 })),
        fc.integer({ min: 1, max: 9 }),
        (bytes, size) => {
          expect(outcome(bytes, [size])).toEqual(outcome(bytes, [1 << 20]));
        },
      ),
      { numRuns: 2000 },
    );
  });
});
