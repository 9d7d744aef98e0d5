import { describe, expect, it } from "vitest";
import { MessageError } from "../../base/errors.ts";
import { FrameType } from "../frames/frame.ts";
import { frameOf } from "../testing/layout.ts";
import { decodeVector, encodeVector } from "./vector-object.ts";

describe("a vector as a stored object", () => {
  it("is decoded once where the same memory is read again", () => {
    const body = encodeVector(Float64Array.of(1, -2, 3));
    expect(decodeVector(body, 3, "key")).toBe(decodeVector(body, 3, "key"));
  });

  it("has 4 d bytes in float32, comes back to the last bit, and is refused in the place of the other", () => {
    const floats = Float64Array.of(1, -0, 2 ** -149, Math.fround(1e30), Number.NEGATIVE_INFINITY, Number.NaN);
    const body = encodeVector(floats, "float32");
    expect(body).toEqual(frameOf(FrameType.floats, [{ floats: [...floats] }]));
    expect(body.length).toBe(16 + 4 + 4 * floats.length);
    expect(decodeVector(body.slice(), 6, "key", "float32")).toEqual(floats);
    // In memory that is aligned to nothing.
    const shifted = new Uint8Array(body.length + 1);
    shifted.set(body, 1);
    expect(decodeVector(shifted.subarray(1), 6, "key", "float32")).toEqual(floats);
    expect(() => decodeVector(body, 6, "key")).toThrow(
      "key: expected a vector of float64, got one of float32",
    );
    expect(() => decodeVector(encodeVector(floats), 6, "key", "float32")).toThrow(
      "key: expected a vector of float32, got one of float64",
    );
    expect(() => encodeVector(Float64Array.of(1, 0.1), "float32")).toThrow(RangeError);
  });

  it("is checked in every memory of its own, also when the same bytes were good before", () => {
    const body = encodeVector(Float64Array.of(1, -2, 3));
    decodeVector(body, 3, "key");
    const damaged = body.slice();
    damaged[damaged.length - 1]! ^= 1;
    expect(() => decodeVector(damaged, 3, "key")).toThrow(MessageError);
  });

  it("is refused for another dimension, also when it was read before", () => {
    const body = encodeVector(Float64Array.of(1, -2, 3));
    decodeVector(body, 3, "key");
    expect(() => decodeVector(body, 2, "key")).toThrow("key: expected 2 entries, got 3");
  });
});
