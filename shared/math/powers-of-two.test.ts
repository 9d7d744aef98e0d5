import { expect, test } from "vitest";
import { powerOfTwo } from "./powers-of-two.ts";

test("powers of two have a significand of one and the exponent asked for", () => {
  const view = new DataView(new ArrayBuffer(8));
  for (let exponent = -1022; exponent <= 1023; exponent++) {
    view.setFloat64(0, powerOfTwo(exponent));
    expect(view.getBigUint64(0)).toBe(BigInt(exponent + 1023) << 52n);
  }
});
