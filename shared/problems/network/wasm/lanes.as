/** The lanes of a vector, as entries of type T (f64, f32). Counts and sizes are in entries, positions are addresses. */

@inline
export function lanes<T>(): i32 {
  return 16 / sizeof<T>();
}

@inline
export function bytes<T>(entries: i32): usize {
  return <usize>entries * sizeof<T>();
}

@inline
export function loadLanes<T>(from: usize, count: i32): v128 {
  let v = v128.splat<T>(0);
  if (count > 0) v = v128.replace_lane<T>(v, 0, load<T>(from));
  if (count > 1) v = v128.replace_lane<T>(v, 1, load<T>(from, sizeof<T>()));
  if (sizeof<T>() == 4) {
    if (count > 2) v = v128.replace_lane<f32>(v, 2, load<f32>(from, 8));
    if (count > 3) v = v128.replace_lane<f32>(v, 3, load<f32>(from, 12));
  }
  return v;
}

@inline
export function storeLanes<T>(to: usize, v: v128, count: i32): void {
  if (count > 0) store<T>(to, v128.extract_lane<T>(v, 0));
  if (count > 1) store<T>(to, v128.extract_lane<T>(v, 1), sizeof<T>());
  if (sizeof<T>() == 4) {
    if (count > 2) store<f32>(to, v128.extract_lane<f32>(v, 2), 8);
    if (count > 3) store<f32>(to, v128.extract_lane<f32>(v, 3), 12);
  }
}
