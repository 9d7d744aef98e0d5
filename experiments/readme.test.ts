import { describe, expect, it } from "vitest";
import type { CellResult } from "../sweep/cell.ts";
import { type FinishedCell, groupsOf } from "../sweep/summary.ts";
import { parseSweep } from "../sweep/sweep-spec.ts";
import { curvesIn, linesIn, rewrite, type SweepResult } from "./readme.ts";

/** One run: its setting, its seed, and what came of it. */
function run(label: string, data: string, seed: number, rounds: number, reached = true): FinishedCell {
  const result = {
    rounds,
    reached,
    usd: rounds / 1e4,
    seconds: rounds,
    loss: 0.1,
    startLoss: 0.25,
    status: "done",
    heldOut: { rows: 200, loss: 0.4, correct: rounds === 9999 ? 20 : 190 },
  };
  const cell = { label, axes: { data }, point: { data }, digest: `${label}${data}${seed}`, spec: { seed } };
  // Of a cell and its result only what a table shows counts here.
  return { cell, result: result as unknown as CellResult } as unknown as FinishedCell;
}

const sweep = parseSweep({ name: "s", base: {}, best: { over: ["step"], by: "usd" } }, "s");
const sweeps = new Map<string, SweepResult>([
  [
    "sweep",
    {
      sweep,
      groups: groupsOf([
        run("A", "x", 1, 100),
        run("A", "x", 2, 300),
        run("A", "x", 3, 200),
        run("A", "y", 1, 40),
        run("B", "x", 1, 1000),
        run("B", "y", 1, 9999, false),
      ]),
    },
  ],
]);

const rewritten = (text: string) => rewrite(text, sweeps, "README.md");

describe("a README's tables and figures", () => {
  it("show medians and quartiles, a row a setting, a column a value of the axis, a dash for what never arrived", () => {
    const open =
      '<!-- table {"rows": ["label"], "across": "data", "figures": ["rounds"], "of": "all", "where": {}} -->';
    const text = `Before.\n\n${open}\nold\n<!-- /table -->\n\nAfter.\n`;
    const table = [
      "| method | x | y |",
      "| --- | ---: | ---: |",
      "| A | 200 (150–250) | 40 |",
      "| B | 1,000 | – |",
    ].join("\n");
    expect(rewritten(text)).toBe(`Before.\n\n${open}\n\n${table}\n\n<!-- /table -->\n\nAfter.\n`);
    expect(rewritten(rewritten(text))).toBe(rewritten(text));
  });

  it("tell one figure, or by what factor it is larger than another group's", () => {
    const one = '<!-- figure {"where": {"label": "A", "data": "x"}, "figure": "usd"} -->?<!-- /figure -->';
    expect(rewritten(one)).toContain("-->0.0200<!--");
    const ratio =
      '<!-- figure {"where": {"label": "B", "data": "x"}, "over": {"label": "A"}, "figure": "usd"} -->?<!-- /figure -->';
    expect(rewritten(ratio)).toContain("-->5<!--");
  });

  it("show the share of the held-out rows that is predicted right", () => {
    const open =
      '<!-- table {"rows": ["label"], "figures": ["heldOutAccuracy", "heldOutLoss"], "where": {"data": "y"}} -->';
    const text = rewritten(`${open}\n<!-- /table -->`);
    expect(text).toContain("| method | test accuracy | test loss |");
    expect(text).toContain("| A | 95.00 % | 0.4 |\n| B | 10.00 % | 0.4 |");
  });

  it("have pictures beside them, of the groups that count", () => {
    const open = '<!-- curves {"chart": "held-out-accuracy-usd", "where": {"data": "y"}} -->';
    const text = `${open}\n<!-- /curves -->`;
    expect(rewritten(text)).toBe(
      `${open}\n\n![held out accuracy usd](held-out-accuracy-usd.svg)\n\n<!-- /curves -->`,
    );
    const [curves, ...others] = curvesIn(text, sweeps, "README.md");
    expect(others).toEqual([]);
    expect(curves).toMatchObject({ chart: "held-out-accuracy-usd", file: "held-out-accuracy-usd.svg" });
    expect(curves!.groups.map(({ label }) => label)).toEqual(["A", "B"]);
  });

  it("have lines over an axis of numbers, without what never arrived", () => {
    const numbered = new Map([
      [
        "sweep",
        {
          sweep,
          groups: groupsOf([run("A", "t-8", 1, 100), run("A", "t-16", 1, 300), run("B", "t-8", 1, 9, false)]),
        },
      ],
    ]);
    const text =
      '<!-- lines {"figure": "usd", "across": "data", "file": "dollars", "title": "d"} -->\n<!-- /lines -->';
    expect(rewrite(text, numbered, "README.md")).toContain("![dollars](dollars.svg)");
    expect(linesIn(text, numbered, "README.md")).toEqual([
      {
        ...{ file: "dollars.svg", x: "d", y: "$" },
        points: [
          { label: "A", x: 8, y: 0.01 },
          { label: "A", x: 16, y: 0.03 },
        ],
      },
    ]);
    expect(() => linesIn(text, sweeps, "README.md")).toThrow(
      /expected numbers, or names that end in one, got x/,
    );
  });

  it.each([
    ['{"where": {"label": "C"}, "figure": "usd"}', /no group/],
    ['{"where": {"data": "x"}, "figure": "usd"}', /expected one group/],
    ['{"figure": "dollars"}', /figure: expected one of/],
    ['{"sweep": "other", "figure": "usd"}', /no sweep "other"/],
    ['{"where": {"label": "B", "data": "y"}, "over": {"data": "x"}, "figure": "usd"}', /never arrived/],
  ])("are refused with their place: %s", (json, message) => {
    expect(() => rewritten(`<!-- figure ${json} -->?<!-- /figure -->`)).toThrow(message);
  });
});
