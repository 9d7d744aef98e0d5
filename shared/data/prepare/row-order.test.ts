import { describe, expect, it } from "vitest";
import { importLibsvm } from "../import.ts";
import type { Manifest, RowOrder } from "../manifest.ts";
import { labelsByWorker } from "../rows/labels-by-worker.ts";
import { openShard } from "../rows/shard.ts";
import { memoryStore } from "../testing/memory-store.ts";
import { rowOrder } from "./row-order.ts";

interface Imported {
  readonly manifest: Manifest;
  readonly objects: ReturnType<typeof memoryStore>;
}

async function imported(
  lines: readonly string[],
  order?: RowOrder,
  labels: "binary" | "real" = "binary",
): Promise<Imported> {
  const objects = memoryStore();
  async function* chunks() {
    const bytes = new TextEncoder().encode(lines.join(""));
    for (let at = 0; at < bytes.length; at += 70_000) yield bytes.subarray(at, at + 70_000);
  }
  const manifest = await importLibsvm(chunks(), {
    name: "t",
    sourceName: "t.txt",
    labels,
    objects,
    ...(order === undefined ? {} : { reading: { format: "libsvm", order } }),
  });
  return { manifest, objects };
}

/** The stored rows as lines of text. */
async function rowsOf({ manifest, objects }: Imported): Promise<string[]> {
  const { body } = await objects.get(manifest.object.key);
  const range = { start: 0, end: body.length };
  const shard = openShard(manifest, 0, manifest.rows, body, range);
  return Array.from(shard.labels, (label, l) => {
    const entries: string[] = [];
    for (let at = shard.offsets[l]!; at < shard.offsets[l + 1]!; at++) {
      entries.push(`${shard.indices[at]! + 1}:${shard.values?.[at] ?? 1}`);
    }
    return `${[label, ...entries].join(" ")}\n`;
  });
}

/** Rows of all kinds: empty ones, ones only, fractions, one that is longer than any buffer. */
const lines = Array.from({ length: 3000 }, (_, row) => {
  const label = row < 1000 ? 1 : -1;
  if (row === 1234)
    return `${label} ${Array.from({ length: 400_000 }, (_, j) => `${j + 1}:0.5`).join(" ")}\n`;
  const entries = Array.from(
    { length: row % 7 },
    (_, j) => `${j + 1 + row}:${row % 3 === 0 ? 1 : row + 0.25}`,
  );
  return `${[label, ...entries].join(" ")}\n`;
});

describe("rows in another order", () => {
  it("are the same rows, each once; the same seed gives the same order, another one another", async () => {
    const first = await imported(lines, { by: "shuffle", seed: 7 });
    const rows = await rowsOf(first);
    expect(rows).not.toEqual(lines);
    expect([...rows].sort()).toEqual([...lines].sort());
    const again = await imported(lines, { by: "shuffle", seed: 7 });
    expect(again.manifest.object).toEqual(first.manifest.object);
    const other = await imported(lines, { by: "shuffle", seed: 8 });
    expect(other.manifest.object.sha256).not.toBe(first.manifest.object.sha256);
    // Is it in the order that the rows in that order give?
    expect((await imported(rows)).manifest.object).toEqual(first.manifest.object);
  });

  it("mix sorted classes: each of ten workers has about a third of +1", async () => {
    const { manifest, objects } = await imported(lines, { by: "shuffle", seed: 1 });
    for (const { rows, positives } of await labelsByWorker(objects, manifest, 10, "spread")) {
      // Hypergeometric: 100 of 300, standard deviation 7.8.
      expect(Math.abs(positives - 100)).toBeLessThan(5 * 7.8);
      expect(rows).toBe(300);
    }
  });

  it("by label are sorted as numbers, those of one label in the file's order", async () => {
    const labels = [3, -1, 20, 3, -1, 0.5, 3, 100, -1];
    const text = labels.map((label, row) => `${label} ${row + 1}:${row + 1}\n`);
    const sorted = [1, 4, 8, 5, 0, 3, 6, 2, 7].map((row) => text[row]!);
    expect(await rowsOf(await imported(text, { by: "label" }, "real"))).toEqual(sorted);
  });

  it("say the line of the file where something is wrong", async () => {
    const text = [...lines.slice(0, 20), "1 1:1e200\n", ...lines.slice(1000, 1020)];
    await expect(imported(text, { by: "shuffle", seed: 3 })).rejects.toThrow(
      /^t.txt: line 21, index 1: 1e\+200/,
    );
    await expect(imported([...text.slice(0, 20), "-1\n", "5\n"], { by: "shuffle", seed: 3 })).rejects.toThrow(
      /^t.txt: line \d+: expected one of the two labels seen before/,
    );
  });
});

