/** Files of parameters against those that NumPy and safetensors write (testing/make_files.py), and against broken ones. */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MarinaError } from "../../../shared/base/index.ts";
import { readNpyArray } from "../../../shared/data/formats/npy-array.ts";
import { decodeParameters, encodeParameters, formatOf, PARAMETER_FORMATS } from "./index.ts";
import { encodeNpy } from "./npy.ts";
import { decodeSafetensors, encodeSafetensors } from "./safetensors.ts";
import type { Tensor } from "./tensor.ts";

interface Files {
  readonly npy: Readonly<Record<string, { readonly file: string; readonly values: string }>>;
  readonly refused: Readonly<Record<string, string>>;
  readonly named: Readonly<
    Record<
      string,
      {
        readonly file: string;
        readonly tensors: Readonly<Record<string, { readonly shape: number[]; readonly values: string }>>;
      }
    >
  >;
}
const files = JSON.parse(readFileSync(new URL("testing/files.json", import.meta.url), "utf8")) as Files;
const bytesOf = (base64: string) => new Uint8Array(Buffer.from(base64, "base64"));

/** Bit for bit: as hexadecimal of big-endian numbers. */
function hex(values: Float64Array): string {
  const bytes = Buffer.alloc(8 * values.length);
  for (const [i, value] of values.entries()) bytes.writeDoubleBE(value, 8 * i);
  return bytes.toString("hex");
}

async function refusalOf(read: Promise<unknown>): Promise<MarinaError> {
  const error: unknown = await read.then(
    () => new Error("expected an error"),
    (thrown: unknown) => thrown,
  );
  if (error instanceof MarinaError) return error;
  throw error;
}

function errorOf(act: () => unknown): MarinaError {
  try {
    act();
  } catch (error) {
    if (error instanceof MarinaError) return error;
    throw error;
  }
  throw new Error("expected an error");
}

