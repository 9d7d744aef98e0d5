import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DEFAULT_CONFIGURATION } from "../embedded/service/configuration.ts";
import { parseRunSpec } from "../shared/protocol/spec/spec.ts";
import type { Axes, CellResult } from "./cell.ts";
import { bestOf, chosenOf, type FinishedCell, type Group, groupsOf, paretoFront } from "./summary.ts";
import { checkMeasure, MEASURES, type Measure } from "./sweep-spec.ts";

const spec = parseRunSpec(
  {
    data: "mushrooms",
    workers: 5,
    problem: { kind: "logistic" },
    algorithm: { kind: "gd" },
    stop: { rounds: 9, relativeGradientNormSquared: 0.1 },
  },
  "test",
);

const figures: CellResult = {
  version: 3,
  digest: "d",
  status: "done",
  stoppedBy: "relativeGradientNormSquared",
  error: null,
  reached: true,
  rounds: 1,
  loss: 0.1,
  startLoss: 0.3,
  relativeGradientNormSquared: 0.01,
  uplinkBitsPerWorker: 1,
  uplinkBytesMeasured: 1,
  downlinkBytesMeasured: 1,
  seconds: 1,
  usd: 1,
  functionsUsd: 1,
  queuesUsd: 0,
  objectsUsd: 0,
  evaluationUsd: 0,
  stepSize: 1,
  probability: 1,
  resentTasks: 0,
  iterateSha256: "",
  phases: [],
  wallSeconds: 0,
};

function finished(
  axes: Axes,
  result: Partial<CellResult>,
  seed = 1,
  label: string | null = null,
): FinishedCell {
  const cell = {
    digest: "d",
    label,
    axes,
    point: axes,
    spec: { ...spec, seed },
    configuration: DEFAULT_CONFIGURATION,
  };
  return { cell, result: { ...figures, ...result } };
}

const byUsdAndSeconds = (usd: number, seconds: number): Group =>
  groupsOf([finished({ usd, seconds }, { usd, seconds })])[0]!;

