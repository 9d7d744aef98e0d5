import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BitReader, BitWriter, bitsFor, bytesFor } from "./bits.ts";

describe("packed bits", () => {
  test("bitsFor is ceil(log2 n)", () => {
    for (let n = 1; n <= 4100; n++) {
      let bits = 0;
      while (2 ** bits < n) bits++;
      expect(bitsFor(n)).toBe(bits);
    }
    expect(bitsFor(2 ** 31)).toBe(31);
    expect(bitsFor(2 ** 32)).toBe(32);
  });

  test("fields lie one after another from the lowest bit, and are read back", () => {
    const field = fc
      .integer({ min: 0, max: 32 })
      .chain((width) =>
        fc.record({ width: fc.constant(width), value: fc.integer({ min: 0, max: 2 ** width - 1 }) }),
      );
    fc.assert(
      fc.property(fc.array(field, { maxLength: 40 }), fc.nat(3), (fields, offset) => {
        const total = fields.reduce((bits, { width }) => bits + width, 0);
        const bytes = new Uint8Array(offset + bytesFor(total));
        const writer = new BitWriter(bytes, offset);
        for (const { value, width } of fields) writer.writeWide(value, width);
        writer.finish();

        let expected = 0n;
        let at = 0n;
        for (const { value, width } of fields) {
          expected |= BigInt(value) << at;
          at += BigInt(width);
        }
        const packed = bytes.subarray(offset).reduceRight((sum, byte) => sum * 256n + BigInt(byte), 0n);
        expect(packed).toBe(expected);

        const reader = new BitReader(bytes, offset);
        for (const { value, width } of fields) expect(reader.readWide(width)).toBe(value);
        expect(reader.left).toBe(8 * bytesFor(total) - total);
        expect(reader.onlyPadding()).toBe(true);
      }),
    );
  });

  test("onlyPadding is false for a whole byte of zeros and for a bit that is set", () => {
    const reader = new BitReader(Uint8Array.of(0b111, 0), 0);
    reader.read(3);
    expect(reader.onlyPadding()).toBe(false);
    const other = new BitReader(Uint8Array.of(0b1111), 0);
    other.read(3);
    expect(other.onlyPadding()).toBe(false);
  });
});
