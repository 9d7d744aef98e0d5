import { describe, expect, it } from "vitest";
import { VirtualClock } from "./virtual-clock.ts";

describe("the virtual clock", () => {
  it("jumps over waiting and lands on each time exactly", async () => {
    const clock = new VirtualClock();
    const seen: [string, number][] = [];
    const wait = async (name: string, ...steps: number[]): Promise<void> => {
      for (const step of steps) {
        await clock.sleep(step);
        seen.push([name, clock.now()]);
      }
    };
    await clock.run(Promise.all([wait("a", 3_600_000, 1), wait("b", 7, 7), wait("c", 14)]));
    expect(seen).toEqual([
      ["b", 7],
      ["c", 14],
      ["b", 14],
      ["a", 3_600_000],
      ["a", 3_600_001],
    ]);
  });

  it("lets every chain of promises run to its end before it jumps", async () => {
    const clock = new VirtualClock();
    let time = -1;
    const deep = async (): Promise<void> => {
      await clock.sleep(1);
      for (let i = 0; i < 1000; i++) await (i % 2 === 0 ? Promise.resolve() : (async () => {})());
      time = clock.now();
      await clock.sleep(1);
    };
    await clock.run(Promise.all([deep(), clock.sleep(1.5), clock.sleep(5)]));
    expect(time).toBe(1);
  });

  it("holds still between runs and goes on where it was", async () => {
    const clock = new VirtualClock();
    await clock.run(clock.sleep(5));
    const later = clock.sleep(10);
    expect(clock.now()).toBe(5);
    await clock.run(later);
    expect(clock.now()).toBe(15);
  });

  it("says so when nothing is left that could end the wait", async () => {
    const clock = new VirtualClock();
    const stuck = clock.sleep(3).then(() => new Promise<void>(() => {}));
    await expect(clock.run(stuck)).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringMatching(/deadlock at 3 virtual ms/),
    });
    await clock.run(clock.sleep(1)); // still works
  });

  it("says so when timers of one instant set one another without end, in place of standing still", async () => {
    const clock = new VirtualClock();
    const again = (): void => void clock.at(clock.now(), again);
    clock.at(7, again);
    await expect(clock.run(clock.sleep(8))).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringMatching(/at 7 virtual ms one timer sets the next for the same instant/),
    });
  });

  it("passes on what the program throws, and what a timer throws", async () => {
    const clock = new VirtualClock();
    await expect(clock.run(clock.sleep(1).then(() => Promise.reject(new Error("program"))))).rejects.toThrow(
      "program",
    );
    clock.at(clock.now() + 1, () => {
      throw new Error("timer");
    });
    await expect(clock.run(clock.sleep(10))).rejects.toThrow("timer");
  });

  it("lets real timers and signals through while it spins", async () => {
    const clock = new VirtualClock();
    let stopped = false;
    const spin = async (): Promise<void> => {
      while (!stopped) await clock.sleep(1);
    };
    setTimeout(() => {
      stopped = true;
    }, 5);
    await clock.run(spin());
    expect(clock.now()).toBeGreaterThan(100);
  });
});
