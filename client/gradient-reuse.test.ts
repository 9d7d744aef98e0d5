/** By the formula of decision 0041. */
import { describe, expect, it } from "vitest";
import { dataForm } from "../shared/data/data-form.ts";
import { openProblem } from "../shared/problems/registry.ts";
import { parseRunSpec, type RunSpecInput } from "../shared/protocol/spec/spec.ts";
import { manifestNamed } from "../sweep/testing/manifest.ts";
import { reuseText } from "./gradient-reuse.ts";

const problem = { kind: "nonconvex-binary" } as const;
const stop = { rounds: 5 };
const marina = { kind: "marina", compressor: { kind: "rand-k", k: 10 } } as const;

/** @param nonZeros of all rows: 4.64 ns each, 16 ns a row. */
function textOf(nonZeros: number, change: Partial<RunSpecInput> = {}): string | undefined {
  const manifest = { ...manifestNamed("wide"), featureCount: 1000, rows: 1_000_000, nonZeros };
  const spec = parseRunSpec(
    { data: "wide", workers: 10, problem, algorithm: marina, stop, ...change },
    "a test",
  );
  return reuseText(spec, manifest, openProblem(problem, dataForm(manifest)));
}

const second = (1769 / 1024) * 0.0000133334;
const keeping = 5.4e-6 + (0.072 + 16_000 / 78.125e6 + 6000 * 1.76e-9) * second;
const computing = (nonZeros: number) => 0.9 * ((nonZeros * 4.64e-9 + 1e6 * 16e-9) / 10) * second;
const usd = (each: number) => `$${(1000 * 10 * each).toFixed(4)}`;

describe("what becomes of gradients", () => {
  it("is not told where they are cheap to compute again, and of methods that need none twice", () => {
    expect(textOf(1e7)).toBeUndefined();
    expect(textOf(1e7, { reuse: "environment" })).toBeUndefined();
    expect(textOf(1e10, { algorithm: { kind: "gd" } })).toBeUndefined();
  });

  it("is told with both prices where they are kept, or where keeping them would be cheaper", () => {
    const compared = `${usd(keeping)} per 1,000 compressed rounds, computing them again ${usd(computing(1e9))}`;
    expect(textOf(1e9)).toBe(
      `gradients: kept in the store for the next round, 8.00 kB each, a put and a get: ${compared}`,
    );
    expect(textOf(1e9, { reuse: "store" })).toBe(textOf(1e9));
    expect(textOf(1e9, { reuse: "environment" })).toBe(
      `gradients: computed again where no environment holds them; kept in the store ("reuse": "store"): ${compared}`,
    );
    expect(textOf(1e7, { reuse: "store" })).toContain(
      `computing them again $${(1e4 * computing(1e7)).toPrecision(3)}`,
    );
  });

  it("is of the workers that a round asks", () => {
    const algorithm = { ...marina, kind: "pp-marina", participants: 5 } as const;
    expect(textOf(1e9, { algorithm })).toContain(`$${(1000 * 5 * keeping).toFixed(4)} per`);
  });
});
