import { createReadStream } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { DEFAULT_CONFIGURATION } from "../embedded/service/configuration.ts";
import { importLibsvm } from "../shared/data/import.ts";
import { shippedFile } from "../shared/data/testing/load.ts";
import { memoryStore } from "../shared/data/testing/memory-store.ts";
import { parseRunSpec } from "../shared/protocol/spec/spec.ts";
import { type PowerCurve, type PowerPoint, powerCurve } from "./power.ts";

const objects = memoryStore();
const spec = parseRunSpec(
  {
    data: "mushrooms",
    workers: 5,
    problem: { kind: "nonconvex-binary" },
    algorithm: { kind: "marina", compressor: { kind: "rand-k", k: 10 } },
    stop: { rounds: 1000 },
  },
  "a test",
);
const memoriesMb = [128, 256, 512, 1769, 3538];
let curve: PowerCurve;
beforeAll(async () => {
  const about = { name: "mushrooms", sourceName: "mushrooms.gz", labels: "binary", objects } as const;
  await importLibsvm(createReadStream(shippedFile("mushrooms")), about);
  const architectures = ["arm64", "x86-64"] as const;
  curve = await powerCurve(objects, spec, DEFAULT_CONFIGURATION, { memoriesMb, architectures });
});

const at = (memoryMb: number, architecture = "arm64"): PowerPoint =>
  curve.points.find((point) => point.memoryMb === memoryMb && point.architecture === architecture)!;

describe("the power curve of a run", () => {
  it("has each memory with each architecture", () => {
    expect(curve.points).toHaveLength(10);
  });

  it("is faster with more memory up to one vCPU, and dearer beyond it", () => {
    expect(at(1769).secondsPerRound!).toBeLessThan(at(256).secondsPerRound!);
    expect(at(3538).usdPerRound!).toBeGreaterThan(at(1769).usdPerRound!);
  });

  it("has arm64 cheaper than x86-64, by no more than their prices of a second differ", () => {
    for (const memoryMb of [512, 1769]) {
      const ratio = at(memoryMb, "x86-64").usdPerRound! / at(memoryMb).usdPerRound!;
      expect(ratio).toBeGreaterThan(1.005);
      // 0.0000166667 and 0.0000133334 dollars a GB-second.
      expect(ratio).toBeLessThan(1.25);
    }
  });

  it("names the cheapest, the fastest, and the one of least dollars times seconds", () => {
    const tried = curve.points.filter(({ usdPerRound }) => usdPerRound !== null);
    for (const point of tried) {
      expect(point.usdPerRound!).toBeGreaterThanOrEqual(curve.cheapest.usdPerRound! * 0.97);
      expect(point.secondsPerRound!).toBeGreaterThanOrEqual(curve.fastest.secondsPerRound! * 0.97);
      const product = (of: PowerPoint) => of.usdPerRound! * of.secondsPerRound!;
      expect(product(point)).toBeGreaterThanOrEqual(product(curve.balanced) * 0.97);
    }
    // Where more memory is no faster it is not taken.
    expect(curve.fastest.memoryMb).toBeLessThan(3538);
  });

  it("tells what is too little, and refuses where all are", async () => {
    const little = { memoriesMb: [128], architectures: ["arm64"] } as const;
    const large = { ...spec, shardsPerTask: "auto" as const };
    expect(curve.neededMb).toBeGreaterThan(76);
    const needs = (mb: number) => at(mb).usdPerRound === null;
    for (const mb of memoriesMb) expect(needs(mb)).toBe(mb < curve.neededMb);
    if (curve.neededMb <= 128) return;
    await expect(powerCurve(objects, large, DEFAULT_CONFIGURATION, little)).rejects.toThrow(/too little/);
  });
});
