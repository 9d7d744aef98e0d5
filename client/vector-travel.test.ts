/** By the formulas of the decisions on the downlink (0028) and on reducers (0034). */
import { describe, expect, it } from "vitest";
import { dataForm } from "../shared/data/data-form.ts";
import { openProblem } from "../shared/problems/registry.ts";
import { parseRunSpec, type RunSpecInput } from "../shared/protocol/spec/spec.ts";
import { manifestNamed } from "../sweep/testing/manifest.ts";
import { travelText, vectorTravel } from "./vector-travel.ts";

const NETWORK = 78.125e6;

function travelOf(
  dimension: number,
  workers: number,
  algorithm: RunSpecInput["algorithm"],
  change: Partial<RunSpecInput> = {},
) {
  const manifest = { ...manifestNamed("wide"), featureCount: dimension };
  const problem = { kind: "nonconvex-binary" } as const;
  const stop = { rounds: 5 };
  const spec = parseRunSpec({ data: "wide", workers, problem, algorithm, stop, ...change }, "a test");
  return vectorTravel(spec, manifest, openProblem(problem, dataForm(manifest)));
}

const natural = { kind: "marina", compressor: { kind: "natural" } } as const;
const marina = { kind: "marina", compressor: { kind: "rand-k", k: 1000 } } as const;

describe("where vectors go", () => {
  it("of few messages: iterates as the messages of which they are made, dense ones to the aggregator", () => {
    const { iterates, rounds } = travelOf(1e5, 5, marina);
    expect(iterates).toBe("deltas");
    const [compressed, dense] = rounds;
    // 1,000 float32 of each of five workers, up; all of that to each of them, down.
    expect(compressed).toMatchObject({ sort: "compressed", upBytes: 5 * 4000, downBytes: 5 * 5 * 4000 });
    expect(compressed!.addingSeconds).toBeCloseTo((5 * 4000) / NETWORK, 12);
    expect(dense).toMatchObject({ sort: "dense", upBytes: 5 * 4e5, reducers: 0 });
    expect(dense!.addingSeconds).toBeCloseTo((5 * 4e5) / NETWORK, 12);
  });

  it("of many: iterates as objects, dense messages to reducers, S = sqrt(w d R / B) of them", () => {
    const { iterates, rounds } = travelOf(1e6, 200, { kind: "gd" });
    expect(iterates).toBe("objects");
    const reducers = Math.ceil(Math.sqrt((4e6 * 5500) / NETWORK));
    expect(rounds).toHaveLength(1);
    expect(rounds[0]).toMatchObject({ sort: "dense", upBytes: 200 * 4e6, downBytes: 201 * 8e6, reducers });
    expect(rounds[0]!.iterateSeconds).toBeCloseTo(16e6 / NETWORK, 12);
    const reading = Math.max((200 * reducers) / 5500, (200 * 4e6) / reducers / NETWORK);
    expect(rounds[0]!.addingSeconds).toBeCloseTo(reading + 8e6 / NETWORK, 12);
  });

  it("of iterates in float32: half of their bytes, as objects and in tasks; the reducers' sums stay float64", () => {
    const whole = travelOf(1e6, 200, { kind: "gd" });
    const half = travelOf(1e6, 200, { kind: "gd" }, { iterate: "float32" });
    expect(half.iterates).toBe("objects");
    expect(half.rounds[0]).toEqual({
      ...whole.rounds[0],
      downBytes: whole.rounds[0]!.downBytes / 2,
      iterateSeconds: whole.rounds[0]!.iterateSeconds / 2,
    });
    const told = (travel: typeof half) => travelText(travel, 0.001)!.split(";")[0];
    expect(told(half)).toBe("vectors: iterates in float32 travel as objects");
    expect(told(whole)).toBe("vectors: iterates travel as objects");
    // Two points of 3,100 entries: 66,134 bytes in base64, or half of that.
    const ways = (["float64", "float32"] as const).map((iterate) => travelOf(3100, 5, natural, { iterate }));
    expect(ways.map(({ iterates }) => iterates)).toEqual(["objects", "tasks"]);
    expect(ways[1]!.rounds[0]!.downBytes).toBe(5 * 2 * 4 * 3100);
  });

  it("of a robust rule: messages one by one to the aggregator, whatever there is of them", () => {
    const aggregation = { kind: "centered-clip", tolerate: 0.2 } as const;
    const robust = { ...marina, stepSize: 0.1, aggregation } as const;
    const { iterates, rounds } = travelOf(1e6, 200, robust);
    expect(iterates).toBe("objects");
    expect(rounds.map(({ reducers }) => reducers)).toEqual([0, 0]);
  });

  it("is told in one line, with what takes longest; nothing is told of small ones", () => {
    expect(travelText(travelOf(112, 5, { kind: "gd" }), 0.001)).toBeUndefined();
    const text = travelText(travelOf(1e6, 200, { kind: "gd" }), 0.001);
    expect(text).toMatch(
      /^vectors: iterates travel as objects; a dense round: 800(\.0)? MB up, added by 17 reducers, /,
    );
    expect(text).toMatch(/most of its time: adding the messages by 17 reducers, about /);
    expect(travelText(travelOf(1e6, 200, { kind: "gd" }), 60)).toMatch(/most of its time: gradients, about/);
  });
});
