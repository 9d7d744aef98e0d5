/** Data sets that are made for a test. */
import type { ObjectStore } from "../../../shared/cloud/ports.ts";
import { idxSource } from "../../../shared/data/formats/idx.ts";
import { importLibsvm, importRows } from "../../../shared/data/import.ts";
import { Purpose, Stream } from "../../../shared/math/index.ts";

/** d of the wide rows: a dense vector of float64 is 1.6 MB, more than a message holds. */
export const WIDE_DIMENSION = 200_000;
const WIDE_ROWS = 20;

/** A few rows with a few entries each, the last of them at d. */
export async function importWideRows(objects: ObjectStore, name: string): Promise<void> {
  const rows = Array.from(
    { length: WIDE_ROWS },
    (_, i) => `${i % 2 === 0 ? 1 : -1} ${1 + i}:1 ${1000 + 37 * i}:0.5 ${WIDE_DIMENSION - i}:2\n`,
  );
  await importLibsvm(once(new TextEncoder().encode(rows.join(""))), {
    name,
    sourceName: `${name}.txt`,
    labels: "binary",
    objects,
  });
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** Entries of an image: all of them together are more than is read as a whole. */
export const IMAGE = [40, 50, 1] as const;
const IMAGES = 3000;
const HELD_OUT_IMAGES = 400;

/** Images of bytes in two classes that a plane parts, and rows of the same kind held out, as `NAME-held-out`. */
export async function importImages(objects: ObjectStore, name: string): Promise<void> {
  await importMadeUp(objects, name, IMAGES, 1);
  await importMadeUp(objects, `${name}-held-out`, HELD_OUT_IMAGES, 2);
}

async function importMadeUp(objects: ObjectStore, name: string, rows: number, seed: number): Promise<void> {
  const stream = new Stream({ seed, purpose: Purpose.rows, round: 0, index: 0 });
  const size = IMAGE[0] * IMAGE[1];
  const pixels = new Uint8Array(rows * size);
  const labels = new Uint8Array(rows);
  for (let row = 0; row < rows; row++) {
    labels[row] = row % 2;
    for (let j = 0; j < size; j++) {
      // Few pixels are not 0; one class is brighter in its upper half, the other one in its lower half.
      const bright = stream.nextUniform() < 0.1 ? Math.floor(200 * stream.nextUniform()) : 0;
      pixels[row * size + j] = bright === 0 ? 0 : bright + (j < size / 2 === (row % 2 === 1) ? 40 : 0);
    }
  }
  const source = idxSource(
    { name, chunks: once(idxBytes([rows, IMAGE[0], IMAGE[1]], pixels)) },
    { name: `${name}-labels`, chunks: once(idxBytes([rows], labels)) },
  );
  const reading = { format: "idx", labelFile: `${name}-labels` } as const;
  await importRows(source, { name, sourceName: name, labels: "binary", reading, objects });
}

/** As the format says: type 8, big-endian lengths. */
function idxBytes(shape: readonly number[], bytes: Uint8Array): Uint8Array {
  const header = new DataView(new ArrayBuffer(4 + 4 * shape.length));
  header.setUint8(2, 8);
  header.setUint8(3, shape.length);
  for (const [axis, length] of shape.entries()) header.setUint32(4 + 4 * axis, length);
  return new Uint8Array(Buffer.concat([new Uint8Array(header.buffer), bytes]));
}
