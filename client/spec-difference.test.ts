import { expect, it } from "vitest";
import { specDifference } from "./spec-difference.ts";

it("names the fields that differ, as --set takes them, and those that one spec alone has", () => {
  const first = {
    name: "a",
    seed: 1,
    algorithm: { kind: "marina", compressor: { kind: "rand-k", k: 5 }, stepSize: "theory" },
    workers: [{ workers: 5 }, { fromRound: 9, workers: 50 }],
  };
  const second = {
    name: "a",
    seed: 2,
    algorithm: { kind: "marina", compressor: { kind: "natural" }, stepSize: { times: 4 } },
    workers: [{ workers: 5 }, { fromRound: 10, workers: 50 }],
    wire: "float64",
  };
  expect(specDifference(first, second)).toEqual([
    { field: "seed", values: [1, 2] },
    { field: "algorithm.compressor.kind", values: ["rand-k", "natural"] },
    { field: "algorithm.compressor.k", values: [5, undefined] },
    { field: "algorithm.stepSize", values: ["theory", undefined] },
    { field: "workers", values: [first.workers, second.workers] },
    { field: "algorithm.stepSize.times", values: [undefined, 4] },
    { field: "wire", values: [undefined, "float64"] },
  ]);
  expect(specDifference(first, structuredClone(first))).toEqual([]);
});
