/** In which layout rows are stored, and what their values stand for. */
import { MarinaError } from "../../base/index.ts";
import type { RowSource } from "../formats/row-source.ts";
import type { Reading } from "../manifest.ts";
import { type DenseForm, sizeOfRow } from "../rows/dense-group.ts";

/** Values of images are divided by this, where nothing else was asked for. */
const WHITE = 255;
/** Of a dense row: groups are put together in memory. */
const MOST_ROW_ENTRIES = 2 ** 24;

type Asked = Pick<Reading, "shape" | "divide"> | undefined;

/** What values are multiplied by. */
export function scaleOf(source: RowSource, reading: Asked): number {
  return 1 / (reading?.divide ?? (source.dense?.image === true ? WHITE : 1));
}

/**
 * Undefined for the sparse layout. To be asked once the first batch has come.
 * @param columns features as they are stored, as far as is known.
 * @param scale what stored values are yet to be multiplied by.
 * @throws MarinaError "usage" for a shape that was asked for and does not fit the rows, "limit" for rows that are too long.
 */
export function denseForm(
  source: RowSource,
  reading: Asked,
  columns: number | undefined,
  scale: number,
  name: string,
): DenseForm | undefined {
  const shape = reading?.shape ?? source.dense?.shape;
  if (shape === undefined) return undefined;
  const size = sizeOfRow({ shape });
  if (size > MOST_ROW_ENTRIES) {
    throw new MarinaError(
      "limit",
      `${name}: expected rows of at most ${MOST_ROW_ENTRIES} entries, got ${shape.join(" x ")}`,
    );
  }
  if (columns !== undefined && columns !== size) {
    throw new MarinaError(
      "usage",
      `--shape ${shape.join()}: expected a shape of ${columns} entries, as many as ${name} has features, got ${size}`,
    );
  }
  return { shape, scale, offset: 0 };
}
