import { describe, expect, it } from "vitest";
import { importLibsvm } from "../../shared/data/import.ts";
import type { RowOrder } from "../../shared/data/manifest.ts";
import { memoryStore } from "../../shared/data/testing/memory-store.ts";
import { oneClassRemark } from "./one-class.ts";

async function remark(
  lines: readonly string[],
  workers: number,
  order?: RowOrder,
): Promise<string | undefined> {
  const objects = memoryStore();
  async function* chunks() {
    yield new TextEncoder().encode(lines.join("\n"));
  }
  const manifest = await importLibsvm(chunks(), {
    name: "t",
    sourceName: "t",
    labels: "binary",
    objects,
    ...(order === undefined ? {} : { reading: { format: "libsvm", order } }),
  });
  return oneClassRemark(objects, manifest, { workers, remainder: "spread" });
}

/** Two classes one after the other. */
const sorted = [
  ...Array.from({ length: 500 }, () => "1 1:1 2:0.5"),
  ...Array.from({ length: 500 }, () => "-1 1:0.2 3:1"),
];

describe("what is said of workers that see one class only", () => {
  it("names the option that shuffles where the file is sorted", async () => {
    expect(await remark(sorted, 2)).toMatch(/^2 of 2 workers see one class only: .*--shuffle SEED/);
    expect(await remark(sorted, 3)).toMatch(/^2 of 3 workers see one class only/);
    expect(await remark([...sorted.slice(0, 100), ...sorted.slice(500)], 3)).toMatch(/^2 of 3 workers/);
  });

  it("is nothing where each worker sees both", async () => {
    expect(await remark(sorted, 1)).toBeUndefined();
    expect(await remark(sorted, 2, { by: "shuffle", seed: 1 })).toBeUndefined();
    expect(await remark(sorted, 50, { by: "shuffle", seed: 1 })).toBeUndefined();
  });

  it("advises no shuffling where that changes nothing", async () => {
    const shuffled = await remark(sorted, 500, { by: "shuffle", seed: 1 });
    expect(shuffled).toMatch(/^2\d\d of 500 workers .* in any order; fewer workers see both$/);
  });

  it("knows that it was asked for", async () => {
    expect(await remark(sorted, 4, { by: "label" })).toMatch(/^4 of 4 .* it was imported so/);
    expect(await remark(sorted, 10, { by: "dirichlet", alpha: 0.01, clients: 10, seed: 1 })).toMatch(
      /imported so/,
    );
  });
});
