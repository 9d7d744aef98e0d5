/** What is estimated near x^0, against quadratics and a curved problem whose constants are known. */
import { describe, expect, it } from "vitest";
import { quadraticConstants, quadraticObjective, tridiagonalQuadratics } from "../problems/quadratic.ts";
import { type Probe, startProbe, withGradients } from "./probe.ts";

const quadratics = tridiagonalQuadratics(4, 6);
const exact = quadraticConstants(quadratics);
const objectives = quadratics.map(quadraticObjective);

function run(x0: Float64Array, gradient: (i: number, x: Float64Array) => Float64Array, n: number): Probe {
  let probe = startProbe(x0);
  while (probe.next !== undefined) {
    const x = probe.next;
    probe = withGradients(
      probe,
      Array.from({ length: n }, (_, i) => gradient(i, x)),
    );
  }
  return probe;
}

const local = (i: number, x: Float64Array) => {
  const out = new Float64Array(x.length);
  objectives[i]!.gradient(x, out);
  return out;
};

describe("gradients near x^0", () => {
  const { estimates, points } = run(Float64Array.of(1, -1, 2, 0, 0.5, 3), local, 4);

  it("are asked for at x^0 and eight other points", () => {
    expect(points).toBe(9);
  });

  it("give no more than the true constants, and most of them", () => {
    for (const [i, Li] of estimates.Li.entries()) {
      expect(Li).toBeLessThanOrEqual(exact.Li[i]! * (1 + 1e-9));
      expect(Li).toBeGreaterThan(0.8 * exact.Li[i]!);
    }
    expect(estimates.Lf).toBeLessThanOrEqual(exact.Lf * (1 + 1e-9));
    expect(estimates.Lf).toBeGreaterThan(0.9 * exact.Lf);
    expect(estimates.Lpm).toBeLessThanOrEqual(exact.Lpm * (1 + 1e-9));
    expect(estimates.Lpm).toBeGreaterThan(0.3 * exact.Lpm);
  });

  it("of one worker alone have no variance, and where the gradient is zero a direction is found nonetheless", () => {
    const own = run(
      exact.minimizer,
      (_i, x) => {
        const sum = new Float64Array(6);
        for (let i = 0; i < 4; i++)
          local(i, x).forEach((value, j) => {
            sum[j] = sum[j]! + value / 4;
          });
        return sum;
      },
      1,
    );
    expect(own.estimates.Lf).toBeGreaterThan(0.85 * exact.Lf);
    expect(own.estimates.Lf).toBe(own.estimates.Li[0]);
    expect(own.estimates.Lpm).toBeLessThan(1e-5);
  });
});
