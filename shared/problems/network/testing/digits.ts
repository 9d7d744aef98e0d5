/** For tests: scikit-learn's digits, 1,797 images of 8 x 8 pixels, as rows of 64 numbers in [0, 1]. */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

export interface Digits {
  readonly rows: number;
  /** Row-major, pixels / 16. */
  readonly pixels: Float64Array;
  /** 0 to 9. */
  readonly digits: Float64Array;
}

export function loadDigits(): Digits {
  const file = new URL("../../../../experiments/data/digits.csv.gz", import.meta.url);
  const lines = gunzipSync(readFileSync(file)).toString("latin1").trim().split("\n");
  const table = lines.map((line) => line.split(",").map(Number));
  return {
    rows: table.length,
    pixels: Float64Array.from(table.flatMap((row) => row.slice(0, 64).map((pixel) => pixel / 16))),
    digits: Float64Array.from(table, (row) => row[64]!),
  };
}
