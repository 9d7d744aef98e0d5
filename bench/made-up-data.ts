/** Data of any dimension, made up: 10,000 rows of 100 entries, one of them in every row, as data with an intercept have. */
import type { ObjectStore } from "../shared/cloud/ports.ts";
import { importLibsvm } from "../shared/data/import.ts";
import type { Manifest } from "../shared/data/manifest.ts";
import { Purpose, Stream } from "../shared/math/streams.ts";

export const ROWS = 10_000;
const ENTRIES_PER_ROW = 100;

async function* text(dimension: number): AsyncGenerator<Uint8Array> {
  const stream = new Stream({ seed: 1, purpose: Purpose.start, round: 0, index: 0 });
  for (let row = 0; row < ROWS; row++) {
    const columns = new Set([1]);
    while (columns.size < ENTRIES_PER_ROW) columns.add(1 + stream.nextBelow(dimension));
    const entries = [...columns].sort((a, b) => a - b).map((j) => `${j}:${stream.nextUniform().toFixed(3)}`);
    yield Buffer.from(`${row % 2 === 0 ? 1 : -1} ${entries.join(" ")}\n`);
  }
}

/** Imports them as "made-up". */
export function importMadeUp(objects: ObjectStore, dimension: number): Promise<Manifest> {
  return importLibsvm(text(dimension), {
    name: "made-up",
    sourceName: "made up",
    labels: "binary",
    dimension,
    objects,
  });
}
