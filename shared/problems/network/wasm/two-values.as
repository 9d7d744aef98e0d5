/** Functions of two values. */
import { bytes } from "./lanes";

const ADD = 0;
const SUBTRACT = 1;
const MULTIPLY = 2;
const DIVIDE = 3;

@inline
function two<T>(operation: i32, a: v128, b: v128): v128 {
  if (operation == ADD) return v128.add<T>(a, b);
  if (operation == SUBTRACT) return v128.sub<T>(a, b);
  if (operation == MULTIPLY) return v128.mul<T>(a, b);
  return v128.div<T>(a, b);
}

@inline
function both<T>(operation: i32, a: usize, b: usize, out: usize, count: i32): void {
  const end = a + bytes<T>(count);
  for (; a < end; a += 16) {
    v128.store(out, two<T>(operation, v128.load(a), v128.load(b)));
    b += 16;
    out += 16;
  }
}

@inline
export function binary<T>(operation: i32, a: usize, b: usize, out: usize, count: i32): void {
  switch (operation) {
    case ADD:
      both<T>(ADD, a, b, out, count);
      break;
    case SUBTRACT:
      both<T>(SUBTRACT, a, b, out, count);
      break;
    case MULTIPLY:
      both<T>(MULTIPLY, a, b, out, count);
      break;
    default:
      both<T>(DIVIDE, a, b, out, count);
  }
}
