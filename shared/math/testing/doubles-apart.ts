/** How far apart two doubles are, in representable numbers between them. */
export function doublesApart(a: number, b: number): number {
  return Math.abs(Number(ordered(a) - ordered(b)));
}

/** Doubles in their order as integers, with -0 and 0 the same. */
function ordered(x: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, x);
  const bits = view.getBigInt64(0);
  return bits < 0n ? -(bits & 0x7fffffffffffffffn) : bits;
}
