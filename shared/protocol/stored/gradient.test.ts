import { describe, expect, it } from "vitest";
import { MessageError } from "../../base/errors.ts";
import { FrameType } from "../frames/frame.ts";
import { gradientKey, isTransientKey, leftoverPrefixes } from "../keys.ts";
import { isOutsideObject } from "../messages/traffic.ts";
import { frameOf } from "../testing/layout.ts";
import { decodeGradient, encodeGradient, storedGradientBytes } from "./gradient.ts";

const identity = { runDigest: "d".repeat(64), phase: 2, workers: 9, round: 7, worker: 3, point: 0xfedcba98 };
const vector = Float64Array.of(1, -0, Number.MIN_VALUE, 1 / 3);

describe("a gradient as a stored object", () => {
  it("has the documented layout, and comes back to the last bit", () => {
    const body = encodeGradient(identity, vector);
    const fields = [
      { text: identity.runDigest },
      { u32: 2 },
      { u32: 9 },
      { u32: 7 },
      { u32: 3 },
      { u32: 0xfedcba98 },
    ];
    expect(body).toEqual(frameOf(FrameType.gradient, [...fields, { vector: [...vector] }]));
    const back = decodeGradient(body, identity, 4, "key");
    expect(new Uint8Array(back.buffer, back.byteOffset, back.byteLength)).toEqual(
      new Uint8Array(vector.buffer),
    );
  });

  it("has as many bytes as is said beforehand", () => {
    for (let dimension = 0; dimension < 5; dimension++)
      for (const runDigest of ["", "d", "d".repeat(64), "d".repeat(69)])
        expect(storedGradientBytes(runDigest, dimension)).toBe(
          encodeGradient({ ...identity, runDigest }, new Float64Array(dimension)).length,
        );
  });

  it("is refused where it is another run's, epoch's, round's, worker's or point's, or has another length", () => {
    const body = encodeGradient(identity, vector);
    const other = { runDigest: "e".repeat(64), phase: 1, workers: 8, round: 6, worker: 2, point: 1 };
    for (const name of Object.keys(other) as (keyof typeof other)[])
      expect(() => decodeGradient(body, { ...identity, [name]: other[name] }, 4, "key")).toThrow(
        `key: expected ${name} ${other[name]}, got ${identity[name]}`,
      );
    expect(() => decodeGradient(body, identity, 5, "key")).toThrow("key: expected 5 entries, got 4");
  });

  it("is refused with any byte changed, and cut off anywhere", () => {
    const body = encodeGradient(identity, vector);
    for (let at = 0; at < body.length; at++) {
      const changed = body.slice();
      changed[at]! ^= 1;
      expect(() => decodeGradient(changed, identity, 4, "key")).toThrow();
      expect(() => decodeGradient(body.slice(0, at), identity, 4, "key")).toThrow(MessageError);
    }
  });

  it("lies among what is forgotten, and is the method's own", () => {
    const key = gradientKey("r", 2, 7, 3);
    expect(isTransientKey(key)).toBe(true);
    expect(isOutsideObject(key)).toBe(false);
    expect(leftoverPrefixes("r").some((prefix) => key.startsWith(prefix))).toBe(true);
    const others = [gradientKey("r", 1, 7, 3), gradientKey("r", 2, 6, 3), gradientKey("r", 2, 7, 2)];
    expect(new Set([key, ...others]).size).toBe(4);
  });
});
