/** Steps of other theorems, and of estimates, through the whole service: what they are made of and what is told of them. */
import { describe, expect, it } from "vitest";
import { createRun } from "../../client/launch.ts";
import { stepTexts } from "../../client/text/step-text.ts";
import { loadShipped } from "../../shared/data/testing/load.ts";
import { largestEigenvalue } from "../../shared/math/power-iteration.ts";
import { applyGram } from "../../shared/problems/linear/spectrum.ts";
import type { ProblemSpec } from "../../shared/problems/registry.ts";
import { parseRunSpec, type RunSpecInput } from "../../shared/protocol/spec/spec.ts";
import { DATA, runToEnd, serviceWith } from "../fixtures/service.ts";

const randK = { kind: "rand-k", k: 10 } as const;
const logistic = { kind: "logistic", regularizer: { kind: "l2", lambda: 0.01 } } as const;
/** f_* of logistic regression with l2 0.01 on mushrooms. */
const MINIMUM = 0.1490389922;

function specOf(
  algorithm: RunSpecInput["algorithm"],
  problem: ProblemSpec,
  change: Partial<RunSpecInput> = {},
): RunSpecInput {
  return {
    ...{ data: DATA, workers: 5, remainder: "drop", problem, algorithm, stop: { rounds: 30 } },
    ...change,
  };
}

describe('"measured"', () => {
  const nonconvex = { kind: "nonconvex-binary" } as const;
  const spec = specOf(
    { kind: "pp-marina", compressor: randK, participants: 2, stepSize: "measured" },
    nonconvex,
  );

  it("takes estimates near x^0, says so, and has the bits of a run with its step size as a number", async () => {
    const service = await serviceWith();
    const result = await runToEnd(service, "r", spec);
    const { constants } = result;
    expect(constants.measured).toBe(true);
    expect(stepTexts(result.spec!, constants).join()).toMatch(
      /no guarantee: constants estimated near x\^0, in the formula of Theorem 4\.1/,
    );
    expect(constants).not.toHaveProperty("cL");
    // L_i of the loss's largest curvature is 1.891852751; at x^0 = 0 it is 0.125 in the place of 0.154.
    expect(constants.L).toBeLessThan(1.891852751 * (0.125 / 0.15405857) * (1 + 1e-6));
    expect(constants.L).toBeGreaterThan(1);
    expect(constants.Lpm!).toBeLessThan(constants.L!);
    const p = (10 / 112) * (2 / 5);
    const expected = 1 / (constants.L! * (1 + Math.sqrt(((1 - p) * 11.2) / (p * 2))));
    expect(constants.stepSize / expected).toBeCloseTo(1, 12);
    const { algorithm } = spec;
    const number = { ...spec, algorithm: { ...algorithm, stepSize: constants.stepSize } as typeof algorithm };
    expect((await runToEnd(service, "number", number)).iterateSha256).toBe(result.iterateSha256);
    // Neither spectra nor probing points are left behind.
    const { objects } = service.cloud.client;
    expect((await objects.list("")).filter((key) => key.includes("probe"))).toEqual([]);
  });

  it("is found out anew for every membership of an elastic run", async () => {
    const result = await runToEnd(
      await serviceWith(),
      "r",
      specOf({ kind: "marina", compressor: randK, stepSize: "measured" }, nonconvex, {
        remainder: "spread",
        workers: [{ workers: 5 }, { fromRound: 4, workers: 8, denseRound: "force" }],
      }),
    );
    expect(result).toMatchObject({ status: "done" });
    const [first, second] = result.phases.map(({ stepSize }) => stepSize);
    expect(result.phases).toHaveLength(2);
    expect(first).not.toBe(second);
  });
});

