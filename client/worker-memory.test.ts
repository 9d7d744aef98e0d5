import { describe, expect, it } from "vitest";
import type { Manifest } from "../shared/data/manifest.ts";
import { parseRunSpec } from "../shared/protocol/spec/spec.ts";
import { checkWorkerMemory } from "./worker-memory.ts";

function manifestOf(bytes: number): Manifest {
  return {
    version: 1,
    name: "large",
    source: { fileName: "large.txt", bytes: 1, sha256: "0".repeat(64) },
    rows: 1_000_000,
    dimension: 1000,
    nonZeros: 20_000_000,
    labels: { kind: "real", min: 0, max: 1 },
    groups: [],
    object: { key: "datasets/large/rows-0", bytes, etag: "e", sha256: "0".repeat(64) },
  };
}

const specOf = (workers: number) =>
  parseRunSpec(
    {
      ...{ data: "large", workers, problem: { kind: "least-squares" }, algorithm: { kind: "gd" } },
      stop: { rounds: 1 },
    },
    "a test",
  );

describe("a worker's memory", () => {
  it("must hold an object of 200 MB, which every worker reads whole", () => {
    const { good, text } = checkWorkerMemory(specOf(100), manifestOf(200_000_000), { memoryMb: 128 });
    expect(good).toBe(false);
    const needed = Number(/deploy with -c workerMemoryMb=(\d+)$/.exec(text)?.[1]);
    // 200 MB are 191 MiB, and Node some 80 more.
    expect(needed).toBeGreaterThan(250);
    expect(needed).toBeLessThan(320);
    expect(checkWorkerMemory(specOf(100), manifestOf(200_000_000), { memoryMb: needed }).good).toBe(true);
  });

  it("of the smallest function is enough for a small data set", () => {
    expect(checkWorkerMemory(specOf(5), manifestOf(500_000), { memoryMb: 128 }).good).toBe(true);
  });

  it("holds only its own rows of a larger object, and says what new accounts have", () => {
    const large = manifestOf(8e9);
    expect(checkWorkerMemory(specOf(100), large, { memoryMb: 1769 }).good).toBe(true);
    expect(checkWorkerMemory(specOf(2), large, { memoryMb: 1769 }).text).toMatch(
      /workerMemoryMb=\d+ \(a new account's functions have 3008 MB at most/,
    );
    expect(checkWorkerMemory(specOf(1), manifestOf(20e9), { memoryMb: 1769 }).text).toMatch(/more workers/);
  });
});
