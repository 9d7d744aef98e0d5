/** Rows that are stored as bytes become numbers. */
import { bytes } from "./lanes";

/** Two of the numbers, in float64. */
@inline
function decodePair(numbers: v128, scale: v128, offset: v128): v128 {
  return f64x2.add(f64x2.mul(scale, f64x2.convert_low_i32x4_s(numbers)), offset);
}

/** The bytes are the last ones of out's own memory: what is written covers bytes that have been read, and its own. */
@inline
export function decode<T>(out: usize, count: i32, scale: f64, offset: f64): void {
  const s = f64x2.splat(scale);
  const o = f64x2.splat(offset);
  let from = out + bytes<T>(count) - <usize>count;
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    const four = i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(from)));
    const low = decodePair(four, s, o);
    const high = decodePair(v128.shuffle<i32>(four, four, 2, 3, 2, 3), s, o);
    if (sizeof<T>() == 8) {
      v128.store(out, low);
      v128.store(out, high, 16);
    } else {
      v128.store(out, v128.shuffle<i32>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 1, 4, 5));
    }
    from += 4;
    out += bytes<T>(4);
  }
  for (; i < count; i++) {
    store<T>(out, <T>(scale * <f64>load<u8>(from) + offset));
    from += 1;
    out += sizeof<T>();
  }
}
