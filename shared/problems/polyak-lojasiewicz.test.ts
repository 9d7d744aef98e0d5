/** mu and L_pm against Hessians of a problem small enough to write down, and the rule of where mu comes from. */
import { describe, expect, it } from "vitest";
import { hessianConstants, startHessianSums, withColumn } from "./linear/hessian-sums.ts";
import { knownMu } from "./polyak-lojasiewicz.ts";
import type { ProblemSpec } from "./registry.ts";

const l2 = { kind: "l2", lambda: 0.01 } as const;
const nonconvex = { kind: "nonconvex", lambda: 0.01 } as const;

describe("mu", () => {
  it.each<[ProblemSpec, number, ReturnType<typeof knownMu>["from"]]>([
    [{ kind: "least-squares" }, 300, "Hessian"],
    [{ kind: "least-squares", regularizer: l2 }, 300, "Hessian"],
    [{ kind: "least-squares", regularizer: l2 }, 301, "regulariser"],
    [{ kind: "least-squares" }, 301, "nowhere"],
    [{ kind: "least-squares", regularizer: nonconvex }, 10, "nowhere"],
    [{ kind: "logistic", regularizer: l2 }, 10_000, "regulariser"],
    [{ kind: "logistic" }, 10, "nowhere"],
    [{ kind: "logistic", regularizer: { kind: "l2", lambda: 0 } }, 10, "nowhere"],
    [{ kind: "nonconvex-binary", regularizer: l2 }, 10, "nowhere"],
  ])("%o in R^%d: from the %s", (problem, dimension, from) => {
    const known = knownMu(problem, dimension);
    expect(known.from).toBe(from);
    if (known.from === "regulariser") expect(known.mu).toBe(0.01);
    if (known.from === "nowhere")
      expect(known.why).toContain(problem.kind === "least-squares" && dimension > 300 ? "301" : problem.kind);
  });
});

describe("Hessians taken in column by column", () => {
  const of = (...hessians: number[][][]) => {
    const d = hessians[0]!.length;
    let sums = startHessianSums(d);
    for (let j = 0; j < d; j++) {
      sums = withColumn(
        sums,
        hessians.map((H) => Float64Array.from(H, (row) => row[j]!)),
      );
    }
    expect(sums.columns).toBe(d);
    return hessianConstants(sums);
  };

  it("diag(1, 4) and diag(3, 0): mean diag(2, 2), variances 1 and 4", () => {
    const { mu, Lpm } = of(
      [
        [1, 0],
        [0, 4],
      ],
      [
        [3, 0],
        [0, 0],
      ],
    );
    expect(mu).toBeCloseTo(2, 14);
    expect(Lpm).toBeCloseTo(2, 14);
  });

  it("equal Hessians have no variance; of a singular one mu is its smallest eigenvalue that is not zero", () => {
    const singular = [
      [2, 2],
      [2, 2],
    ];
    const { mu, Lpm } = of(singular, singular, singular);
    expect(mu).toBeCloseTo(4, 12);
    expect(Lpm).toBeLessThan(1e-7);
  });

  it("no curvature at all: mu is 0", () => {
    expect(
      of([
        [0, 0],
        [0, 0],
      ]),
    ).toEqual({ mu: 0, Lpm: 0 });
  });
});
