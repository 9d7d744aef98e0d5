/** By what files of arrays are known. */

/** IDX: two zero bytes, a type, a number of axes. */
export function looksLikeIdx(head: Uint8Array): boolean {
  const [zero, zeroToo, type, axes] = head;
  return zero === 0 && zeroToo === 0 && IDX_TYPES.has(type!) && axes! >= 1 && axes! <= 5;
}

const IDX_TYPES = new Set([0x08, 0x09, 0x0b, 0x0c, 0x0d, 0x0e]);

const NUMPY = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59] as const;

/** NumPy's format of one array. */
export function looksLikeNpy(head: Uint8Array): boolean {
  return NUMPY.every((byte, at) => head[at] === byte);
}
