/**
 * Safetensors: the length of a header (8 bytes), the header as JSON (name, type, shape and place of each tensor), then the
 * numbers, without gaps. https://huggingface.co/docs/safetensors/index
 */
import * as z from "zod";
import { checked, MarinaError } from "../../../shared/base/index.ts";
import { entriesOf, shapeText, type Tensor } from "./tensor.ts";

/** That of the format's own reader. */
const HEADER_LIMIT_BYTES = 100_000_000;
const METADATA = "__metadata__";
const MOST_AXES = 32;

const tensorSchema = z.strictObject({
  dtype: z.string(),
  shape: z.array(z.int().min(0)).max(MOST_AXES),
  data_offsets: z.tuple([z.int().min(0), z.int().min(0)]),
});

/** Tensors as float64, in this order. @param metadata texts by name */
export function encodeSafetensors(
  tensors: readonly Tensor[],
  metadata: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  let at = 0;
  const entries = tensors.map(({ name, shape, values }) => {
    const begins = at;
    at += 8 * values.length;
    return [name, { dtype: "F64", shape, data_offsets: [begins, at] }] as const;
  });
  const json = Buffer.from(JSON.stringify(Object.fromEntries([[METADATA, metadata], ...entries])));
  // Padded, so that numbers lie where float64 may be read in place.
  const length = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(8 + length + at);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.fill(0x20, 8, 8 + length);
  bytes.set(json, 8);
  for (const [i, { values }] of tensors.entries())
    new Float64Array(bytes.buffer, 8 + length + entries[i]![1].data_offsets[0]!, values.length).set(values);
  return bytes;
}

const TYPES: Readonly<
  Record<string, { readonly bytes: number; readonly read: (view: DataView, at: number) => number }>
> = {
  F64: { bytes: 8, read: (view, at) => view.getFloat64(at, true) },
  F32: { bytes: 4, read: (view, at) => view.getFloat32(at, true) },
  /** The upper half of a float32. */
  BF16: { bytes: 2, read: (view, at) => float32Of(view.getUint16(at, true) << 16) },
};

const scratch = new DataView(new ArrayBuffer(4));
function float32Of(bits: number): number {
  scratch.setInt32(0, bits);
  return scratch.getFloat32(0);
}

/** In order of place. @throws MarinaError "data" or "spec" for bytes that are no such file, or of other types. */
export function decodeSafetensors(bytes: Uint8Array, source: string): Tensor[] {
  const bad = (problem: string) => new MarinaError("data", `${source}: ${problem}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 8) throw bad(`expected a safetensors file, got ${bytes.length} bytes`);
  const length = Number(view.getBigUint64(0, true));
  if (length > HEADER_LIMIT_BYTES || 8 + length > bytes.length)
    throw bad(`its header was cut off, or is none: ${length} bytes of the file's ${bytes.length}`);
  const header = parseHeader(bytes.subarray(8, 8 + length), source);
  const held = bytes.length - 8 - length;
  let at = 0;
  const tensors: Tensor[] = [];
  for (const [
    name,
    {
      dtype,
      shape,
      data_offsets: [begins, ends],
    },
  ] of header) {
    const where = `tensor ${JSON.stringify(name)}`;
    const type = TYPES[dtype];
    if (type === undefined)
      throw bad(`${where}: expected the type F64, F32 or BF16, got ${dtype}; save it again as float64`);
    const entries = entriesOf(shape);
    if (begins !== at || ends - begins !== entries * type.bytes)
      throw bad(
        `${where}: expected ${shapeText(shape)} numbers of ${type.bytes} bytes from byte ${at}, got bytes ${begins} to ${ends}`,
      );
    if (ends > held) throw bad(`${where}: expected ${ends} bytes of numbers, got ${held}: it was cut off`);
    const values = new Float64Array(entries);
    const from = 8 + length + begins;
    for (let i = 0; i < entries; i++) values[i] = type.read(view, from + i * type.bytes);
    tensors.push({ name, shape, values });
    at = ends;
  }
  if (at !== held) throw bad(`expected ${at} bytes of numbers, got ${held}`);
  return tensors;
}

function parseHeader(bytes: Uint8Array, source: string) {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw new MarinaError("data", `${source}: expected a safetensors file, its header is no JSON`, {
      cause: error,
    });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new MarinaError("data", `${source}: expected a safetensors file, its header is no object`);
  const tensors = Object.entries(value).filter(([name]) => name !== METADATA);
  return tensors
    .map(([name, described]) => {
      return [name, checked(tensorSchema, described, `${source}: tensor ${JSON.stringify(name)}`)] as const;
    })
    .sort(([, a], [, b]) => a.data_offsets[0] - b.data_offsets[0] || a.data_offsets[1] - b.data_offsets[1]);
}
