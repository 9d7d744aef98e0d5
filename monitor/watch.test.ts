import { describe, expect, it } from "vitest";
import { digestOf } from "../client/rounds/digest.ts";
import { madeUpRun, recordsOf } from "../report/testing/runs.ts";
import { OutlookTracker } from "./outlook.ts";
import { sparkline } from "./sparkline.ts";
import { stateText, terminalLines } from "./state-text.ts";

describe("a sparkline", () => {
  it("falls evenly where a curve falls by a factor", () => {
    expect(sparkline([128, 64, 32, 16, 8, 4, 2, 1], 8)).toBe("█▇▆▅▄▃▂▁");
  });

  it("picks from first to last where there are more values than room, and leaves out what has no logarithm", () => {
    const values = Array.from({ length: 1001 }, (_, i) => 10 ** (-i / 100));
    expect(sparkline(values, 8)).toBe("█▇▆▅▄▃▂▁");
    expect(sparkline([null, 0, Number.NaN], 8)).toBe("");
  });
});

describe("the outlook of a run", () => {
  const whole = madeUpRun({ run: "a" });
  const at = (rounds: number) => {
    const records = recordsOf({ rounds: 400, rate: 0.99 })
      .slice(0, rounds + 1)
      .map((r) => ({ ...r, gradientNormSquared: 0.99 ** r.round }));
    return { ...whole, result: undefined, rounds: digestOf(records, undefined) };
  };

  it("is the time until the falling norm meets its rule", () => {
    const tracker = new OutlookTracker();
    tracker.look(at(100), 0);
    const { roundsPerSecond, secondsLeft } = tracker.look(at(200), 10);
    expect(roundsPerSecond).toBe(10);
    // 0.99^k = 1e-2 at k = log(1e-2) / log(0.99); 200 rounds are done, ten a second.
    expect(secondsLeft).toBeCloseTo((Math.log(1e-2) / Math.log(0.99) - 200) / 10, 9);
  });

  it("says that a run was cut off, or that it lives and has nothing new", () => {
    const tracker = new OutlookTracker();
    tracker.look(at(100), 0);
    const quiet = tracker.look(at(100), 60);
    expect(stateText(at(100), quiet, { state: "cut-off", because: "no process drives it" })).toMatch(
      /^\w+: cut off, round .*; no process drives it: go on with: marina resume \w+$/,
    );
    expect(stateText(at(100), quiet, { state: "live", because: "process 7 drives it" })).toMatch(
      /^\w+: running, round .*; nothing new for 60\.0 s$/,
    );
  });
});

describe("what a terminal shows", () => {
  const outlook = { roundsPerSecond: null, secondsLeft: null, quietSeconds: 0 };

  it("is the state, the norm as a line, and what was spent", () => {
    const lines = terminalLines(madeUpRun({ run: "a", rounds: 40 }), outlook, undefined, true);
    expect(lines[0]).toBe("a: done, accuracy reached, after 40 rounds");
    expect(lines[1]).toMatch(/^ {2}\|∇f\|² \S+ [▁-█]{40} \S+$/);
    expect(lines[2]).toBe("  0.0160 Mbit/worker  ~5.60 s  ~$0.000401");
  });

  it("names the error of a run that failed", () => {
    expect(stateText(madeUpRun({ run: "a", error: "worker 3 is gone" }), outlook, undefined)).toBe(
      "a: failed, worker 3 is gone, after 40 rounds",
    );
  });
});
