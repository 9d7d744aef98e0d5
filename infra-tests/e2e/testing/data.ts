/** Data sets that are made for a test. */
import type { ObjectStore } from "../../../shared/cloud/ports.ts";
import { importLibsvm } from "../../../shared/data/import.ts";

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
