import { describe, expect, it } from "vitest";
import { importLibsvm } from "../shared/data/import.ts";
import { memoryStore } from "../shared/data/testing/memory-store.ts";
import { parseRunSpec } from "../shared/protocol/spec/spec.ts";
import { createRun } from "./launch.ts";

/** Creates a run of DIANA with carried shifts over `rows` rows of R^d. */
async function create(rows: number, dimension: number, workers: number): Promise<string> {
  const objects = memoryStore();
  const text = Array.from({ length: rows }, (_, i) => `${i % 2 === 0 ? 1 : -1} ${dimension}:1\n`).join("");
  const source = (async function* () {
    yield new TextEncoder().encode(text);
  })();
  await importLibsvm(source, { name: "rows", sourceName: "rows.txt", labels: "binary", objects });
  const spec = parseRunSpec(
    {
      data: "rows",
      workers,
      problem: { kind: "logistic" },
      algorithm: { kind: "diana", shift: "carried", compressor: { kind: "rand-k", k: 1 } },
      stop: { rounds: 1 },
    },
    "test",
  );
  return (await createRun(objects, spec)).run;
}

describe("carried shifts", () => {
  it("are taken up to eight million bytes in all, and refused beyond with n, d and what to do", async () => {
    await expect(create(500, 2000, 500)).resolves.toBe("diana-rows");
    await expect(create(501, 2000, 501)).rejects.toThrow(
      /algorithm\.shift: expected "stored".*n = 501, d = 2000: 8016000 bytes/,
    );
  });

  it("are refused where one does not fit into a message", async () => {
    await expect(create(2, 92_000, 2)).resolves.toBe("diana-rows");
    await expect(create(2, 93_000, 2)).rejects.toThrow(/does not fit into a message of 1048576/);
  });
});
