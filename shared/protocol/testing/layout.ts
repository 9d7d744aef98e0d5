/** For tests: the byte layout of frames written down a second time, field by field, without the code under test. */

/** CRC-32 (IEEE 802.3, reflected, polynomial 0xEDB88320), one bit at a time. */
export function crc32Bitwise(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}

export type Field =
  | { readonly u8: number }
  | { readonly u32: number }
  | { readonly f64: number }
  | { readonly text: string }
  | { readonly raw: Uint8Array }
  /** Its length as u32, zeros up to a multiple of 8 bytes of the frame, then little-endian doubles. */
  | { readonly vector: readonly number[] }
  /** The same of little-endian floats, with zeros up to a multiple of 4. */
  | { readonly floats: readonly number[] };

/** A frame with these fields. */
export function frameOf(type: number, fields: readonly Field[], version = 2): Uint8Array {
  const bytes: number[] = [];
  const little = (size: number, write: (view: DataView) => void) => {
    const view = new DataView(new ArrayBuffer(size));
    write(view);
    bytes.push(...new Uint8Array(view.buffer));
  };
  const u32 = (value: number) => little(4, (view) => view.setUint32(0, value, true));
  const f64 = (value: number) => little(8, (view) => view.setFloat64(0, value, true));
  for (const field of fields) {
    if ("u8" in field) bytes.push(field.u8);
    else if ("u32" in field) u32(field.u32);
    else if ("f64" in field) f64(field.f64);
    else if ("text" in field) {
      const text = new TextEncoder().encode(field.text);
      u32(text.length);
      bytes.push(...text);
    } else if ("raw" in field) {
      u32(field.raw.length);
      bytes.push(...field.raw);
    } else if ("floats" in field) {
      u32(field.floats.length);
      while (bytes.length % 4 !== 0) bytes.push(0);
      for (const entry of field.floats) little(4, (view) => view.setFloat32(0, entry, true));
    } else {
      u32(field.vector.length);
      // The header is 16 bytes long, so the alignment of the body is that of the frame.
      while (bytes.length % 8 !== 0) bytes.push(0);
      for (const entry of field.vector) f64(entry);
    }
  }
  const body = Uint8Array.from(bytes);
  const frame = new Uint8Array(16 + body.length);
  const view = new DataView(frame.buffer);
  frame.set([0x4d, 0x52, 0x4e, type, version, 0, 0, 0]);
  view.setUint32(8, crc32Bitwise(body), true);
  view.setUint32(12, body.length, true);
  frame.set(body, 16);
  return frame;
}
