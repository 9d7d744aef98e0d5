import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { taskOf } from "../testing/samples.ts";
import { decodeTask, encodeTask, encodeTasks, membersOf, packTasks, type Task, taskNeedsOf } from "./task.ts";

/** Tasks of one round, each with a shift of its own. */
function tasks(count: number, dimension: number): Task[] {
  const shared = taskOf("shifted");
  return Array.from({ length: count }, (_, i) => ({
    ...shared,
    slot: i,
    worker: i,
    shifts: [Float64Array.from({ length: dimension }, (_unused, j) => 1000 * i + j + 0.5)],
  }));
}

describe("tasks that bring a shift", () => {
  it("come back from their bodies with it, packed or not, alone and encoded beside others", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 5 }),
        (count, dimension, size) => {
          const all = tasks(count, dimension);
          const packs = packTasks(all, size);
          expect(packs.length).toBe(Math.ceil(count / size));
          expect(packs.map((pack) => decodeTask(encodeTask(pack)))).toEqual(packs);
          expect(encodeTasks(packs)).toEqual(packs.map(encodeTask));
          expect(packs.flatMap(membersOf)).toEqual(all);
        },
      ),
    );
  });

  it("are not packed with tasks that bring none", () => {
    const [first, second] = tasks(2, 3);
    const { shifts: _, ...bare } = second!;
    expect(packTasks([first!, bare], 2).length).toBe(2);
  });

  it("tell the accounting that their worker reads and writes no memory", () => {
    expect(taskNeedsOf(encodeTask(tasks(1, 3)[0]!))).toMatchObject({ kind: "shifted", carriesShift: true });
    expect(taskNeedsOf(encodeTask(taskOf("shifted")))).toMatchObject({ carriesShift: false });
  });
});
