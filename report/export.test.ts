import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { BILL_GROUPS } from "../shared/cost/items.ts";
import { memoryStore } from "../shared/data/testing/memory-store.ts";
import { roundsKey } from "../shared/protocol/keys.ts";
import { encodeRounds } from "../shared/protocol/stored/round-record.ts";
import { buildReport } from "./build.ts";
import { pictures, writePictures } from "./export.ts";
import { escapeHtml } from "./page.ts";
import { sweepFile } from "./sweep-cells.ts";
import { readSweepReport } from "./sweep-report.ts";
import { tableRuns, writeTables } from "./tables.ts";
import { madeUpRun, manifestOf } from "./testing/runs.ts";

const folder = mkdtempSync(join(tmpdir(), "marina-export-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const runs = [
  madeUpRun({ run: "a", seed: 1, rounds: 25 }),
  madeUpRun({ run: "b", seed: 2, rounds: 30 }),
  madeUpRun({ run: "c", spec: { algorithm: { kind: "gd" } } }),
];
const data = buildReport(runs, { title: "t", predicts: false });

describe("pictures without a browser", () => {
  it("are SVGs that name their curves, axes and units", async () => {
    const all = new Map((await pictures(data)).map(({ name, svg }) => [name, svg]));
    const svg = all.get("gradient-seconds")!;
    for (const text of ["MARINA, rand-k 10", "GD", "time, s", "‖∇f(x)‖²"]) expect(svg).toContain(`>${text}<`);
    // Two curves, one of them with a band.
    expect(svg.match(/aria-roledescription="line mark"/g)).toHaveLength(2);
    expect(all.get("bill")).toContain("price, US$");
  });

  it("are PNGs three times as large as they are drawn, with letters in them", async () => {
    const count = await writePictures(data, join(folder, "png"), "png");
    const files = readdirSync(join(folder, "png"));
    expect(files).toHaveLength(count);
    const png = readFileSync(join(folder, "png", "gradient-round.png"));
    expect([...png.subarray(0, 8)]).toEqual([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
    expect(png.readUInt32BE(16)).toBeGreaterThan(3 * 440);
  });
});

describe("tables", () => {
  it("hold every round of every run", async () => {
    const stored = memoryStore();
    for (const { stored: about, records } of runs)
      await stored.put(roundsKey(about.run, 0), encodeRounds(records.slice(0, -1)));
    const names = await writeTables(data, tableRuns(data, runs, stored), join(folder, "csv"));
    expect(names).toEqual(["runs.csv", "bill.csv", "rounds.csv"]);
    const lines = readFileSync(join(folder, "csv", "rounds.csv"), "utf8")
      .trim()
      .split("\n");
    expect(lines).toHaveLength(1 + 26 + 31 + 41);
    const header = lines[0]!.split(",");
    expect(header.slice(0, 4)).toEqual(["run", "series", "seed", "round"]);
    const last = lines.at(-1)!.split(",");
    expect(Number(last[header.indexOf("gradientNormSquared")])).toBe(
      runs[2]!.records.at(-1)!.gradientNormSquared,
    );
  });
});

describe("a sweep's report", () => {
  const cell = (k: number, seed: number, usd: number, seconds: number) => {
    const { result, stored } = madeUpRun({ run: "x", seed });
    const figures = { functionsUsd: usd / 2, queuesUsd: usd / 4, objectsUsd: usd / 4 };
    return {
      label: null,
      axes: { "compressor.k": k },
      seed,
      spec: stored.spec,
      result: {
        ...result,
        ...figures,
        digest: `${k}-${seed}`,
        stepSize: 1,
        probability: 1,
        usd,
        seconds,
        reached: true,
      },
    };
  };

  it("has the bill of a run, or that of three services where a cell is of an older version", async () => {
    const itemsOf = async (name: string, cells: readonly object[]) => {
      const path = join(folder, `${name}.json`);
      writeFileSync(path, JSON.stringify(cells));
      const { data } = await readSweepReport(path, async () => undefined);
      return [data.billItems, data.series.map(({ usdByItem }) => usdByItem)];
    };
    const old = cell(1, 1, 4, 1);
    const usdByItem = { "worker compute": 3, "S3 GET": 1 };
    const later = (k: number) => {
      const made = cell(k, 1, 4, 1);
      return { ...made, result: { ...made.result, usdByItem } };
    };
    const [items, bills] = await itemsOf("later", [later(1), later(2)]);
    expect(items).toEqual([...BILL_GROUPS]);
    expect(bills).toEqual([usdByItem, usdByItem]);
    const three = { functions: 2, queues: 1, objects: 1 };
    expect(await itemsOf("mixed", [old, later(2)])).toEqual([Object.keys(three), [three, three]]);
  });

  it("joins the seeds of a cell and marks the front of dollars and seconds", async () => {
    const sweep = join(folder, "my-sweep");
    mkdirSync(sweep);
    writeFileSync(
      join(sweep, "results.json"),
      JSON.stringify([cell(1, 1, 4, 1), cell(1, 2, 6, 3), cell(2, 1, 1, 2)]),
    );
    const { data: report } = await readSweepReport(sweepFile(sweep)!, async () =>
      manifestOf("my data.csv", { reading: { format: "csv", labelColumn: "y" } }),
    );
    expect(report.series.map(({ name, usdByItem }) => [name, usdByItem])).toEqual([
      ["k 1", { functions: 2.5, queues: 1.25, objects: 1.25 }],
      ["k 2", { functions: 0.5, queues: 0.25, objects: 0.25 }],
    ]);
    for (const { commands } of report.recipes) {
      expect(commands.split("\n")).toEqual([
        "node cli/marina.js data import 'my data.csv' --name rows --format csv --label-column y",
        expect.stringMatching(/^printf .* \| node cli\/marina.js run -$/),
      ]);
    }
    const { data: without } = await readSweepReport(sweepFile(sweep)!, async () => undefined);
    expect(without.recipes[0]!.commands).toMatch(/^# data set rows is gone/);
    expect(report.reached.map(({ onFront }) => onFront)).toEqual([true, false, true]);
  });

  it("says what is wrong with a file that is none", async () => {
    const path = join(folder, "other.json");
    writeFileSync(path, `[{"axes": {}}]`);
    await expect(readSweepReport(path, async () => undefined)).rejects.toThrow(
      /other\.json: expected the results\.json that marina sweep writes; at 0\.label/,
    );
  });

  it("is asked for by a path only: a run's name is no sweep", () => {
    expect(sweepFile("marina-mushrooms")).toBeUndefined();
  });
});

describe("HTML", () => {
  it("has no markup of a name", () => {
    expect(escapeHtml(`<a href="x">&'`)).toBe("&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
  });
});
