/** Numbers as binary files write them. */

export interface NumberType {
  /** As numpy calls it, for people. */
  readonly name: string;
  readonly bytes: number;
  /** NaN for an integer that no float64 holds exactly. */
  read(view: DataView, at: number, littleEndian: boolean): number;
}

const exactly = (value: bigint): number => {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : Number.NaN;
};

export const numberTypes = {
  bool: { name: "bool", bytes: 1, read: (view, at) => (view.getUint8(at) === 0 ? 0 : 1) },
  u1: { name: "uint8", bytes: 1, read: (view, at) => view.getUint8(at) },
  i1: { name: "int8", bytes: 1, read: (view, at) => view.getInt8(at) },
  u2: { name: "uint16", bytes: 2, read: (view, at, little) => view.getUint16(at, little) },
  i2: { name: "int16", bytes: 2, read: (view, at, little) => view.getInt16(at, little) },
  u4: { name: "uint32", bytes: 4, read: (view, at, little) => view.getUint32(at, little) },
  i4: { name: "int32", bytes: 4, read: (view, at, little) => view.getInt32(at, little) },
  u8: { name: "uint64", bytes: 8, read: (view, at, little) => exactly(view.getBigUint64(at, little)) },
  i8: { name: "int64", bytes: 8, read: (view, at, little) => exactly(view.getBigInt64(at, little)) },
  f2: { name: "float16", bytes: 2, read: (view, at, little) => half(view.getUint16(at, little)) },
  f4: { name: "float32", bytes: 4, read: (view, at, little) => view.getFloat32(at, little) },
  f8: { name: "float64", bytes: 8, read: (view, at, little) => view.getFloat64(at, little) },
} as const satisfies Record<string, NumberType>;

/** IEEE 754 binary16: one bit of sign, five of exponent, ten of fraction. */
function half(bits: number): number {
  const sign = bits >= 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
