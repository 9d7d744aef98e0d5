import { describe, expect, it } from "vitest";
import { figuresOf } from "./trajectories/run.ts";
import { rows } from "./trajectories/specs.ts";
import { differences, readTable } from "./trajectories/table.ts";

const table = readTable();

describe("the table of what must not move", () => {
  it("has the rows that its program runs, each of a name of its own", () => {
    expect(Object.keys(table)).toEqual(rows.map(({ name }) => name));
    expect(new Set(Object.keys(table)).size).toBe(rows.length);
  });

  // All rows: npm run bench:trajectories.
  it.each(rows.filter(({ fast }) => fast))("holds: $name", async (row) => {
    expect(differences(row.name, table[row.name], await figuresOf(row))).toEqual([]);
  });

  it("tells which figure of which row differs, a bit as well as an absence", () => {
    const [name, stored] = Object.entries(table)[0]!;
    const changed = { ...stored, usd: stored.usd * (1 + 2 ** -52), loss: null };
    expect(differences(name, stored, changed)).toEqual([
      `${name}: loss: expected ${stored.loss}, got null`,
      `${name}: usd: expected ${stored.usd}, got ${changed.usd}`,
    ]);
    expect(differences("a row", undefined, stored)).toEqual(["a row: is not in the table"]);
  });
});
