import { describe, expect, it } from "vitest";
import type { Shard } from "../problem.ts";
import { shardSpectrum } from "./spectrum.ts";
import { symmetricEigenvalues } from "./symmetric-eigenvalues.ts";

/** Rows of [coordinate, value] pairs; the shard lies behind other rows, as in a stored group. */
function shardOf(dimension: number, rows: readonly (readonly (readonly [number, number])[])[]): Shard {
  let offset = 7;
  return {
    features: dimension,
    rows: rows.length,
    labels: new Float64Array(rows.length).fill(1),
    offsets: Uint32Array.from([7, ...rows.map((row) => (offset += row.length))]),
    indices: Uint32Array.from(rows.flat(), ([j]) => j),
    values: Float64Array.from(rows.flat(), ([, value]) => value),
  };
}

/** lambda_max(A A^T) by Jacobi's method on the matrix written out. */
function largestByJacobi(rows: readonly (readonly (readonly [number, number])[])[]): number {
  const m = rows.length;
  const products = Float64Array.from({ length: m * m }, (_, at) => {
    const [a, b] = [rows[Math.floor(at / m)]!, new Map(rows[at % m]!)];
    return a.reduce((sum, [j, value]) => sum + value * (b.get(j) ?? 0), 0);
  });
  return symmetricEigenvalues(products, m)[m - 1]!;
}

describe("a shard with fewer entries than coordinates", () => {
  const rows = [
    [
      [0, 2],
      [500_000, 1],
      [999_999, -1],
    ],
    [[7, 3]],
    [],
    [
      [7, 0.5],
      [500_000, -2],
    ],
  ] as const;

  it("has the largest eigenvalue of A A^T, found by another method", () => {
    const { gramEigenvalue, nonZeros } = shardSpectrum(shardOf(1_000_000, rows));
    expect(nonZeros).toBe(6);
    const expected = largestByJacobi(rows);
    expect(Math.abs(gramEigenvalue - expected)).toBeLessThan(1e-9 * expected);
  });

  it("has the same one as in as many coordinates as it has entries", () => {
    const columns = [0, 7, 500_000, 999_999];
    const narrow = rows.map((row) => row.map(([j, value]) => [columns.indexOf(j), value] as const));
    const wide = shardSpectrum(shardOf(1_000_000, rows)).gramEigenvalue;
    const dense = shardSpectrum(shardOf(4, narrow)).gramEigenvalue;
    expect(Math.abs(wide - dense)).toBeLessThan(1e-9 * dense);
  });

  it("is zero without entries, and without rows", () => {
    expect(shardSpectrum(shardOf(1000, [[], []])).gramEigenvalue).toBe(0);
    expect(shardSpectrum(shardOf(1000, [])).gramEigenvalue).toBe(0);
  });
});
