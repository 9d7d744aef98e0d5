/** Functions of one value. */
import {
  EXP,
  fraction,
  log,
  LOG,
  PAIRS,
  powered,
  RELU,
  SIGMOID,
  sigmoid,
  SLOT,
  softplus,
  SOFTPLUS,
  splitUp,
  SQRT,
  STEP,
  TABLE,
  TANH,
  tanh,
  X,
} from "./elementary";
import { bytes } from "./lanes";

// Vectors beyond the end may be written: buffers have room for them.


/** Two entries in float64. */
@inline
function loadPair<T>(from: usize): v128 {
  return sizeof<T>() == 8 ? v128.load(from) : f64x2.promote_low_f32x4(v128.load64_zero(from));
}

@inline
function storePair<T>(to: usize, pair: v128): void {
  if (sizeof<T>() == 8) v128.store(to, pair);
  else v128.store64_lane(to, f32x4.demote_f64x2_zero(pair), 0);
}

@inline
function finished(operation: i32, slot: usize): v128 {
  const e = powered(operation, slot);
  if (operation == EXP) return e;
  const x = v128.load(slot, X);
  if (operation == TANH) return tanh(x, e);
  if (operation == SIGMOID) return sigmoid(x, e);
  return softplus(x, e);
}

/** Functions of an exponential. */
@inline
function exponentials<T>(operation: i32, a: usize, out: usize, count: i32): void {
  const pair = bytes<T>(2);
  for (let left = (count + 1) >> 1; left > 0; left -= PAIRS) {
    const end = TABLE + <usize>min(left, PAIRS) * SLOT;
    for (let slot = TABLE; slot < end; slot += SLOT) {
      v128.store(slot, loadPair<T>(a), X);
      splitUp(operation, slot);
      a += pair;
    }
    for (let slot = TABLE; slot < end; slot += SLOT) fraction(slot);
    for (let slot = TABLE; slot < end; slot += SLOT) {
      storePair<T>(out, finished(operation, slot));
      out += pair;
    }
  }
}

@inline
function logarithms<T>(a: usize, out: usize, count: i32): void {
  const pair = bytes<T>(2);
  const end = a + bytes<T>(count);
  for (; a < end; a += pair) {
    storePair<T>(out, log(loadPair<T>(a)));
    out += pair;
  }
}

@inline
function one<T>(operation: i32, x: v128): v128 {
  // -0 becomes +0 in the addition.
  if (operation == RELU) return v128.add<T>(v128.pmax<T>(x, v128.splat<T>(0)), v128.splat<T>(0));
  if (operation == STEP) return v128.and(v128.gt<T>(x, v128.splat<T>(0)), v128.splat<T>(1));
  return v128.sqrt<T>(x);
}

@inline
function each<T>(operation: i32, a: usize, out: usize, count: i32): void {
  const end = a + bytes<T>(count);
  for (; a < end; a += 16) {
    v128.store(out, one<T>(operation, v128.load(a)));
    out += 16;
  }
}

@inline
export function unary<T>(operation: i32, a: usize, out: usize, count: i32): void {
  switch (operation) {
    case TANH:
      exponentials<T>(TANH, a, out, count);
      break;
    case SIGMOID:
      exponentials<T>(SIGMOID, a, out, count);
      break;
    case SOFTPLUS:
      exponentials<T>(SOFTPLUS, a, out, count);
      break;
    case EXP:
      exponentials<T>(EXP, a, out, count);
      break;
    case LOG:
      logarithms<T>(a, out, count);
      break;
    case RELU:
      each<T>(RELU, a, out, count);
      break;
    case STEP:
      each<T>(STEP, a, out, count);
      break;
    default:
      each<T>(SQRT, a, out, count);
  }
}

@inline
export function affine<T>(a: usize, out: usize, count: i32, scale: f64, offset: f64): void {
  const s = v128.splat<T>(<T>scale);
  const o = v128.splat<T>(<T>offset);
  const end = a + bytes<T>(count);
  for (; a < end; a += 16) {
    v128.store(out, v128.add<T>(v128.mul<T>(v128.load(a), s), o));
    out += 16;
  }
}

@inline
export function clip<T>(a: usize, out: usize, count: i32, limit: f64): void {
  const upper = v128.splat<T>(<T>limit);
  const lower = v128.neg<T>(upper);
  const end = a + bytes<T>(count);
  for (; a < end; a += 16) {
    v128.store(out, v128.min<T>(v128.max<T>(v128.load(a), lower), upper));
    out += 16;
  }
}

@inline
export function within<T>(a: usize, out: usize, count: i32, limit: f64): void {
  const l = v128.splat<T>(<T>limit);
  const end = a + bytes<T>(count);
  for (; a < end; a += 16) {
    v128.store(out, v128.and(v128.le<T>(v128.abs<T>(v128.load(a)), l), v128.splat<T>(1)));
    out += 16;
  }
}
