/** A value and one parameter a channel; sums over positions, channel by channel. */
import { bytes, lanes } from "./lanes";

// Rows end where they end: what lies behind belongs to the next one.

@inline
export function channels<T>(multiply: bool, a: usize, p: usize, out: usize, count: i32, size: i32): void {
  for (let i = 0; i < count; i++) {
    let c = 0;
    let at = p;
    for (; c + lanes<T>() <= size; c += lanes<T>()) {
      const value = v128.load(a);
      v128.store(out, multiply ? v128.mul<T>(value, v128.load(at)) : v128.add<T>(value, v128.load(at)));
      a += 16;
      at += 16;
      out += 16;
    }
    for (; c < size; c++) {
      const value = load<T>(a);
      store<T>(out, multiply ? value * load<T>(at) : value + load<T>(at));
      a += sizeof<T>();
      at += sizeof<T>();
      out += sizeof<T>();
    }
  }
}

/** sum [size] (from +0 or onto) the `count` rows of a. */
@inline
export function addRows<T>(a: usize, sum: usize, count: i32, size: i32, onto: bool): void {
  const row = bytes<T>(size);
  let c = 0;
  for (; c + lanes<T>() <= size; c += lanes<T>()) {
    let total = onto ? v128.load(sum) : v128.splat<T>(0);
    let at = a;
    for (let i = 0; i < count; i++) {
      total = v128.add<T>(total, v128.load(at));
      at += row;
    }
    v128.store(sum, total);
    a += 16;
    sum += 16;
  }
  for (; c < size; c++) {
    let total = onto ? load<T>(sum) : <T>0;
    let at = a;
    for (let i = 0; i < count; i++) {
      total += load<T>(at);
      at += row;
    }
    store<T>(sum, total);
    a += sizeof<T>();
    sum += sizeof<T>();
  }
}
