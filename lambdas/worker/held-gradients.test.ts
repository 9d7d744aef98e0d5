import { describe, expect, it } from "vitest";
import type { Gradient } from "../../shared/methods/method.ts";
import { GRADIENTS_KEPT_BYTES, heldGradients } from "./held-gradients.ts";

const owner = (worker: number, phase = 0) => ({ runDigest: "run", phase, worker });
const gradient = (value: number, length = 2): Gradient => ({
  vector: new Float64Array(length).fill(value),
  loss: value,
});

describe("the gradients that an environment holds", () => {
  it("are the last of each worker, by the round of the point", () => {
    const store = heldGradients();
    store.keep(owner(1), 4, gradient(4));
    store.keep(owner(2), 4, gradient(40));
    store.keep(owner(1), 5, gradient(5));
    expect(store.find(owner(1), 4)).toBeUndefined();
    expect(store.find(owner(1), 5)).toEqual(gradient(5));
    expect(store.find(owner(2), 4)).toEqual(gradient(40));
    expect(store.find(owner(2, 1), 4)).toBeUndefined();
    expect([store.holds(owner(1), 4), store.holds(owner(1), 5)]).toEqual([false, true]);
  });

  it("for the record alone are found, but spare the method no work", () => {
    const store = heldGradients();
    store.keepForRecord(owner(1), 4, gradient(4));
    expect(store.find(owner(1), 4)).toEqual(gradient(4));
    expect(store.holds(owner(1), 4)).toBe(false);
    store.keep(owner(1), 4, gradient(4));
    expect(store.holds(owner(1), 4)).toBe(true);
  });

  it("go when memory is full, those that were kept longest ago first", () => {
    const store = heldGradients();
    const third = GRADIENTS_KEPT_BYTES / 8 / 3;
    for (let worker = 0; worker < 4; worker++) store.keep(owner(worker), 1, gradient(worker, third));
    expect([0, 1, 2, 3].map((worker) => store.holds(owner(worker), 1))).toEqual([false, true, true, true]);
  });
});
