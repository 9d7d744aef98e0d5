import { describe, expect, it } from "vitest";
import { MessageError } from "../../base/errors.ts";
import { decodeVector, encodeVector } from "./vector-object.ts";

describe("a vector as a stored object", () => {
  it("is decoded once where the same memory is read again", () => {
    const body = encodeVector(Float64Array.of(1, -2, 3));
    expect(decodeVector(body, 3, "key")).toBe(decodeVector(body, 3, "key"));
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
