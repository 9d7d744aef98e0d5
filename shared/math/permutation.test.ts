import { describe, expect, it } from "vitest";
import { permutation } from "./permutation.ts";

describe("permutation", () => {
  it("gives each of the 24 orders of four by one of the 24 sequences of draws", () => {
    const orders = new Set<string>();
    for (let code = 0; code < 24; code++) {
      let rest = code;
      const bounds: number[] = [];
      const nextBelow = (bound: number): number => {
        bounds.push(bound);
        const draw = rest % bound;
        rest = Math.floor(rest / bound);
        return draw;
      };
      const order = permutation({ nextBelow }, 4);
      expect(bounds).toEqual([4, 3, 2]);
      expect([...order].sort()).toEqual([0, 1, 2, 3]);
      orders.add(order.join(" "));
    }
    expect(orders.size).toBe(24);
  });

  it("draws nothing for none and for one", () => {
    const never = {
      nextBelow: (): number => {
        throw new Error("drew");
      },
    };
    expect([...permutation(never, 0)]).toEqual([]);
    expect([...permutation(never, 1)]).toEqual([0]);
  });
});
