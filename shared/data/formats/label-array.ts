/** A file of one list of labels, read as a whole. */
import { MarinaError } from "../../base/index.ts";
import type { ArrayFile, ArrayLabels } from "./array-source.ts";

/** Labels are held in memory. */
const MOST_LABELS = 2 ** 27;
const READ_LABELS = 64 * 1024;

/** @throws MarinaError "data" for what is no list of finite numbers. */
export async function readLabels(file: ArrayFile): Promise<ArrayLabels> {
  const { name, bytes } = file;
  const { shape, type, littleEndian } = await file.readHeader();
  const count = labelCount(shape, name);
  const parts: Float64Array[] = [];
  for (let row = 0; row < count; ) {
    const wanted = Math.min(READ_LABELS, count - row);
    const block = await bytes.read(wanted * type.bytes);
    if (block.length < wanted * type.bytes) throw cutOff(name, count);
    const view = new DataView(block.buffer);
    const values = Float64Array.from({ length: wanted }, (_, l) =>
      type.read(view, l * type.bytes, littleEndian),
    );
    const at = values.findIndex((value) => !Number.isFinite(value));
    if (at !== -1) {
      throw new MarinaError(
        "data",
        `${name}: row ${row + at + 1}: expected a finite number that a 64-bit float can hold as label, got ${values[at]}`,
      );
    }
    parts.push(values);
    row += wanted;
  }
  if ((await bytes.left()) > 0) {
    throw new MarinaError("data", `${name}: expected its end after ${count} labels, got more bytes`);
  }
  return { values: joined(parts, count), words: undefined };
}

/** A column of one number a row is a list, too. */
export function labelCount(shape: readonly number[], name: string): number {
  const [count = 0, ...others] = shape;
  if (shape.length === 0 || !others.every((length) => length === 1)) {
    throw new MarinaError(
      "data",
      `${name}: expected a list of labels, one a row, got an array of ${shape.join(" x ") || "no axes"}`,
    );
  }
  if (count > MOST_LABELS) {
    throw new MarinaError("limit", `${name}: expected at most ${MOST_LABELS} labels, got ${count}`);
  }
  return count;
}

export function cutOff(name: string, count: number): MarinaError {
  return new MarinaError(
    "data",
    `${name}: expected ${count} labels, got fewer; the file is cut off, fetch it again`,
  );
}

function joined(parts: readonly Float64Array[], count: number): Float64Array {
  const all = new Float64Array(count);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