describe("a Dirichlet partition", () => {
  const shares = async (alpha: number, clients: number, seed = 2) => {
    const { manifest, objects } = await imported(lines, { by: "dirichlet", alpha, clients, seed });
    expect([...(await rowsOf({ manifest, objects }))].sort()).toEqual([...lines].sort());
    const workers = await labelsByWorker(objects, manifest, clients, "spread");
    return workers.map(({ rows, positives }) => positives / rows);
  };

  it("with a large alpha gives each client the shares of the whole", async () => {
    for (const share of await shares(1e7, 10)) expect(Math.abs(share - 1 / 3)).toBeLessThan(5 * 0.027);
  });

  it("with a small alpha gives nearly each client one class", async () => {
    const all = await shares(0.01, 30);
    expect(all.filter((share) => share < 0.05 || share > 0.95).length).toBeGreaterThan(25);
    // As many as there are rows of each: a third.
    const mean = all.reduce((sum, share) => sum + share, 0) / all.length;
    expect(mean).toBeCloseTo(1 / 3, 9);
  });

  it("has the distribution's variance", async () => {
    // Beta(a/3, 2a/3) with a = 2: (1/3)(2/3)/3. The first clients only: the last ones get what is left.
    const labels = Float64Array.from({ length: 3000 }, (_, row) => (row < 1000 ? 1 : -1));
    const firsts = Array.from({ length: 2000 }, (_, seed) => {
      const order = rowOrder({ by: "dirichlet", alpha: 2, clients: 300, seed }, labels, "t");
      return order.subarray(0, 10).filter((row) => labels[row] === 1).length / 10;
    });
    const mean = firsts.reduce((sum, share) => sum + share, 0) / firsts.length;
    const variance = firsts.reduce((sum, share) => sum + (share - mean) ** 2, 0) / firsts.length;
    // Ten rows a client add the variance of a binomial share: E[q (1 - q)] / 10 = (2/9)(2/3) / 10.
    expect(variance / ((2 / 9) * (1 / 3) + (2 / 9) * (2 / 30))).toBeCloseTo(1, 0.7);
    expect(mean).toBeCloseTo(1 / 3, 1.3);
  });

  it("for more clients than rows is refused", async () => {
    await expect(
      imported(["1 1:1\n", "-1\n"], { by: "dirichlet", alpha: 1, clients: 3, seed: 1 }),
    ).rejects.toThrow(/--clients: expected at most 2 \(the rows of t.txt\), got 3/);
  });
});

describe("labels by worker", () => {
  it("are counted as the text has them, over several row groups", async () => {
    const text = Array.from({ length: 60_000 }, (_, row) => {
      const entries = Array.from({ length: 30 }, (_, k) => `${k + 1}:0.5`);
      return `${row % 5 === 0 ? 7 : 4} ${entries.join(" ")}\n`;
    });
    const { manifest, objects } = await imported(text);
    expect(manifest.groups.length).toBeGreaterThan(1);
    const counted = await labelsByWorker(objects, manifest, 7, "drop");
    let first = 0;
    for (const { rows, positives, mean } of counted) {
      const own = text.slice(first, first + rows);
      const sevens = own.filter((line) => line.startsWith("7")).length;
      expect(positives).toBe(sevens);
      expect(mean).toBeCloseTo(4 + (3 * sevens) / rows, 12);
      first += rows;
    }
    expect(first).toBe(7 * Math.floor(60_000 / 7));
  });
});
