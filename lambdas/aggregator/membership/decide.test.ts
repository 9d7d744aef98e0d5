import { describe, expect, it } from "vitest";
import type { ScaleRequest } from "../../../shared/protocol/messages/run-message.ts";
import { parseRunSpec, type RunSpec, type RunSpecInput } from "../../../shared/protocol/spec/spec.ts";
import type { Elastic } from "../../../shared/protocol/stored/checkpoint.ts";
import { exampleSpec } from "../../../shared/protocol/testing/samples.ts";
import { currentEpoch, decide, type Moment, noteNorm, startElastic } from "./decide.ts";

const spec = (change: Partial<RunSpecInput>): RunSpec => parseRunSpec({ ...exampleSpec, ...change }, "test");

const numbers = { stepSize: 0.1, probability: 0.1 };
const start = startElastic({ workers: 5, participants: null }, numbers);
const at = (round: number, change: Partial<Moment> = {}): Moment => ({
  round,
  seconds: 0,
  usd: 0,
  ...change,
});
const asks = (change: Partial<ScaleRequest>): ScaleRequest => ({
  ...{ request: 1, workers: null, participants: null, now: false },
  ...change,
});

/** As if what is pending had come into force at this round. */
function inForce(elastic: Elastic, round: number, usd = 0): Elastic {
  const { pending } = elastic;
  if (pending === null) throw new Error("nothing is pending");
  const { phase, workers, participants, cause } = pending;
  const next = { phase, round, workers, participants, cause, ...numbers, dense: true, seconds: 0, usd };
  return { ...elastic, pending: null, phases: [...elastic.phases, next] };
}

describe("a schedule", () => {
  const schedule = spec({
    workers: [
      { workers: 5 },
      { workers: 50, fromRound: 10 },
      { workers: 10, fromRelativeGradientNormSquared: 0.25 },
      { workers: 7, fromSeconds: 60, denseRound: "force" },
    ],
  });

  it("is left alone until its next entry's time has come: nothing changes, not even the object", () => {
    expect(decide(schedule, start, at(9), undefined)).toBe(start);
  });

  it("aims at an entry from its round on, with a phase number of its own, and says so once", () => {
    const aimed = decide(schedule, start, at(10), undefined);
    expect(aimed).toMatchObject({ passed: { workers: 1 }, lastPhase: 1 });
    expect(aimed.pending).toEqual({
      ...{ phase: 1, workers: 50, participants: null },
      ...{ cause: "schedule", denseRound: "wait" },
    });
    expect(decide(schedule, aimed, at(11), undefined)).toBe(aimed);
  });

  it("keeps its order: an entry whose time has come waits for those before it", () => {
    const low = noteNorm(start, 0.2, 1);
    expect(decide(schedule, low, at(9), undefined).pending).toBeNull();
    expect(decide(schedule, low, at(10), undefined).pending).toMatchObject({ workers: 10 });
  });

  it("passes over entries that have been overtaken", () => {
    const low = noteNorm(start, 0.2, 1);
    const aimed = decide(schedule, low, at(10, { seconds: 61 }), undefined);
    expect(aimed.pending).toMatchObject({ workers: 7, denseRound: "force", phase: 1 });
    expect(aimed.passed.workers).toBe(3);
  });

  it("remembers the lowest norm, relative to the start", () => {
    const steps = [0.5, 0.1, 0.3].reduce((elastic, norm) => noteNorm(elastic, norm, 2), start);
    expect(steps.lowestRelative).toBe(0.05);
    expect(noteNorm(start, null, 2)).toBe(start);
    expect(noteNorm(start, 1, null)).toBe(start);
    expect(noteNorm(start, 1, 0)).toBe(start);
  });

  it("that comes back to what is at work gives the pending change up", () => {
    const back = spec({
      workers: [{ workers: 5 }, { workers: 50, fromRound: 10 }, { workers: 5, fromRound: 12 }],
    });
    const aimed = decide(back, start, at(10), undefined);
    const given = decide(back, aimed, at(12), undefined);
    expect(given.pending).toBeNull();
    // The number of what was given up is never used again.
    expect(given.lastPhase).toBe(1);
  });
});

