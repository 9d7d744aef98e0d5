import { describe, expect, it } from "vitest";
import { MarinaError } from "../shared/base/errors.ts";
import { dataForm } from "../shared/data/data-form.ts";
import { importLibsvm } from "../shared/data/import.ts";
import type { Manifest } from "../shared/data/manifest.ts";
import { memoryStore } from "../shared/data/testing/memory-store.ts";
import { openProblem } from "../shared/problems/registry.ts";
import { parseRunSpec, type RunSpec, type RunSpecInput } from "../shared/protocol/spec/spec.ts";
import { manifestNamed } from "../sweep/testing/manifest.ts";
import { findManifest } from "./find.ts";
import { createRun, resumeRun } from "./launch.ts";
import { checkMemory, checkWorkerMemory } from "./preflight.ts";
import { embeddedMemoryBytes, workerMemoryBytes } from "./vector-memory.ts";

const GIB = 2 ** 30;

function specOf(
  workers: number,
  algorithm: RunSpecInput["algorithm"],
  change: Partial<RunSpecInput> = {},
): RunSpec {
  const problem = { kind: "nonconvex-binary" } as const;
  return parseRunSpec(
    { data: "hashed", workers, problem, algorithm, stop: { rounds: 5 }, ...change },
    "a test",
  );
}
const problemOver = (manifest: Manifest) => openProblem({ kind: "nonconvex-binary" }, dataForm(manifest));
const randK = { kind: "rand-k", k: 10 } as const;
const marina = { kind: "marina", compressor: randK } as const;

async function hashedData() {
  const objects = memoryStore();
  async function* rows() {
    yield new TextEncoder().encode("1 4000000000:1\n-1 1:1\n");
  }
  await importLibsvm(rows(), { name: "hashed", sourceName: "hashed.txt", labels: "binary", objects });
  return objects;
}

describe("vectors that a machine can't hold", () => {
  it("are refused before a run is stored, with their size and what there is", async () => {
    const objects = await hashedData();
    const before = await objects.list("");
    const error = await createRun(objects, specOf(1, marina), 24 * GIB).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(MarinaError);
    expect(error).toMatchObject({ code: "limit" });
    expect((error as Error).message).toMatch(
      /d = 4000000000 of data set "hashed" makes vectors of 32\.0 GB: with one worker .*, this machine has 25\.8 GB; map/,
    );
    expect(await objects.list("")).toEqual(before);
    // However much there is, a checkpoint can't hold them.
    await expect(createRun(objects, specOf(1, marina), 1e15)).rejects.toThrow(/d of 134217727 at most/);
  });

  it("are refused on resume, too, where the run came from a larger machine", async () => {
    const objects = await hashedData();
    const { run } = await createRun(objects, specOf(1, marina));
    await expect(resumeRun(objects, run, 24 * GIB)).rejects.toThrow(/this machine has 25\.8 GB/);
  });

  it("are no small ones", async () => {
    const objects = memoryStore();
    async function* rows() {
      yield new TextEncoder().encode("1 1000000:1\n-1 1:1\n");
    }
    await importLibsvm(rows(), { name: "hashed", sourceName: "x", labels: "binary", objects });
    await createRun(objects, specOf(2, marina), 2 * GIB);
    expect((await findManifest(objects, "hashed")).featureCount).toBe(1_000_000);
  });

  it.each([
    // Peak resident memory of `marina run`, 4 rounds, in kB.
    ["marina", 8_000_000, 1, marina, 2_109_052, "full"],
    ["marina", 8_000_000, 8, marina, 3_453_624, "full"],
    ["marina, deltas", 8_000_000, 1, marina, 2_671_876, "deltas"],
    ["marina, deltas", 8_000_000, 8, marina, 4_265_448, "deltas"],
    ["diana", 2_000_000, 2, { kind: "diana", compressor: randK }, 650_216, "full"],
    ["diana", 2_000_000, 8, { kind: "diana", compressor: randK }, 1_327_388, "full"],
    ["gd", 2_000_000, 8, { kind: "gd" }, 754_724, "full"],
  ] as const)(
    "are counted as was measured: %s, d = %d, n = %d",
    (_, dimension, workers, algorithm, measuredKb, downlink) => {
      const manifest = { ...manifestNamed("hashed"), featureCount: dimension };
      const ratio =
        embeddedMemoryBytes(specOf(workers, algorithm, { downlink }), manifest, problemOver(manifest)) /
        (1024 * measuredKb);
      expect(ratio).toBeGreaterThan(0.9);
      expect(ratio).toBeLessThan(1.5);
    },
  );
});

