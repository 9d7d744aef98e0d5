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

function specOf(workers: number, algorithm: RunSpecInput["algorithm"]): RunSpec {
  const problem = { kind: "nonconvex-binary" } as const;
  return parseRunSpec({ data: "hashed", workers, problem, algorithm, stop: { rounds: 5 } }, "a test");
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
    ["marina", 8_000_000, 1, marina, 1_558_748],
    ["marina", 8_000_000, 8, marina, 2_247_372],
    ["diana", 2_000_000, 2, { kind: "diana", compressor: randK }, 650_216],
    ["diana", 2_000_000, 8, { kind: "diana", compressor: randK }, 1_327_388],
    ["gd", 2_000_000, 8, { kind: "gd" }, 754_724],
  ] as const)(
    "are counted as was measured: %s, d = %d, n = %d",
    (_, dimension, workers, algorithm, measuredKb) => {
      const manifest = { ...manifestNamed("hashed"), featureCount: dimension };
      const ratio =
        embeddedMemoryBytes(specOf(workers, algorithm), manifest, problemOver(manifest)) /
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