describe("a .npy file", () => {
  it.each(Object.entries(files.npy))("of NumPy is read bit for bit: %s", async (_name, { file, values }) => {
    expect(hex((await readNpyArray(bytesOf(file), "x.npy")).values)).toBe(values);
  });

  it.each(["numbers", "matrix", "long"])("is byte for byte what NumPy writes: %s", async (name) => {
    const file = bytesOf(files.npy[name]!.file);
    expect(encodeNpy(await readNpyArray(file, "x.npy"))).toEqual(file);
  });

  it.each([
    ["Fortran order", /row-major order, got Fortran order; save it again with np\.ascontiguousarray/],
    ["complex", /numbers \(bool, .* float16 to float64\), got the type "<c16"/],
    ["records", /an array of numbers, got one of records .*\('a', '<f8'\)/],
    ["text", /an array of numbers, got "<U2"; convert it: .*astype/],
    ["integer beyond float64", /entry 0 is an integer that float64 can't hold/],
  ])("of NumPy that holds something else is refused: %s", async (name, message) => {
    const error = await refusalOf(readNpyArray(bytesOf(files.refused[name]!), "x.npy"));
    expect(error.code).toBe("data");
    expect(error.message).toMatch(message);
    expect(error.message).toMatch(/^x\.npy: /);
  });

  it.each<[string, (file: Uint8Array) => Uint8Array, RegExp]>([
    [
      "without numbers",
      (file) => file.subarray(0, -8),
      /expected \[6\] numbers of 8 bytes, 48 bytes, got 40/,
    ],
    ["with too many", (file) => Buffer.concat([file, Buffer.alloc(8)]), /48 bytes, got 56/],
    ["cut in its header", (file) => file.subarray(0, 40), /cut off within its header/],
    [
      "of a later version",
      (file) => changed(file, 6, 4),
      /as numpy\.save writes it, got format version 4\.0/,
    ],
    [
      "of another kind",
      () => Buffer.from("PK\x03\x04 and more"),
      /as numpy\.save writes it, got a file with another beginning/,
    ],
    ["of no bytes", () => new Uint8Array(0), /as numpy\.save writes it, got a file with another beginning/],
  ])("that is broken is refused: %s", async (_name, change, message) => {
    const file = bytesOf(files.npy["numbers"]!.file);
    expect((await refusalOf(readNpyArray(change(file), "x.npy"))).message).toMatch(message);
  });
});

describe("a .safetensors file", () => {
  it.each(Object.entries(files.named))(
    "of the safetensors package is read bit for bit: %s",
    (_name, { file, tensors }) => {
      const read = decodeSafetensors(bytesOf(file), "x.safetensors");
      const found = read.map(({ name, shape, values }) => [name, { shape, values: hex(values) }]);
      expect(Object.fromEntries(found)).toEqual(tensors);
    },
  );

  it("is laid out as the format says: length, header, numbers without gaps", () => {
    const file = encodeSafetensors(
      [
        { name: "w", shape: [2, 1], values: Float64Array.of(1, -0) },
        { name: "b", shape: [1], values: Float64Array.of(0.5) },
      ],
      { run: "a" },
    );
    const length = Number(new DataView(file.buffer).getBigUint64(0, true));
    const header = JSON.parse(Buffer.from(file.subarray(8, 8 + length)).toString()) as unknown;
    expect(header).toEqual({
      __metadata__: { run: "a" },
      w: { dtype: "F64", shape: [2, 1], data_offsets: [0, 16] },
      b: { dtype: "F64", shape: [1], data_offsets: [16, 24] },
    });
    expect(length % 8).toBe(0);
    const hexadecimal = Buffer.from(file.subarray(8 + length)).toString("hex");
    expect(hexadecimal).toBe("000000000000f03f0000000000000080000000000000e03f");
  });

  const header = (entries: object) => {
    const json = Buffer.from(JSON.stringify(entries));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(json.length));
    return Buffer.concat([length, json, Buffer.alloc(16)]);
  };
  it("of bfloat16 has the upper halves of float32", () => {
    const file = header({ w: { dtype: "BF16", shape: [8], data_offsets: [0, 16] } });
    file.writeUInt16LE(0xbfc0, file.length - 16);
    expect(decodeSafetensors(file, "x").at(0)!.values[0]).toBe(-1.5);
  });

  it.each<[string, Uint8Array, RegExp]>([
    [
      "a gap",
      header({ w: { dtype: "F64", shape: [1], data_offsets: [8, 16] } }),
      /from byte 0, got bytes 8 to 16/,
    ],
    [
      "an overlap",
      header({
        a: { dtype: "F64", shape: [2], data_offsets: [0, 16] },
        b: { dtype: "F64", shape: [1], data_offsets: [8, 16] },
      }),
      /"b": expected \[1\] numbers of 8 bytes from byte 16/,
    ],
    [
      "a shape that doesn't fit",
      header({ w: { dtype: "F64", shape: [3], data_offsets: [0, 16] } }),
      /expected \[3\] numbers/,
    ],
    [
      "numbers cut off",
      header({ w: { dtype: "F64", shape: [3], data_offsets: [0, 24] } }),
      /expected 24 bytes of numbers, got 16/,
    ],
    [
      "numbers left over",
      header({ w: { dtype: "F64", shape: [1], data_offsets: [0, 8] } }),
      /expected 8 bytes of numbers, got 16/,
    ],
    [
      "another type",
      header({ w: { dtype: "I64", shape: [2], data_offsets: [0, 16] } }),
      /type F64, F32 or BF16, got I64/,
    ],
    ["a header that is none", header([1]), /its header is no object/],
    ["a header beyond the file", Uint8Array.of(255, 0, 0, 0, 0, 0, 0, 0), /its header was cut off/],
    ["no bytes", new Uint8Array(0), /expected a safetensors file, got 0 bytes/],
    [
      "a negative size",
      header({ w: { dtype: "F64", shape: [-1], data_offsets: [0, 16] } }),
      /tensor "w".*shape/,
    ],
  ])("that is broken is refused: %s", (_name, file, message) => {
    expect(errorOf(() => decodeSafetensors(file, "x.safetensors")).message).toMatch(message);
  });
});

function changed(file: Uint8Array, at: number, byte: number): Uint8Array {
  const copy = file.slice();
  copy[at] = byte;
  return copy;
}

const anyNumber = fc.double({ noNaN: true });
const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
const names = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 4 });

/** Tensors with any names, and what lays them out. */
const parameters = (numbers: fc.Arbitrary<number>) =>
  names.chain((list) =>
    fc
      .tuple(
        ...list.map((name) =>
          fc
            .array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 3 })
            .chain((shape) =>
              fc
                .array(numbers, { minLength: size(shape), maxLength: size(shape) })
                .map((values): Tensor => ({ name, shape, values: Float64Array.from(values) })),
            ),
        ),
      )
      .map((tensors) => {
        let offset = 0;
        const blocks = tensors.map(({ name, shape, values }) => {
          offset += values.length;
          return { name, shape, offset: offset - values.length };
        });
        const vector = Float64Array.from(tensors.flatMap(({ values }) => [...values]));
        return {
          tensors,
          written: { vector, layout: { dimension: offset, blocks }, about: { run: "a", round: 3 } },
        };
      }),
  );
const size = (shape: readonly number[]) => shape.reduce((product, length) => product * length, 1);

