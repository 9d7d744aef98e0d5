import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { incoming, taskOf } from "../testing/samples.ts";
import { encodeRunMessage, frameRunMessage, timingOfBody } from "./run-message.ts";
import { decodeTask, encodeTask, encodeTasks, membersOf, packTasks } from "./task.ts";
import { outsideBytesOf } from "./traffic.ts";

function tasks(count: number, kind: "full" | "evaluate" = "full", first = 0) {
  const shared = taskOf(kind);
  return Array.from({ length: count }, (_, i) => ({ ...shared, slot: first + i, worker: (7 * i) % 11 }));
}

describe("packed tasks", () => {
  it("stand for the tasks that were packed, in order, at most `size` in each and no pack more than needed", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 50 }), (count, size) => {
        const all = tasks(count);
        const packs = packTasks(all, size);
        expect(packs.length).toBe(Math.ceil(count / size));
        expect(packs.flatMap(membersOf)).toEqual(all);
      }),
    );
  });

  it("never mix what asks for different things", () => {
    const own = tasks(3);
    const watchers = tasks(2, "evaluate", 3);
    const packs = packTasks([...own, ...watchers], 10);
    expect(packs.map((pack) => [pack.kind, membersOf(pack).length])).toEqual([
      ["full", 3],
      ["evaluate", 2],
    ]);
  });

  it("come back from their bodies as they were, alone and encoded beside others", () => {
    const packs = packTasks(tasks(11), 4);
    expect(packs.map((pack) => decodeTask(encodeTask(pack)))).toEqual(packs);
    expect(encodeTasks(packs)).toEqual(packs.map(encodeTask));
  });

  it("of one are tasks like any other, to the byte", () => {
    const all = tasks(3);
    expect(encodeTasks(packTasks(all, 1))).toEqual(all.map(encodeTask));
  });
});

describe("packed answers", () => {
  const pack = (names: readonly string[]) =>
    encodeRunMessage({
      kind: "pack",
      runDigest: "0123456789abcdef",
      phase: 2,
      round: 7,
      slot: 3,
      worker: 4,
      parts: names.map((name) => frameRunMessage(incoming[name]!)),
      computeMilliseconds: 12.5,
      cold: true,
    });

  it("count as outside the method what their parts count so", () => {
    const body = pack(["contribution", "contribution without loss and evaluation"]);
    // The body would be so much shorter without the 23 bytes of the first part's evaluation.
    const inside = Buffer.byteLength(body, "base64") - 23;
    expect(outsideBytesOf(body)).toBe(body.length - 4 * Math.ceil(inside / 3));
    expect(outsideBytesOf(pack(["contribution without loss and evaluation"]))).toBe(0);
  });

  it("are outside the method as a whole when all their parts are", () => {
    for (const names of [
      ["evaluation only", "evaluation only"],
      ["answer", "answer"],
    ]) {
      const body = pack(names);
      expect(outsideBytesOf(body)).toBe(body.length);
    }
  });

  it("state the computing time of all their parts", () => {
    expect(timingOfBody(pack(["contribution", "contribution"]))).toEqual({
      computeMilliseconds: 12.5,
      cold: true,
    });
  });
});
