/** Sums and choices within a row. */
import { addRows } from "./channels";
import { bytes } from "./lanes";

@inline
export function sumGroups<T>(a: usize, out: usize, rows: i32, positions: i32, groups: i32, size: i32): void {
  const position = bytes<T>(groups * size);
  for (let row = 0; row < rows; row++) {
    if (size == 1) {
      addRows<T>(a, out, positions, groups, false);
      out += bytes<T>(groups);
    } else {
      for (let g = 0; g < groups; g++) {
        let total: T = 0;
        let from = a + bytes<T>(g * size);
        for (let p = 0; p < positions; p++) {
          const end = from + bytes<T>(size);
          for (let at = from; at < end; at += sizeof<T>()) total += load<T>(at);
          from += position;
        }
        store<T>(out, total);
        out += sizeof<T>();
      }
    }
    a += <usize>positions * position;
  }
}

@inline
export function spreadGroups<T>(a: usize, out: usize, rows: i32, positions: i32, groups: i32, size: i32): void {
  for (let row = 0; row < rows; row++) {
    for (let p = 0; p < positions; p++) {
      for (let g = 0; g < groups; g++) {
        const value = load<T>(a + bytes<T>(g));
        const end = out + bytes<T>(size);
        for (; out < end; out += sizeof<T>()) store<T>(out, value);
      }
    }
    a += bytes<T>(groups);
  }
}

@inline
export function largest<T>(a: usize, out: usize, rows: i32, size: i32): void {
  for (let row = 0; row < rows; row++) {
    let best = load<T>(a);
    a += sizeof<T>();
    for (let i = 1; i < size; i++) {
      best = max<T>(best, load<T>(a));
      a += sizeof<T>();
    }
    store<T>(out, best);
    out += sizeof<T>();
  }
}

@inline
export function pick<T>(a: usize, labels: usize, out: usize, rows: i32, size: i32): void {
  for (let row = 0; row < rows; row++) {
    store<T>(out, load<T>(a + bytes<T>(<i32>load<T>(labels))));
    a += bytes<T>(size);
    labels += sizeof<T>();
    out += sizeof<T>();
  }
}

@inline
export function place<T>(a: usize, labels: usize, out: usize, rows: i32, size: i32): void {
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < size; i++) store<T>(out + bytes<T>(i), 0);
    store<T>(out + bytes<T>(<i32>load<T>(labels)), load<T>(a));
    a += sizeof<T>();
    labels += sizeof<T>();
    out += bytes<T>(size);
  }
}