describe("a schedule of participants", () => {
  const algorithm = {
    ...{ kind: "pp-marina", compressor: { kind: "rand-k", k: 10 } },
    participants: [{ participants: 2 }, { participants: 4, fromRound: 10 }],
  } as RunSpecInput["algorithm"];

  it("is aimed at beside the workers, neither losing the other", () => {
    const both = spec({ algorithm, workers: [{ workers: 5 }, { workers: 50, fromRound: 8 }] });
    const first = startElastic({ workers: 5, participants: 2 }, numbers);
    const one = decide(both, first, at(8), undefined);
    expect(one.pending).toMatchObject({ workers: 50, participants: 2 });
    const two = decide(both, one, at(10), undefined);
    expect(two.pending).toMatchObject({ workers: 50, participants: 4, phase: 2 });
  });
});

describe("a request of the user", () => {
  it("is taken in once, and a repetition changes nothing", () => {
    const fixed = spec({});
    const aimed = decide(fixed, start, at(3), asks({ workers: 9 }));
    expect(aimed).toMatchObject({
      pending: { workers: 9, cause: "user", denseRound: "wait" },
      lastRequest: 1,
    });
    expect(decide(fixed, aimed, at(4), asks({ workers: 9 }))).toBe(aimed);
    const done = inForce(aimed, 6);
    expect(decide(fixed, done, at(7), asks({ workers: 9 }))).toBe(done);
  });

  it("that is newer replaces what an older one waits for", () => {
    const fixed = spec({});
    const aimed = decide(fixed, start, at(3), asks({ workers: 9 }));
    const again = decide(fixed, aimed, at(4), asks({ request: 2, workers: 11, now: true }));
    expect(again.pending).toMatchObject({ phase: 2, workers: 11, denseRound: "force" });
  });

  it("counts after the schedule of the same moment; the schedule goes on after it", () => {
    const schedule = spec({
      workers: [{ workers: 5 }, { workers: 50, fromRound: 10 }, { workers: 60, fromRound: 20 }],
    });
    const aimed = decide(schedule, start, at(10), asks({ workers: 9 }));
    expect(aimed).toMatchObject({ pending: { workers: 9, cause: "user" }, passed: { workers: 1 } });
    expect(decide(schedule, aimed, at(20), undefined).pending).toMatchObject({ workers: 60 });
  });
});

describe("a target of dollars per round", () => {
  const target = spec({ workers: { usdPerRound: 1e-4, atLeast: 5, atMost: 100 } });

  it("looks at nothing before twenty rounds", () => {
    expect(decide(target, start, at(19, { usd: 19e-6 }), undefined).pending).toBeNull();
  });

  it("aims at the n in proportion, at most four times as many", () => {
    // Rounds of 5e-5 dollars: twice as many workers.
    expect(decide(target, start, at(20, { usd: 20 * 5e-5 }), undefined).pending).toMatchObject({
      ...{ workers: 10, cause: "usd-per-round", denseRound: "wait" },
    });
    expect(decide(target, start, at(20, { usd: 20 * 1e-6 }), undefined).pending?.workers).toBe(20);
  });

  it("keeps to its bounds, and leaves small differences alone", () => {
    expect(decide(target, start, at(20, { usd: 20 * 1e-3 }), undefined).pending).toBeNull();
    expect(decide(target, start, at(20, { usd: 20 * 0.95e-4 }), undefined).pending).toBeNull();
  });

  it("measures from the last change on", () => {
    const aimed = decide(target, start, at(20, { usd: 20 * 5e-5 }), undefined);
    const changed = inForce(aimed, 25, 0.01);
    expect(currentEpoch(changed)).toMatchObject({ workers: 10, round: 25 });
    expect(decide(target, changed, at(44, { usd: 1 }), undefined).pending).toBeNull();
    const again = decide(target, changed, at(45, { usd: 0.01 + 20 * 2e-4 }), undefined);
    expect(again.pending?.workers).toBe(5);
  });

  it("gives way to the user for good", () => {
    const user = inForce(decide(target, start, at(3), asks({ workers: 50 })), 5);
    expect(decide(target, user, at(100, { usd: 1 }), undefined).pending).toBeNull();
  });
});
