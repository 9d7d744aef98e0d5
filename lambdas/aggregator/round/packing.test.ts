import { describe, expect, it } from "vitest";
import { parseRunSpec } from "../../../shared/protocol/spec/spec.ts";
import { shardsPerTaskOf } from "./packing.ts";

/** b for so many workers over 10,000 rows of 100 entries each, in R^d. */
function packed(workers: number, dimension: number): number {
  const spec = parseRunSpec(
    {
      data: "d",
      workers,
      problem: { kind: "nonconvex-binary" },
      algorithm: { kind: "gd" },
      stop: { rounds: 1 },
      shardsPerTask: "auto",
    },
    "test",
  );
  return shardsPerTaskOf(
    spec,
    workers,
    { rows: 10_000, nonZeros: 1_000_000 },
    {
      parameters: { dimension } as never,
      work: (rows, nonZeros) => ({ rows, nonZeros, flop: 0, entries: 0 }),
    },
  );
}

describe('packing "auto"', () => {
  it("makes tasks of some 15 ms, or of all workers where those take less", () => {
    // (10,000 x 16 ns + 1e6 x 4.64 ns) / 100 = 48 us a worker: all in one task.
    expect(packed(100, 112)).toBe(100);
    expect(packed(10, 112)).toBe(10);
  });

  it("counts what a worker's vectors take, so that tasks of large vectors are not made longer", () => {
    // Nine passes of 1.76 ns: 1.6 ms at d = 1e5, 15.8 ms at d = 1e6.
    expect(packed(100, 1e5)).toBe(9);
    for (const n of [10, 100, 300]) expect(packed(n, 1e6)).toBe(1);
  });

  it("sends no more than 300 tasks a round", () => {
    expect(packed(1000, 1e6)).toBe(4);
  });
});
