/**
 * The shipped data set for networks: scikit-learn's digits, 1,797 images of 8 x 8 pixels, cut into rows to train with and rows to
 * test with. The last ones, other people's handwriting, are the test.
 */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import type { ObjectStore } from "../../shared/cloud/index.ts";
import {
  ClassWords,
  fileFormats,
  importRows,
  type Manifest,
  type RowOrder,
} from "../../shared/data/index.ts";

/** Names of the data sets, and which lines of the file they are. */
export const DIGITS = { train: "digits", test: "digits-test" } as const;
const TRAINING_ROWS = 1437;
const LABEL_COLUMN = "65";

/**
 * Imports one part: pixels in [0, 1] as bytes, rows of shape 8 x 8 x 1, the digits as classes.
 * @param path of digits.csv.gz
 * @param instead another name, and another order of the rows.
 */
export async function importDigits(
  objects: ObjectStore,
  path: string,
  part: keyof typeof DIGITS,
  instead: { readonly name?: string; readonly order?: RowOrder } = {},
): Promise<Manifest> {
  const lines = gunzipSync(readFileSync(path)).toString("latin1").trim().split("\n");
  const own = part === "train" ? lines.slice(0, TRAINING_ROWS) : lines.slice(TRAINING_ROWS);
  const { CsvSource } = await fileFormats.csv();
  const classes = new ClassWords(true);
  classes.setKind("words", "");
  const name = `digits.csv.gz, ${part} rows`;
  const source = new CsvSource(chunksOf(own), { name, labelColumn: LABEL_COLUMN, header: false, classes });
  return importRows(source, {
    name: instead.name ?? DIGITS[part],
    sourceName: name,
    labels: "classes",
    reading: {
      ...{ format: "csv", labelColumn: LABEL_COLUMN, header: false, shape: [8, 8, 1], divide: 16 },
      ...(instead.order === undefined ? {} : { order: instead.order }),
    },
    objects,
  });
}

async function* chunksOf(lines: readonly string[]): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(`${lines.join("\n")}\n`);
}