describe("vectors and rows that functions can't hold", () => {
  const hashed = { ...manifestNamed("hashed"), featureCount: 4_000_000_000 };

  it("are refused with fewer features as the only way where no function could", () => {
    const spec = specOf(1, marina);
    expect(checkWorkerMemory(spec, hashed, problemOver(hashed), { memoryMb: 10_240 })).toMatchObject({
      good: false,
      text: expect.stringMatching(
        /d = 4000000000: .*10240 MB at most: map the data set's features to fewer .* import it again$/,
      ),
    });
    expect(checkMemory(spec, problemOver(hashed), { memoryMb: 10_240 }).text).toMatch(
      /map the data set's features to fewer/,
    );
  });

  it("that are read whole are refused where they exceed the worker's memory, with what is needed", () => {
    const object = { ...hashed.object, bytes: 200_000_000 };
    const data = { ...hashed, featureCount: 100, object };
    const small = manifestNamed("small");
    const { good, text } = checkWorkerMemory(specOf(4, marina), data, problemOver(data), { memoryMb: 128 });
    expect(good).toBe(false);
    const needed = Number(/workerMemoryMb=(\d+)/.exec(text)![1]);
    // 200 MB of rows, and Node.
    expect(needed).toBeGreaterThan(200e6 / 2 ** 20);
    expect(checkWorkerMemory(specOf(4, marina), data, problemOver(data), { memoryMb: needed }).good).toBe(
      true,
    );
    expect(checkWorkerMemory(specOf(4, marina), small, problemOver(small), { memoryMb: 128 }).good).toBe(
      true,
    );
  });

  it("count the states that a worker makes of deltas: two that it holds, one with its mean, and the deltas", () => {
    const d = 1_000_000;
    const data = { ...manifestNamed("hashed"), featureCount: d };
    const needed = (algorithm: RunSpecInput["algorithm"], downlink: "full" | "deltas" | "auto") =>
      workerMemoryBytes(specOf(4, algorithm, { downlink }), data, problemOver(data));
    // x^t, x^{t-1} and g^t; a quarter of their 24 d bytes is 6 d, as much as a base's deltas take, and two means are 16 d.
    expect(needed(marina, "deltas") - needed(marina, "full")).toBe(8 * d * (3 * 3 + 1) + (6 + 16) * d);
    expect(needed(marina, "auto")).toBe(needed(marina, "deltas"));
    // x^t and h^t.
    const diana = { kind: "diana", compressor: randK } as const;
    expect(needed(diana, "deltas") - needed(diana, "full")).toBe(8 * d * (3 * 2 + 1) + (6 + 16) * d);
    // Its messages are dense: points travel as they are.
    expect(needed({ kind: "gd" }, "auto")).toBe(needed({ kind: "gd" }, "full"));
  });

  it("that are read by ranges count by their share", () => {
    const object = { ...hashed.object, bytes: 4e9 };
    const data = { ...hashed, rows: 1_000_000, featureCount: 100, object };
    const [few, many] = [
      workerMemoryBytes(specOf(10, marina), data, problemOver(data)),
      workerMemoryBytes(specOf(100, marina), data, problemOver(data)),
    ];
    // A tenth and a hundredth of the rows, with 16 bytes a row for what is opened.
    expect(few - many).toBeCloseTo(0.09 * (4e9 + 16e6), 0);
  });
});