describe("a sweep's summary", () => {
  it("puts cells together that differ in the seed only, and counts who arrived", () => {
    const groups = groupsOf([
      finished({ k: 1 }, { rounds: 10 }, 1),
      finished({ k: 2 }, { rounds: 5 }, 1),
      finished({ k: 1 }, { rounds: 30 }, 2),
      finished({ k: 1 }, { rounds: 20 }, 3),
      finished({ k: 2 }, { reached: false, status: "diverged" }, 2),
    ]);
    expect(groups.map(({ axes, seeds, reached, diverged }) => [axes["k"], seeds, reached, diverged])).toEqual(
      [
        [1, 3, 3, 0],
        [2, 2, 1, 1],
      ],
    );
    expect(groups[0]!.figures.rounds).toEqual({ lower: 15, median: 20, upper: 25 });
  });

  it("takes a run that did not arrive for infinitely dear, and the median for infinite when half of them did not", () => {
    const [group] = groupsOf([finished({}, { usd: 1 }), finished({}, { usd: 2, reached: false }, 2)]);
    expect(group!.figures.usd.median).toBe(Infinity);
    expect(group!.figures.relativeGradientNormSquared.median).toBe(0.01);
  });

  it("has on the front exactly those that no other beats", () => {
    const value = fc.integer({ min: 0, max: 6 });
    fc.assert(
      fc.property(fc.array(fc.tuple(value, value), { minLength: 1, maxLength: 12 }), (points) => {
        const groups = points.map(([usd, seconds]) => byUsdAndSeconds(usd, seconds));
        const beaten = (a: Group): boolean =>
          points.some(
            ([usd, seconds]) =>
              usd <= a.figures.usd.median &&
              seconds <= a.figures.seconds.median &&
              (usd < a.figures.usd.median || seconds < a.figures.seconds.median),
          );
        const front = paretoFront(groups, "usd", "seconds");
        expect(new Set(front)).toEqual(new Set(groups.filter((group) => !beaten(group))));
      }),
    );
  });

  const choice = { over: ["step"], by: "usd", progressWithin: 0.1 } as const;

  it("chooses the least over the named fields, for each setting of the others", () => {
    const groups = groupsOf([
      finished({ n: 5, step: 1 }, { usd: 3 }),
      finished({ n: 5, step: 2 }, { usd: 2 }),
      finished({ n: 9, step: 1 }, { usd: 4 }),
      finished({ n: 9, step: 2 }, { usd: 1, reached: false }),
    ]);
    const best = bestOf(groups, choice);
    expect(best.map(({ axes }) => axes)).toEqual([
      { n: 5, step: 2 },
      { n: 9, step: 1 },
    ]);
  });

  it("does not take a run for the best that ended on a plateau of the loss", () => {
    const groups = groupsOf([
      finished({ step: 1 }, { usd: 3, loss: 0.02 }, 1, "a"),
      finished({ step: 64 }, { usd: 1, loss: 0.3 }, 1, "a"),
      finished({ step: 64 }, { usd: 1, loss: 0.3 }, 1, "b"),
    ]);
    expect(bestOf(groups, choice).map(({ label, axes }) => [label, axes["step"]])).toEqual([["a", 1]]);
  });

  it("compares how far the loss came down on one data set only, wherever the data is named", () => {
    const groups = groupsOf([
      finished({ data: "a", step: 1 }, { usd: 3, loss: 0.02 }, 1, "gd"),
      finished({ data: "b", step: 1 }, { usd: 3, loss: 0.28 }, 1, "gd"),
      finished({ data: "b", step: 2 }, { usd: 2, loss: 0.29 }, 1, "gd"),
    ]);
    // From 0.3, as above: 0.29 is half of the way on b.
    const named = bestOf(groups, choice).map(({ axes }) => [axes["data"], axes["step"]]);
    expect(named).toEqual([
      ["a", 1],
      ["b", 1],
    ]);
  });

  it("ranks by how runs end as well: by the loss, or by what is predicted wrong on held-out data", () => {
    const seen = (correct: number | null, loss: number | null) => ({ heldOut: { rows: 200, loss, correct } });
    const groups = groupsOf([
      finished({ step: 1 }, { loss: 0.2, ...seen(180, 0.5) }),
      finished({ step: 2 }, { loss: 0.1, ...seen(150, 0.7) }),
      finished({ step: 3 }, { loss: 0.05, status: "diverged", ...seen(199, 0.1) }),
      finished({ step: 4 }, { loss: 0.3, ...seen(null, null) }),
      finished({ step: 5 }, { loss: null }),
    ]);
    expect(groups.map(({ figures }) => figures.heldOutError.median)).toEqual([
      ...[20 / 200, 50 / 200].map((share) => expect.closeTo(share, 12)),
      ...[Infinity, Infinity, Infinity],
    ]);
    const best = (by: Measure) => bestOf(groups, { ...choice, by, progressWithin: 1 })[0]!.axes["step"];
    expect((["loss", "heldOutLoss", "heldOutError"] as const).map(best)).toEqual([2, 1, 1]);
  });

  it("refuses to rank by what the spec does not look at", () => {
    const looking = (metrics?: readonly ("loss" | "accuracy")[]) =>
      parseRunSpec(
        { ...spec, heldOut: { data: "m", ...(metrics === undefined ? {} : { metrics }) } },
        "test",
      );
    expect(() => checkMeasure("heldOutError", spec)).toThrow(
      /^heldOutError ranks runs by the accuracy on held-out data, and the spec has no held-out data: set "heldOut"/,
    );
    expect(() => checkMeasure("heldOutError", looking(["loss"]))).toThrow(/has only the loss of it/);
    for (const measure of MEASURES) expect(() => checkMeasure(measure, looking())).not.toThrow();
    expect(() => checkMeasure("loss", spec)).not.toThrow();
  });

  it("keeps a plateau out however little the loss can come down", () => {
    // From 0.3: 0.28 is the best that there is, 0.2815 is within a tenth of the way, 0.283 is not.
    const groups = groupsOf([
      finished({ step: 1 }, { usd: 3, loss: 0.28 }),
      finished({ step: 2 }, { usd: 2, loss: 0.2815 }),
      finished({ step: 4 }, { usd: 1, loss: 0.283 }),
    ]);
    expect(bestOf(groups, choice).map(({ axes }) => axes["step"])).toEqual([2]);
    expect(bestOf(groups, choice, 3).map(({ axes }) => axes["step"])).toEqual([2, 1]);
  });

  it("goes by the runs that confirm a choice, where there are such", () => {
    const confirm = (axes: Axes, usd: number): FinishedCell => {
      const one = finished(axes, { usd }, 2);
      return { ...one, cell: { ...one.cell, confirms: true } };
    };
    const searched = [finished({ step: 1 }, { usd: 2 }), finished({ step: 2 }, { usd: 1 })];
    // The winner of the search was lucky.
    const groups = groupsOf([...searched, confirm({ step: 1 }, 2), confirm({ step: 2 }, 5)]);
    expect(chosenOf(groupsOf(searched), choice).map(({ axes }) => axes["step"])).toEqual([2]);
    expect(chosenOf(groups, choice).map(({ axes, confirms }) => [axes["step"], confirms])).toEqual([
      [1, true],
    ]);
  });
});
