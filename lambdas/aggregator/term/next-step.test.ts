import { describe, expect, it } from "vitest";
import { HANDOVER_MARGIN_SECONDS } from "../../../shared/protocol/limits.ts";
import { parseRunSpec, type RunSpecInput } from "../../../shared/protocol/spec/spec.ts";
import { NO_PREPARATION } from "../../../shared/protocol/stored/calibration.ts";
import { exampleSpec, checkpoint as sample } from "../../../shared/protocol/testing/samples.ts";
import { startElastic } from "../membership/decide.ts";
import { budgetOf } from "./budget.ts";
import { type Now, nextStep } from "./next-step.ts";
import type { RunState } from "./run-state.ts";

const CALM: Now = {
  milliseconds: 1_000_000,
  remainingSeconds: 200,
  nearDeadLetterLimit: false,
  stopRequested: false,
  scaleRequest: undefined,
};
const nothing = { usd: 0, seconds: 0 };

/** At the beginning of round 7 of a term that began with round 5. */
function stateOf(change: Partial<RunState> = {}, spec: Partial<RunSpecInput> = {}): RunState {
  const constants = { ...sample.constants, stepSize: 0.1, probability: 0.1 };
  const { run, runDigest, tenure, generation } = sample;
  return {
    spec: parseRunSpec({ ...exampleSpec, workers: 5, stop: { rounds: 100 }, ...spec }, "test"),
    datasetRows: 1000,
    identity: { run, runDigest, tenure, generation },
    round: 7,
    referenceRound: 0,
    vectors: sample.state,
    constants,
    Li: undefined,
    elastic: startElastic({ workers: 5, participants: null }, constants),
    initialGradientNormSquared: 1,
    totals: sample.totals,
    records: [],
    calibration: null,
    firstRound: 5,
    advanced: true,
    counted: { seconds: 0, at: 0 },
    atBoundary: nothing,
    spent: nothing,
    budget: budgetOf([]),
    references: [0],
    storedRound: 7,
    storedAt: 0,
    longestRoundSeconds: 0,
    ending: null,
    ...change,
  };
}

const uncalibrated = { constants: { ...sample.constants, stepSize: 0 }, advanced: false, firstRound: 7 };
const first = { phase: 0, workers: 5, participants: null };
const calibration = {
  membership: first,
  spectra: undefined,
  power: undefined,
  stored: { etag: undefined, steps: 0 },
  start: undefined,
  hessians: undefined,
  probe: undefined,
  preparation: NO_PREPARATION,
  asked: true,
};

describe("the next step of a term", () => {
  it("is a round, when nothing else is to be done", () => {
    expect(nextStep(stateOf(), CALM)).toEqual({ kind: "round" });
  });

  it("is the end, when the user wants that or a limit is reached, whatever else there is to do", () => {
    const end = { kind: "end", status: "done" };
    const late = { ...CALM, remainingSeconds: 0 };
    expect(nextStep(stateOf(uncalibrated), { ...late, stopRequested: true })).toEqual({
      ...{ kind: "end", status: "stopped", stoppedBy: "user" },
    });
    expect(nextStep(stateOf({ round: 100 }), late)).toEqual({ ...end, stoppedBy: "rounds" });
    const dear = { spent: { usd: 3, seconds: 9 }, storedRound: -1 };
    const stop = { rounds: 100, usd: 2 };
    expect(nextStep(stateOf(dear, { stop }), late)).toEqual({ ...end, stoppedBy: "usd" });
  });

  it("is the hand-over, when the invocation's time runs out, before or after calibration", () => {
    const late = { ...CALM, remainingSeconds: HANDOVER_MARGIN_SECONDS - 0.1 };
    expect(nextStep(stateOf({ storedRound: -1 }), late)).toEqual({ kind: "hand over" });
    expect(nextStep(stateOf(uncalibrated), late)).toEqual({ kind: "hand over" });
  });

  it("is the hand-over near the dead-letter limit, once this term has got on", () => {
    const near = { ...CALM, nearDeadLetterLimit: true };
    expect(nextStep(stateOf(), near)).toEqual({ kind: "hand over" });
    expect(nextStep(stateOf({ advanced: false }), near)).toEqual({ kind: "round" });
    expect(nextStep(stateOf({ ...uncalibrated, advanced: true }), near)).toEqual({ kind: "hand over" });
  });

  it("of a new run is a question of its calibration, until it has constants; then its first workers begin", () => {
    const asks = { kind: "calibrate", membership: first };
    expect(nextStep(stateOf(uncalibrated), CALM)).toEqual(asks);
    expect(nextStep(stateOf({ ...uncalibrated, calibration }), CALM)).toEqual(asks);
    const done = { ...calibration, constants: sample.constants };
    expect(nextStep(stateOf({ ...uncalibrated, calibration: done }), CALM)).toEqual({
      kind: "change membership",
    });
  });

  it("stores a decision on who takes part, durably, before it asks anything of them", () => {
    const schedule = {
      algorithm: { kind: "gd" as const },
      workers: [{ workers: 5 }, { fromRound: 6, workers: 9 }],
    };
    const state = stateOf({ storedRound: -1 }, schedule);
    const decided = nextStep(state, CALM);
    expect(decided).toMatchObject({ kind: "store", settled: true });
    if (decided.kind !== "store") throw new Error("unreachable");
    const { pending } = decided.elastic;
    expect(pending).toMatchObject({ phase: 1, workers: 9 });
    const stored = { ...state, elastic: decided.elastic };
    expect(nextStep(stored, CALM)).toEqual({ kind: "calibrate", membership: pending });
    // What was found out for others does not count.
    const others = { ...calibration, constants: sample.constants };
    expect(nextStep({ ...stored, calibration: others }, CALM)).toMatchObject({ kind: "calibrate" });
    const theirs = { ...others, membership: pending! };
    expect(nextStep({ ...stored, calibration: theirs }, CALM)).toEqual({ kind: "change membership" });
  });

  it("takes note of a request that can't be followed, once, and says why", () => {
    const scaleRequest = { request: 3, workers: 2000, participants: null, now: false };
    const state = stateOf();
    const step = nextStep(state, { ...CALM, scaleRequest });
    expect(step).toMatchObject({
      kind: "store",
      refused: expect.stringMatching(/expected at most 1000/),
      elastic: { ...state.elastic, lastRequest: 3 },
    });
    if (step.kind !== "store") throw new Error("unreachable");
    expect(nextStep({ ...state, elastic: step.elastic }, { ...CALM, scaleRequest })).toEqual({
      kind: "round",
    });
  });

  it("stores a checkpoint once a round, by rounds or by seconds, and not at the round that the term began with", () => {
    const due = (change: Partial<RunState>, spec: Partial<RunSpecInput>, now = CALM) =>
      nextStep(stateOf({ storedRound: -1, ...change }, spec), now);
    const waits = { kind: "store", settled: false };
    expect(due({}, { checkpointEvery: 7 })).toMatchObject(waits);
    expect(due({ storedRound: 7 }, { checkpointEvery: 7 })).toEqual({ kind: "round" });
    expect(due({}, { checkpointEvery: 4 })).toEqual({ kind: "round" });
    expect(due({ firstRound: 7 }, { checkpointEvery: 7 })).toEqual({ kind: "round" });
    expect(due({}, { checkpointEvery: 1, durability: "strict" })).toMatchObject({ settled: true });
    const everySecond = { checkpointEvery: { seconds: 1 } };
    expect(due({ storedAt: 999_000 }, everySecond)).toMatchObject(waits);
    expect(due({ storedAt: 999_001 }, everySecond)).toEqual({ kind: "round" });
  });
});
