import { describe, expect, it } from "vitest";
import { MarinaError, MessageError } from "../../base/errors.ts";
import { crc32Bitwise, frameOf } from "../testing/layout.ts";
import { FrameReader, FrameType, FrameWriter, fromBody, toBody } from "./frame.ts";

const fields = (writer: FrameWriter) =>
  writer
    .u8(200)
    .u32(4_000_000_000)
    .f64(-0.1)
    .text("λ")
    .bytes(Uint8Array.of(1, 2, 3))
    .vector(Float64Array.of(1, -0));

const expected = frameOf(FrameType.vector, [
  { u8: 200 },
  { u32: 4_000_000_000 },
  { f64: -0.1 },
  { text: "λ" },
  { raw: Uint8Array.of(1, 2, 3) },
  { vector: [1, -0] },
]);

function thrown(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  throw new Error("expected an error");
}

describe("a frame", () => {
  it("has the documented layout, to the byte", () => {
    expect(fields(new FrameWriter("vector")).finish()).toEqual(expected);
  });

  it("has the same bytes whatever capacity its writer began with", () => {
    for (const capacity of [0, 1, 17, 40, 1000]) {
      expect(fields(new FrameWriter("vector", capacity)).finish()).toEqual(expected);
    }
  });

  it("carries the checksum that its body has by the definition of CRC-32", () => {
    // Check value of CRC-32/ISO-HDLC: the CRC of the ASCII digits 1 to 9 is CBF43926.
    expect(crc32Bitwise(new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
    const frame = fields(new FrameWriter("vector")).finish();
    expect(new DataView(frame.buffer, frame.byteOffset).getUint32(8, true)).toBe(
      crc32Bitwise(frame.subarray(16)),
    );
  });

  it("gives its fields back in the order of their writing, at any alignment of its memory", () => {
    for (let offset = 0; offset < 9; offset++) {
      const memory = new Uint8Array(expected.length + offset);
      memory.set(expected, offset);
      const reader = new FrameReader("vector", memory.subarray(offset), "sample");
      expect(reader.u8()).toBe(200);
      expect(reader.u32()).toBe(4_000_000_000);
      expect(reader.f64()).toBe(-0.1);
      expect(reader.text()).toBe("λ");
      expect(reader.bytes()).toEqual(Uint8Array.of(1, 2, 3));
      const vector = reader.vector();
      expect([...vector].map((entry) => Object.is(entry, -0))).toEqual([false, true]);
      reader.end();
    }
  });

  it("keeps the bits of every double: signed zeros, subnormals, infinities and NaN", () => {
    const values = Float64Array.of(
      0,
      -0,
      Number.MIN_VALUE,
      -Number.MAX_VALUE,
      Infinity,
      -Infinity,
      Number.NaN,
      Math.PI,
    );
    const frame = new FrameWriter("vector").vector(values).finish();
    const read = new FrameReader("vector", frame, "sample").vector();
    expect(new BigUint64Array(read.slice().buffer)).toEqual(new BigUint64Array(values.buffer));
  });

  it("of another protocol version is refused with code version, naming both versions and where it lay", () => {
    const error = thrown(
      () => new FrameReader("vector", frameOf(FrameType.vector, [], 1), "runs/r/checkpoint"),
    );
    expect(error).toBeInstanceOf(MarinaError);
    expect((error as MarinaError).code).toBe("version");
    expect((error as MarinaError).message).toContain(
      "runs/r/checkpoint: written by protocol version 1, this program speaks version 2",
    );
  });

  it("of another type is refused", () => {
    const error = thrown(() => new FrameReader("task", expected, "sample"));
    expect((error as Error).message).toBe("sample: expected a task frame, got other bytes");
    expect(error).toBeInstanceOf(MessageError);
  });

  it("with reserved bytes that are not zero is refused", () => {
    for (const at of [5, 6, 7]) {
      const frame = expected.slice();
      frame[at] = 1;
      expect(() => new FrameReader("vector", frame, "sample")).toThrow("reserved bytes are not zero");
    }
  });

  it("with a length that is not its own is refused before its checksum is computed", () => {
    expect(() => new FrameReader("vector", expected.subarray(0, expected.length - 1), "sample")).toThrow(
      `expected ${expected.length - 16} bytes after the header, got ${expected.length - 17}`,
    );
  });

  it("with a changed byte is refused by its checksum", () => {
    const frame = expected.slice();
    frame[20]! ^= 1;
    expect(() => new FrameReader("vector", frame, "sample")).toThrow("checksum does not match");
  });

  it("that ends before a field does says at which byte", () => {
    const reader = new FrameReader("vector", frameOf(FrameType.vector, [{ u32: 1000 }]), "sample");
    expect(() => reader.bytes()).toThrow("sample: cut off at byte 20: 1000 more were expected");
  });

  it("with a vector longer than itself is refused without allocating the vector", () => {
    const reader = new FrameReader("vector", frameOf(FrameType.vector, [{ u32: 0xffff_ffff }]), "sample");
    const before = process.memoryUsage().arrayBuffers;
    expect(() => reader.vector()).toThrow(MessageError);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1e6);
  });

  it("with bytes after its last field is refused", () => {
    const reader = new FrameReader("vector", frameOf(FrameType.vector, [{ u8: 1 }, { u8: 2 }]), "sample");
    reader.u8();
    expect(() => reader.end()).toThrow("1 bytes too many after the last field");
  });

  it("with text that is not UTF-8 is refused", () => {
    const reader = new FrameReader(
      "vector",
      frameOf(FrameType.vector, [{ raw: Uint8Array.of(0xff) }]),
      "sample",
    );
    expect(() => reader.text()).toThrow("sample: text is not UTF-8");
  });
});

describe("a body", () => {
  it("is the frame's base64", () => {
    expect(toBody(Uint8Array.of(0x4d, 0x61, 0x6e))).toBe("TWFu"); // RFC 4648
    expect(toBody(new Uint8Array(8).subarray(3, 4))).toBe("AA==");
    expect(fromBody("TWE=", "sample")).toEqual(Buffer.from("Ma"));
  });

  it("that is not base64 is refused", () => {
    for (const text of ["T", "TWE", "TWFu\n", "{}", "T=Fu"]) {
      expect(() => fromBody(text, "sample"), text).toThrow("sample: not base64");
    }
  });
});
