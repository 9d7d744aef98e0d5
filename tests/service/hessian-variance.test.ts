/** L_pm as seen on the way: against gradients worked out anew, under the exact constant, and of no cost to the method. */
import { describe, expect, it } from "vitest";
import { loadShipped } from "../../shared/data/testing/load.ts";
import { parseRunSpec, type RunSpecInput } from "../../shared/protocol/spec/spec.ts";
import { DATA, recordsOf, requestStop, resume, runToEnd, serviceWith } from "../fixtures/service.ts";

const problem = { kind: "least-squares", regularizer: { kind: "l2", lambda: 0.01 } } as const;
const permK = { kind: "marina", compressor: { kind: "perm-k" }, stepSize: "explicit" } as const;

function specOf(algorithm: RunSpecInput["algorithm"], change: Partial<RunSpecInput> = {}): RunSpecInput {
  return {
    ...{ data: DATA, workers: 5, problem, algorithm, stop: { rounds: 30 }, evaluateEvery: 10 },
    hessianVariance: { every: 3 },
    ...change,
  };
}

const measuredOf = async (service: Parameters<typeof recordsOf>[0], run: string) =>
  (await recordsOf(service, run)).map(({ measuredLpm }) => measuredLpm);

describe("the measured L_pm", () => {
  it("of least squares is never more than the exact one, nor far below it all the time", async () => {
    const service = await serviceWith();
    const { constants } = await runToEnd(service, "r", specOf(permK));
    const measured = (await measuredOf(service, "r")).filter((value) => value !== undefined);
    expect(measured).toHaveLength(9);
    for (const value of measured) {
      expect(value).toBeGreaterThan(0);
      expect(value).toBeLessThanOrEqual(constants.Lpm! * (1 + 1e-9));
    }
    expect(Math.max(...measured)).toBeGreaterThan(0.1 * constants.Lpm!);
  });

  it("of the first step is sqrt(mean |D_i|^2 - |Dbar|^2)/|dx| of the workers' gradients", async () => {
    const gamma = 0.2;
    const { objectives: make } = await loadShipped(DATA, 5, "spread");
    const objectives = make({ kind: "nonconvex-binary" });
    const gradients = (x: Float64Array) =>
      objectives.map((objective) => {
        const out = new Float64Array(x.length);
        objective.gradient(x, out);
        return out;
      });
    const zero = new Float64Array(objectives[0]!.dimension);
    const before = gradients(zero);
    const x = zero.map((_, j) => -gamma * (before.reduce((sum, g) => sum + g[j]!, 0) / 5));
    const after = gradients(x);
    const differences = after.map((g, i) => g.map((value, j) => value - before[i]![j]!));
    const squared = (v: ArrayLike<number>) => Array.from(v).reduce((sum, value) => sum + value * value, 0);
    const mean = zero.map((_, j) => differences.reduce((sum, d) => sum + d[j]!, 0) / 5);
    const variance = differences.reduce((sum, d) => sum + squared(d), 0) / 5 - squared(mean);
    const expected = Math.sqrt(variance) / Math.sqrt(squared(x));

    const service = await serviceWith();
    const spec = specOf(
      { kind: "marina", compressor: { kind: "perm-k" }, stepSize: gamma },
      { problem: { kind: "nonconvex-binary" }, wire: "float64", hessianVariance: { every: 1 } },
    );
    await runToEnd(service, "r", { ...spec, stop: { rounds: 2 } });
    const [first, second] = await measuredOf(service, "r");
    expect(first).toBeUndefined();
    expect(second! / expected).toBeCloseTo(1, 9);
  });

  it("costs the method nothing, changes no bit, and is the same after a stop and of packed tasks", async () => {
    const compressor = { kind: "rand-k", k: 10 } as const;
    const dasha = { kind: "dasha", compressor, shift: "carried", stepSize: 0.05 } as const;
    for (const algorithm of [{ ...permK, stepSize: 0.1 }, dasha] as const) {
      const { hessianVariance: _, ...plain } = specOf(algorithm);
      const unwatched = await runToEnd(await serviceWith({ latencies: "aws" }), "r", plain);
      const service = await serviceWith({ latencies: "aws" });
      const watched = await runToEnd(service, "r", specOf(algorithm));
      expect(watched.iterateSha256).toBe(unwatched.iterateSha256);
      // But for the bytes that its figures take in checkpoints.
      expect(watched.seconds / unwatched.seconds).toBeCloseTo(1, 4);
      expect(watched.usd / unwatched.usd).toBeCloseTo(1, 4);
      // Two gradients of each of five workers in nine rounds, 8 d bytes each and some more.
      const more = watched.evaluationBytesMeasured - unwatched.evaluationBytesMeasured;
      expect(more / (9 * 2 * 5 * 8 * 112)).toBeGreaterThan(1);
      const measured = await measuredOf(service, "r");
      expect(measured.filter((value) => value !== undefined)).toHaveLength(9);

      const interrupted = await serviceWith({ latencies: "aws" });
      const ending = runToEnd(interrupted, "r", specOf(algorithm));
      await interrupted.cloud.run(interrupted.cloud.clock.sleep(1500));
      await requestStop(interrupted, "r");
      expect((await ending).status).toBe("stopped");
      await resume(interrupted, "r");
      expect(await measuredOf(interrupted, "r")).toEqual(measured);

      const packed = await serviceWith();
      await runToEnd(packed, "r", specOf(algorithm, { shardsPerTask: 3 }));
      expect(await measuredOf(packed, "r")).toEqual(measured);
    }
  });

  it("is refused of methods that keep no x^{t-1}", () => {
    for (const kind of ["gd", "qgd", "diana", "ef21"] as const) {
      const compressor = kind === "ef21" ? { kind: "top-k", k: 3 } : { kind: "rand-k", k: 3 };
      const algorithm = { kind, stepSize: 0.1, ...(kind === "gd" ? {} : { compressor }) } as never;
      expect(() => parseRunSpec(specOf(algorithm), "spec")).toThrow(
        `hessianVariance: expected it to be left out: ${kind} keeps no x^{t-1}; the MARINA family and dasha do`,
      );
    }
  });
});
