import { describe, expect, it } from "vitest";
import { type Column, table } from "./table.ts";

const columns: readonly Column[] = [
  ["run", "left"],
  ["method", "left", 2],
  ["rounds", "right", 1],
  ["$", "right"],
];
const rows = [
  ["alpha", "MARINA, rand-k 10", "1,000", "0.5"],
  ["beta", "GD", "7", "12.25"],
];

describe("a table", () => {
  it("has all its columns where there is room, aligned", () => {
    const all = `run    method             rounds      $
alpha  MARINA, rand-k 10   1,000    0.5
beta   GD                      7  12.25`;
    expect(table(columns, rows)).toBe(all);
    expect(table(columns, rows, { width: 39 })).toBe(all);
  });

  it("leaves out columns by rank, the highest first, and says which", () => {
    expect(table(columns, rows, { width: 38 })).toBe(`run    rounds      $
alpha   1,000    0.5
beta        7  12.25
(no room for: method)`);
    expect(table(columns, rows, { width: 17 })).toBe(`run        $
alpha    0.5
beta   12.25
(no room for:
method, rounds)`);
  });

  it("cuts the widest text where that is not enough, and never a number", () => {
    const long = [["a".repeat(30), "m", "1", "0.123456"]];
    const text = table(columns, long, { width: 24 });
    expect(text.split("\n")[1]).toBe(`${"a".repeat(13)}…  0.123456`);
  });

  it("is never wider than it may be, whatever is in it", () => {
    for (let width = 24; width < 90; width++) {
      const wide = [["x".repeat(width), "y".repeat(20), "1,234,567", "0.00123"]];
      for (const line of table(columns, wide, { width }).split("\n"))
        expect([...line].length).toBeLessThanOrEqual(width);
    }
  });

  it("sets its headers off as it is told, after it has measured them", () => {
    const text = table(columns, rows, { width: 39, heading: (line) => `<<${line}>>` });
    expect(text.split("\n")[0]).toBe("<<run    method             rounds      $>>");
  });
});
