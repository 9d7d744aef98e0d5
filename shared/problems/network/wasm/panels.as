/**
 * Right factors of products. B [k, n] lies packed: panels of two vectors' columns, each k rows one after the other, the last one
 * filled up with zeros. So one panel stays in the first-level cache, and a row of it is two loads.
 */
import { bytes, lanes } from "./lanes";

@inline
export function panelColumns<T>(): i32 {
  return 2 * lanes<T>();
}

/** Packs B: entry (p, j) is read at b + p * bRow + j * bColumn. */
@inline
export function pack<T>(b: usize, bRow: usize, bColumn: usize, out: usize, k: i32, n: i32): void {
  const width = panelColumns<T>();
  for (let first = 0; first < n; first += width) {
    const columns = min(width, n - first);
    let row = b + <usize>first * bColumn;
    for (let p = 0; p < k; p++) {
      let from = row;
      if (bColumn == sizeof<T>() && columns == width) {
        v128.store(out, v128.load(from));
        v128.store(out, v128.load(from, 16), 16);
      } else {
        let j = 0;
        for (; j < columns; j++) {
          store<T>(out + bytes<T>(j), load<T>(from));
          from += bColumn;
        }
        for (; j < width; j++) store<T>(out + bytes<T>(j), 0);
      }
      out += 32;
      row += bRow;
    }
  }
}

@inline
export function addProduct<T>(sum: v128, a: v128, b: v128): v128 {
  return v128.add<T>(sum, v128.mul<T>(a, b));
}
