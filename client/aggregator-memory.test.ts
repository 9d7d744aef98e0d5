import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { driveToEnd } from "../embedded/service/drive-to-end.ts";
import { createEmbeddedService } from "../embedded/service/service.ts";
import { importLibsvm } from "../shared/data/import.ts";
import { parseRunSpec, type RunSpec, type RunSpecInput } from "../shared/protocol/spec/spec.ts";
import { aggregatorMemoryBytes } from "./aggregator-memory.ts";
import { createRun } from "./launch.ts";

const WORKERS = 4;
const DIMENSION = 30_000;

function specOf(algorithm: RunSpecInput["algorithm"], change: Partial<RunSpecInput> = {}): RunSpec {
  const input: RunSpecInput = {
    data: "wide",
    workers: WORKERS,
    problem: { kind: "least-squares" },
    algorithm,
    stop: { rounds: 1 },
    ...change,
  };
  return parseRunSpec(input, "a test");
}

const randK = { kind: "rand-k", k: 300 } as const;

describe("the aggregator's largest round", () => {
  it.each<[string, RunSpec]>([
    ["gd", specOf({ kind: "gd" })],
    ["marina", specOf({ kind: "marina", compressor: randK })],
    ["marina, float64", specOf({ kind: "marina", compressor: randK }, { wire: "float64" })],
    ["pp-marina", specOf({ kind: "pp-marina", compressor: randK, participants: 2 })],
    ["diana", specOf({ kind: "diana", compressor: randK })],
  ])("takes for each worker's answer what the first round's messages were (%s)", async (_, spec) => {
    const service = createEmbeddedService({ seed: 1 });
    const { objects } = service.cloud.client;
    const rows = Array.from({ length: 8 }, (_row, i) => `${i} ${i + 1}:1 ${DIMENSION}:0.5\n`);
    await importLibsvm(Readable.from([Buffer.from(rows.join(""))]), {
      name: "wide",
      sourceName: "wide.txt",
      labels: "real",
      objects,
    });
    // Bytes of the answers as they came, base64; evaluations of the first round and of the end apart.
    const { control } = await createRun(objects, spec);
    const { uplinkBytesMeasured } = await driveToEnd(service, control);
    const answers = (uplinkBytesMeasured * 3) / 4 + WORKERS * 8 * DIMENSION;
    const more = specOf(spec.algorithm as RunSpecInput["algorithm"], { workers: 8, wire: spec.wire });
    const each =
      (aggregatorMemoryBytes(more, DIMENSION) - aggregatorMemoryBytes(spec, DIMENSION)) / (8 - WORKERS);
    expect(each / (answers / WORKERS)).toBeGreaterThan(0.99);
    expect(each / (answers / WORKERS)).toBeLessThan(1.01);
  });

  it("holds no worker's vectors where reducers add them, but for a measured step size", () => {
    const large = 1_000_000;
    const per100 = (algorithm: RunSpecInput["algorithm"], change: Partial<RunSpecInput> = {}): number =>
      aggregatorMemoryBytes(specOf(algorithm, { workers: 200, ...change }), large) -
      aggregatorMemoryBytes(specOf(algorithm, { workers: 100, ...change }), large);
    expect(per100({ kind: "gd" })).toBe(0);
    expect(per100({ kind: "marina", compressor: randK })).toBe(100 * 4 * 300);
    expect(per100({ kind: "gd" }, { reduction: "aggregator" })).toBe(100 * 12 * large);
    expect(per100({ kind: "marina", compressor: randK, stepSize: "measured" })).toBe(
      100 * (4 * 300 + 8 * large),
    );
  });

  it("counts the chain of deltas and a base on its way, where iterates travel so", () => {
    const d = 1_000_000;
    const marina = { kind: "marina", compressor: randK } as const;
    const needed = (downlink: "full" | "deltas" | "auto") =>
      aggregatorMemoryBytes(specOf(marina, { downlink }), d);
    // Deltas of 6 d bytes, two means of 8 d; a base of x^t, x^{t-1} and g^t.
    expect(needed("deltas") - needed("full")).toBe((6 + 16 + 24) * d);
    expect(needed("auto")).toBe(needed("deltas"));
  });

  it("counts the shifts that are carried, and the most workers of a schedule", () => {
    const stored = specOf({ kind: "diana", compressor: randK });
    const carried = specOf({ kind: "diana", compressor: randK, shift: "carried" });
    expect(aggregatorMemoryBytes(carried, DIMENSION) - aggregatorMemoryBytes(stored, DIMENSION)).toBe(
      WORKERS * 8 * DIMENSION,
    );
    const marina = { kind: "marina", compressor: randK } as const;
    const elastic = specOf(marina, { workers: [{ workers: 2 }, { workers: WORKERS, fromRound: 1 }] });
    expect(aggregatorMemoryBytes(elastic, DIMENSION)).toBe(aggregatorMemoryBytes(specOf(marina), DIMENSION));
  });
});
