/** The rows of `network.ts` and of its rival in JavaScript; `network.py` makes the same ones. */

/** Entries of a row: 28 x 28 pixels. */
export const ENTRIES = 784;
const SIDE = 28;

/** None is zero; of images a fifth is not: a disc, which lies elsewhere from row to row. */
export function valueAt(i: number, images: boolean): number {
  return images && !isDrawn(i) ? 0 : Math.abs(Math.sin(i * 1.37));
}

function isDrawn(i: number): boolean {
  const [row, pixel] = [Math.floor(i / ENTRIES), i % ENTRIES];
  const [y, x] = [Math.floor(pixel / SIDE), pixel % SIDE];
  return (y - 13 - (row % 3)) ** 2 + (x - 12 - (row % 5)) ** 2 < 50;
}
