import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RecentlySet } from "./recently-set.ts";

const groups: readonly (readonly [name: string, part: number])[] = [
  ["a", 0],
  ["a", 1],
  ["b", 0],
];

const operation = fc.oneof(
  fc.record({
    kind: fc.constant("set" as const),
    group: fc.constantFrom(...groups),
    worker: fc.nat(5),
    value: fc.nat(),
  }),
  fc.record({ kind: fc.constant("get" as const), group: fc.constantFrom(...groups), worker: fc.nat(5) }),
  fc.record({ kind: fc.constant("drop" as const) }),
);

describe("values of workers", () => {
  it("behave as a map that is kept in the order of its last writes", () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
        const values = new RecentlySet<number>();
        // The oracle: a Map keeps the order of insertion, so what is deleted first and then set goes to the end.
        const model = new Map<string, number>();
        for (const step of operations) {
          if (step.kind === "drop") {
            const [oldest] = model;
            if (oldest !== undefined) model.delete(oldest[0]);
            expect(values.dropOldest()).toBe(oldest?.[1]);
          } else {
            const name = `${step.group} ${step.worker}`;
            if (step.kind === "get") expect(values.get(...step.group, step.worker)).toBe(model.get(name));
            else {
              expect(values.set(...step.group, step.worker, step.value)).toBe(model.get(name));
              model.delete(name);
              model.set(name, step.value);
            }
          }
          expect(values.size).toBe(model.size);
        }
      }),
    );
  });

  it("of a group that was dropped to the last can be set again", () => {
    const values = new RecentlySet<string>();
    values.set(...groups[0]!, 1, "old");
    values.dropOldest();
    values.set(...groups[0]!, 1, "new");
    expect(values.get(...groups[0]!, 1)).toBe("new");
    expect(values.dropOldest()).toBe("new");
    expect(values.dropOldest()).toBeUndefined();
  });
});