describe('"pl"', () => {
  it.each<[string, RunSpecInput["algorithm"]]>([
    ["GD", { kind: "gd", stepSize: "pl" }],
    ["MARINA", { kind: "marina", compressor: randK, stepSize: "pl" }],
    ["DASHA", { kind: "dasha", compressor: randK, shift: "carried", stepSize: "pl" }],
    ["EF21", { kind: "ef21", compressor: { kind: "top-k", k: 10 }, shift: "carried", stepSize: "pl" }],
  ])(
    "%s on logistic regression keeps f(x^T) - f_* <= (1 - gamma mu)^T (f(x^0) - f_*)",
    async (_name, algorithm) => {
      const stop = { rounds: 150, relativeGradientNormSquared: 1e-12 };
      const result = await runToEnd(
        await serviceWith(),
        "r",
        specOf(algorithm, logistic, { stop, evaluateEvery: 50 }),
      );
      const { mu, stepSize, guaranteedRounds, Lf } = result.constants;
      expect(mu).toBe(0.01);
      const bound = (1 - stepSize * 0.01) ** 150 * (Math.LN2 - MINIMUM);
      expect(result.loss! - MINIMUM).toBeLessThanOrEqual(bound);
      expect(result.loss! - MINIMUM).toBeGreaterThan(0);
      // |grad f(0)|^2 = 0.3196052819, f(0) = ln 2
      const target = 1e-12 * 0.3196052819;
      const L = Lf ?? result.constants.L!;
      expect(
        guaranteedRounds! / Math.ceil(Math.log((2 * L * Math.LN2) / target) / (stepSize * 0.01)),
      ).toBeCloseTo(1, 4);
    },
  );

  it("DIANA on logistic regression keeps f(x^T) - f_* <= (1 - gamma mu)^T Psi^0, shifts and all, and promises rounds from there", async () => {
    const stop = { rounds: 150, relativeGradientNormSquared: 1e-12 };
    const algorithm = { kind: "diana", compressor: randK, shift: "carried", stepSize: "pl" } as const;
    const result = await runToEnd(
      await serviceWith(),
      "r",
      specOf(algorithm, logistic, { stop, evaluateEvery: 50 }),
    );
    const { mu, stepSize, guaranteedRounds, Lf, Lmax, omega } = result.constants;
    expect(mu).toBe(0.01);
    const c = (4 * Lf! * stepSize * stepSize * omega! * (1 + omega!)) / 5;
    const begun = Math.LN2 * (1 + 2 * c * Lmax!);
    expect(result.loss! - MINIMUM).toBeLessThanOrEqual((1 - stepSize * 0.01) ** 150 * begun);
    const target = 1e-12 * 0.3196052819;
    expect(
      guaranteedRounds! / Math.ceil(Math.log((2 * Lf! * begun) / target) / (stepSize * 0.01)),
    ).toBeCloseTo(1, 4);
  });

  it("has mu of ridge regression from the Hessian of f, and of a user as it is given", async () => {
    const ridge = { kind: "least-squares", regularizer: { kind: "l2", lambda: 0.01 } } as const;
    const service = await serviceWith();
    const stop = { rounds: 2 };
    const exact = await runToEnd(service, "r", specOf({ kind: "gd", stepSize: "pl" }, ridge, { stop }));
    // Columns of one-hot features add up to one another: the Gram matrix is singular, so mu is lambda.
    expect(exact.constants.mu).toBeCloseTo(0.01, 10);
    const given = await runToEnd(
      service,
      "g",
      specOf({ kind: "gd", stepSize: { mu: 0.5 } }, ridge, { stop }),
    );
    expect(given.constants.mu).toBe(0.5);
    expect(given.constants.stepSize).toBe(exact.constants.stepSize);
  });

  it("is refused before a run is stored where the problem gives no mu", async () => {
    const service = await serviceWith();
    const spec = parseRunSpec(specOf({ kind: "gd", stepSize: "pl" }, { kind: "nonconvex-binary" }), "test");
    await expect(createRun(service.cloud.client.objects, spec)).rejects.toThrow(
      /algorithm\.stepSize: "pl" needs mu .* nonconvex-binary gives none.*\{ "mu": 0\.01 \}/,
    );
  });
});

describe('"explicit"', () => {
  it("has L_pm of least squares with PermK: the power iteration on mean H_i^2 - Hbar^2 finds the same", async () => {
    const spec = specOf(
      { kind: "marina", compressor: { kind: "perm-k" }, stepSize: "explicit" },
      { kind: "least-squares", regularizer: { kind: "l2", lambda: 0.1 } },
      { stop: { rounds: 2 } },
    );
    const { constants } = await runToEnd(await serviceWith(), "r", spec);
    const { shards, features: dimension, rows } = await loadShipped("mushrooms", 5, "drop");
    const times = (i: number, v: Float64Array): Float64Array => {
      const out = new Float64Array(dimension);
      applyGram(shards[i]!, v, out);
      return out.map((entry) => (5 / rows) * entry);
    };
    const variance = largestEigenvalue(dimension, (v, out) => {
      out.fill(0);
      const each = shards.map((_, i) => times(i, v));
      const mean = v.map((_, j) => each.reduce((sum, h) => sum + h[j]! / 5, 0));
      for (let i = 0; i < 5; i++) {
        const square = times(i, each[i]!);
        const cross = times(i, mean);
        for (let j = 0; j < dimension; j++) out[j] = out[j]! + (square[j]! - cross[j]!) / 5;
      }
    });
    expect(constants.Lpm! / Math.sqrt(variance)).toBeCloseTo(1, 8);
    expect(constants.Lpm!).toBeLessThan(constants.L! / 2);
    expect(constants.stepSize * (constants.Lf! + 2 * constants.Lpm!)).toBeCloseTo(1, 12);
  });
});