describe("what is written is read again, bit for bit:", () => {
  it.each(["safetensors", "json", "csv"] as const)("%s, with names and shapes", async (format) => {
    const numbers = format === "json" ? finite : anyNumber;
    await fc.assert(
      fc.asyncProperty(parameters(numbers), async ({ tensors, written }) => {
        const read = await decodeParameters(format, await encodeParameters(format, written), "x");
        if (read.kind !== "named") throw new Error("expected names");
        const told = (list: readonly Partial<Tensor>[]) =>
          list.map(({ name, shape, values }) => [name, format === "csv" ? [] : shape, hex(values!)]);
        expect(told(read.tensors)).toEqual(told(tensors));
      }),
      { numRuns: 200 },
    );
  });

  it("npy, as one vector", async () => {
    await fc.assert(
      fc.asyncProperty(parameters(anyNumber), async ({ written }) => {
        const read = await decodeParameters("npy", await encodeParameters("npy", written), "x");
        if (read.kind !== "array") throw new Error("expected an array");
        expect([read.shape, hex(read.values)]).toEqual([[written.vector.length], hex(written.vector)]);
      }),
    );
  });

  it("names of features, with commas, quotes and line breaks in them", async () => {
    const features = ["plain", 'with "quotes", and a comma', "with\nline"];
    const layout = { dimension: 3, blocks: [{ name: "weights", shape: [3], offset: 0 }], features };
    for (const format of ["json", "csv"] as const) {
      const written = { vector: Float64Array.of(1, 2, 3), layout, about: {} };
      expect(await decodeParameters(format, await encodeParameters(format, written), "x")).toMatchObject({
        features,
      });
    }
  });
});

describe("text of parameters", () => {
  const text = (content: string) => new TextEncoder().encode(content);
  it("may be numbers alone", async () => {
    const values = Float64Array.of(1, -2.5, 3e-8);
    expect(await decodeParameters("csv", text("1\n-2.5\n3e-8\n"), "x")).toEqual({
      kind: "array",
      shape: [3],
      values,
    });
    expect(await decodeParameters("json", text("[1, -2.5, 3e-8]"), "x")).toEqual({
      kind: "array",
      shape: [3],
      values,
    });
  });

  it.each<["csv" | "json", string, RegExp]>([
    ["csv", "parameter,index,value\nw,0,1\nw,2,1\n", /line 3: expected index 1 of parameter "w", got "2"/],
    ["csv", "parameter,index,value\nw,0,one\n", /line 2: expected a number, got "one"/],
    ["csv", "parameter,index,value\nw,0\n", /line 2: expected 3 cells, got 2/],
    ["csv", "name,number\nw,1\n", /expected the columns parameter, index and value .* got "name,number"/],
    ["csv", "1\n2,3\n", /line 2: expected one number, got 2 cells/],
    ["csv", "", /expected numbers, got an empty file/],
    ["csv", 'a,"b\n', /not CSV/],
    ["json", "{", /not JSON/],
    ["json", '[1, "a"]', /x: .*1/],
    [
      "json",
      '{"format":"marina-parameters","version":1,"parameters":[{"name":"w","shape":[2],"values":[1]}]}',
      /\(w\): expected \[2\], 2 values, got 1/,
    ],
    ["json", '{"weights":[1]}', /format/],
  ])("that is wrong is refused with the place: %s %j", async (format, content, message) => {
    const error = await decodeParameters(format, text(content), "x").catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(MarinaError);
    expect((error as MarinaError).message).toMatch(message);
  });

  it("is refused where JSON has no word for a number, and for more numbers than are good as text", async () => {
    const layout = { dimension: 2, blocks: [{ name: "w", shape: [2], offset: 0 }] };
    const written = { vector: Float64Array.of(1, Number.NaN), layout, about: {} };
    await expect(encodeParameters("json", written)).rejects.toThrow(/parameter w: entry 1 is NaN/);
    const large = { vector: new Float64Array(5_000_001), layout, about: {} };
    await expect(encodeParameters("csv", large)).rejects.toThrow(/at most 5000000 as text; write \.npy/);
  });
});

it("a name with another ending is refused with those that there are", () => {
  expect(formatOf("a/b.NPY")).toBe("npy");
  expect(() => formatOf("x.pt")).toThrow(
    /x\.pt: expected a name that ends in \.safetensors, \.npy, \.json or \.csv/,
  );
});

describe("whatever the bytes are, a reader gives numbers or a MarinaError:", () => {
  const good = fc.constantFrom(
    ...Object.values(files.npy).map(({ file }) => bytesOf(file)),
    ...Object.values(files.named).map(({ file }) => bytesOf(file)),
  );
  const damaged = fc
    .tuple(good, fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 4 }), fc.nat(60))
    .map(([file, changes, cut]) => {
      const copy = file.slice(0, file.length - Math.min(cut, file.length));
      for (const [at, byte] of changes) if (at < copy.length) copy[at] = byte;
      return copy;
    });
  it.each(PARAMETER_FORMATS)("%s", async (format) => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.uint8Array({ maxLength: 300 }), damaged), async (bytes) => {
        try {
          const read = await decodeParameters(format, bytes, "x");
          const lists = read.kind === "array" ? [read.values] : read.tensors.map(({ values }) => values);
          // No more numbers than there are bytes, whatever a header says.
          expect(lists.reduce((sum, { length }) => sum + length, 0)).toBeLessThanOrEqual(bytes.length);
        } catch (error) {
          if (!(error instanceof MarinaError)) throw error;
        }
      }),
      { numRuns: 2000 },
    );
  });
});
