import { describe, expect, it } from "vitest";
import { UsedUp } from "./used-up.ts";

function deletions(failing: ReadonlySet<string> = new Set()) {
  const deleted: string[] = [];
  const warned: string[] = [];
  const usedUp = new UsedUp({
    objects: {
      async delete(key) {
        if (failing.has(key)) throw new Error(`${key} can't be deleted`);
        deleted.push(key);
      },
    },
    log: {
      info: () => undefined,
      warn: (event) => void warned.push(event),
    },
  });
  return { usedUp, deleted, warned };
}

describe("what a round has used up", () => {
  it("is deleted once, at the next occasion", async () => {
    const { usedUp, deleted } = deletions();
    usedUp.add(["a", "b"]);
    await usedUp.delete(0);
    await usedUp.delete(0);
    expect(deleted).toEqual(["a", "b"]);
  });

  it("stays where it is a point that a successor may ask about: until the round after its last one is durable", async () => {
    const { usedUp, deleted } = deletions();
    usedUp.addPoint("x", 7);
    usedUp.addPoint("y", 5);
    // Asked about in an earlier round as well: the last one counts.
    usedUp.addPoint("x", 6);
    await usedUp.delete(5);
    expect(deleted).toEqual([]);
    await usedUp.delete(6);
    expect(deleted).toEqual(["y"]);
    await usedUp.delete(7);
    expect(deleted).toEqual(["y"]);
    await usedUp.delete(8);
    expect(deleted).toEqual(["y", "x"]);
  });

  it("may stay where the store refuses, with a word in the log", async () => {
    const { usedUp, deleted, warned } = deletions(new Set(["a"]));
    usedUp.add(["a", "b"]);
    await usedUp.delete(0);
    expect(deleted).toEqual(["b"]);
    expect(warned).toEqual(["objects-not-deleted"]);
  });
});
