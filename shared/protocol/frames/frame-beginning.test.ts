import { describe, expect, it } from "vitest";
import { decodeTask, encodeTask, encodeTasks, type Task } from "../messages/task.ts";
import { taskOf } from "../testing/samples.ts";

/** Tasks of one round for workers of that run; its name's length decides where the texts are cut. */
function round(run: string, count = 5): Task[] {
  const model = { ...taskOf("difference"), run };
  return Array.from({ length: count }, (_, slot) => ({ ...model, slot, worker: 70_000 * slot + 3 }));
}

const runs = ["a", "ab", "abc", "abcd"];

describe("tasks that begin alike", () => {
  it.each(runs)("are the same texts as if each had been written alone (run %s)", (run) => {
    expect(encodeTasks(round(run))).toEqual(round(run).map(encodeTask));
  });

  it.each(runs)("are read back, the first in full and the others by their ends (run %s)", (run) => {
    const tasks = round(run);
    expect(tasks.map((task) => decodeTask(encodeTask(task)))).toEqual(tasks);
  });

  it("share the memory of their points", () => {
    const [first, second] = round("shared").map((task) => decodeTask(encodeTask(task)));
    expect(second!.points).toBe(first!.points);
  });

  it("of two rounds in turns are told apart", () => {
    const tasks = [...round("x"), ...round("y")];
    const mixed = [0, 5, 1, 6, 7, 2].map((i) => tasks[i]!);
    expect(mixed.map((task) => decodeTask(encodeTask(task)))).toEqual(mixed);
  });

  it.each(runs)("are refused when a single character was changed, or the end was cut (run %s)", (run) => {
    const [first, second] = round(run).map(encodeTask);
    const other = encodeTask(taskOf("gram"));
    for (let at = 0; at < second!.length; at++) {
      const changed = `${second!.slice(0, at)}${second![at] === "A" ? "B" : "A"}${second!.slice(at + 1)}`;
      decodeTask(first!); // the beginning is known
      expect(() => decodeTask(changed), `character ${at}`).toThrow();
      decodeTask(other); // and now it is not
      expect(() => decodeTask(changed), `character ${at}`).toThrow();
    }
    decodeTask(first!);
    for (const cut of [1, 2, 3, 4, 16]) expect(() => decodeTask(second!.slice(0, -cut))).toThrow();
  });
});
