import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { hashedRows } from "./text.ts";

const table = "1\t2.5\tA fine, fine film.\r\n2\t-0.5\tDull\n3\t0.0\tNeither\n4\t1\t...\n";

/** The definition, once more: the place and sign of a token. */
function placeOf(token: string, dimension: number): readonly [number, number] {
  const bytes = createHash("sha256").update(token).digest();
  const hash = bytes[0]! + 256 * bytes[1]! + 65536 * bytes[2]! + 16777216 * bytes[3]!;
  return [hash % dimension, bytes[3]! >= 128 ? -1 : 1];
}

it("words and pairs become signed counts in rows of norm 1, ratings labels; what is rated 0 or empty is left out", () => {
  const dimension = 2 ** 20;
  const dense = new Map<number, number>();
  for (const token of ["a", "fine", "fine", "film", "a fine", "fine fine", "fine film"]) {
    const [place, sign] = placeOf(token, dimension);
    dense.set(place, (dense.get(place) ?? 0) + sign);
  }
  const norm = Math.hypot(...dense.values());
  const rows = hashedRows(table, dimension).trimEnd().split("\n");
  expect(rows).toHaveLength(2);
  const [label, ...entries] = rows[0]!.split(" ");
  expect(label).toBe("1");
  const places = entries.map((entry) => Number(entry.split(":")[0]));
  expect(places).toEqual(places.toSorted((a, b) => a - b));
  expect(entries).toHaveLength(dense.size);
  for (const entry of entries) {
    const [place, value] = entry.split(":").map(Number);
    expect(value).toBeCloseTo(dense.get(place! - 1)! / norm, 12);
  }
  const [place, sign] = placeOf("dull", dimension);
  expect(rows[1]).toBe(`-1 ${place + 1}:${sign}`);
});

it("every place lies below the dimension, and features that cancel are no entries", () => {
  for (const row of hashedRows(table, 2).trimEnd().split("\n")) {
    for (const entry of row.split(" ").slice(1)) {
      expect(["1", "2"]).toContain(entry.split(":")[0]);
      expect(Number(entry.split(":")[1])).not.toBe(0);
    }
  }
});
