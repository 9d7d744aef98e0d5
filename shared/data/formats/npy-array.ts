/** NumPy's file of one array of numbers, read as a whole. */
import { MarinaError } from "../../base/index.ts";
import { ByteReader } from "./byte-reader.ts";
import { npyForm, readNpyHeader } from "./npy-header.ts";

export interface NpyArray {
  readonly shape: readonly number[];
  /** Row-major. */
  readonly values: Float64Array;
}

/**
 * @param file its bytes, perhaps compressed
 * @throws MarinaError "data" for bytes that are no such file, or not of numbers in row-major order that float64 can hold.
 */
export async function readNpyArray(file: Uint8Array, name: string): Promise<NpyArray> {
  const bad = (problem: string) => new MarinaError("data", `${name}: ${problem}`);
  const bytes = new ByteReader(once(file), name);
  try {
    const { shape, type, littleEndian, fortranOrder } = npyForm(await readNpyHeader(bytes, name), name);
    if (fortranOrder && shape.filter((length) => length !== 1).length > 1)
      throw bad("expected row-major order, got Fortran order; save it again with np.ascontiguousarray");
    const body = await bytes.read(Number.MAX_SAFE_INTEGER);
    const entries = shape.reduce((product, length) => product * length, 1);
    if (entries * type.bytes !== body.length) {
      const expected = `[${shape.join(", ")}] numbers of ${type.bytes} bytes, ${entries * type.bytes} bytes`;
      throw bad(`expected ${expected}, got ${body.length}`);
    }
    const view = new DataView(body.buffer);
    const values = new Float64Array(entries);
    const isInteger = !type.name.startsWith("float");
    for (let i = 0; i < entries; i++) {
      const value = type.read(view, i * type.bytes, littleEndian);
      if (isInteger && Number.isNaN(value)) throw bad(`entry ${i} is an integer that float64 can't hold`);
      values[i] = value;
    }
    return { shape, values };
  } finally {
    await bytes.close();
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
