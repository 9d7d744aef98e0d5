import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { report } from "../cli/actions/report.ts";
import { sweep } from "../cli/actions/sweep.ts";
import { EmbeddedEngine } from "../client/engines/embedded.ts";
import type { EngineOptions } from "../client/index.ts";
import { createRun } from "../client/launch.ts";
import { parseRunSpec } from "../shared/protocol/spec/spec.ts";
import { decodeRounds, type RoundRecord } from "../shared/protocol/stored/round-record.ts";
import type { CurveRow } from "./rows.ts";
import { chromiumPath, launchChromium } from "./testing/browser.ts";
import { homeWithRows } from "./testing/home.ts";
import { drawnRows, drawnSeries, openPage } from "./testing/pages.ts";

const compressor = { kind: "rand-k", k: 3 };
const base = { data: "rows", workers: 3, problem: { kind: "logistic" }, stop: { rounds: 150 } };
const SPECS = {
  marina: { ...base, algorithm: { kind: "marina", compressor } },
  gd: { ...base, algorithm: { kind: "gd" } },
  elastic: {
    ...base,
    workers: [{ workers: 2 }, { workers: 6, fromRound: 10, denseRound: "force" }],
    algorithm: { kind: "marina", compressor: { kind: "natural" } },
  },
};

/** The stored result, as any program would read it. */
interface StoredResult {
  readonly rounds: number;
  readonly loss: number;
  readonly gradientNormSquared: number;
  readonly uplinkBitsPerWorker: number;
  readonly seconds: number;
  readonly usd: number;
  readonly phases: readonly { readonly round: number; readonly workers: number }[];
}
interface StoredCell {
  readonly axes: Readonly<Record<string, unknown>>;
  readonly result: { readonly digest: string; readonly loss: number; readonly usd: number };
}

let home: string;
let options: EngineOptions;
beforeAll(async () => {
  home = await homeWithRows("report");
  options = { home, on: "embedded", stack: "Marina" };
  const engine = new EmbeddedEngine(home);
  for (const [name, spec] of Object.entries(SPECS)) {
    const { control } = await createRun(engine.objects, parseRunSpec({ ...spec, name }, name));
    await engine.drive(control, { calibration: () => undefined, round: () => undefined });
  }
  await engine.close();
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

function storedResult(run: string): StoredResult {
  return JSON.parse(readFileSync(join(home, "objects", "runs", run, "result.json"), "utf8"));
}

/** From the blocks that the run left, without the program's own reader of runs. */
function storedRounds(run: string): RoundRecord[] {
  const folder = join(home, "objects", "runs", run, "rounds");
  const files = existsSync(folder) ? readdirSync(folder).sort() : [];
  return files.flatMap((file) => decodeRounds(readFileSync(join(folder, file)), file));
}

describe.skipIf(chromiumPath === undefined)("a report of real runs in Chromium", { timeout: 240_000 }, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());

  it("holds in each chart what the runs' own files hold", async () => {
    const out = join(home, "runs.html");
    const png = join(home, "png");
    await report(Object.keys(SPECS), { ...options, out, png });
    expect(readdirSync(png)).toContain("workers-seconds.png");
    const { page, problems, requests } = await openPage(browser, out);
    expect(problems).toEqual([]);
    expect(requests).toHaveLength(1);
    const names = { marina: "MARINA, rand-k 3", gd: "GD", elastic: "MARINA, natural" };
    const results = Object.keys(SPECS).map(storedResult);
    const best = Math.min(
      ...results.map(({ loss }) => loss),
      ...Object.keys(SPECS).flatMap((run) => storedRounds(run).map(({ loss }) => loss ?? Infinity)),
    );
    for (const [axis, field, unit] of [
      ["round", "round", 1],
      ["uplink", "uplinkBitsPerWorker", 1e6],
      ["seconds", "seconds", 1],
      ["usd", "usd", 1],
    ] as const) {
      const norms = await drawnRows<CurveRow>(page, `gradient-${axis}`);
      const losses = await drawnRows<CurveRow>(page, `loss-${axis}`);
      for (const [run, name] of Object.entries(names)) {
        const result = storedResult(run);
        const records = storedRounds(run);
        expect(records.length).toBeGreaterThan(0);
        const curve = norms.filter(({ series }) => series === name).map(({ x, y }) => [x, y]);
        const stored = records.map((record) => [record[field] / unit, record.gradientNormSquared]);
        expect(curve.slice(0, stored.length)).toEqual(stored);
        const end = (axis === "round" ? result.rounds : result[field as "seconds"]) / unit;
        expect(curve.at(-1)).toEqual([end, result.gradientNormSquared]);
        const last = losses.findLast(({ series }) => series === name);
        // The best run's own curve ends before the logarithm of zero.
        if (result.loss > best) expect(last).toMatchObject({ x: end, y: result.loss - best });
      }
    }
    const bills = await drawnRows<{ series: string; usd: number }>(page, "bill");
    for (const [run, name] of Object.entries(names)) {
      const total = bills.filter(({ series }) => series === name).reduce((sum, { usd }) => sum + usd, 0);
      expect(total / storedResult(run).usd).toBeCloseTo(1, 9);
    }
    const steps = await drawnRows<{ round: number; workers: number }>(page, "workers-round");
    const { phases, rounds } = storedResult("elastic");
    expect(phases.map(({ workers }) => workers)).toEqual([2, 6]);
    expect(steps.map(({ round, workers }) => [round, workers])).toEqual([
      ...phases.map(({ round, workers }) => [round, workers]),
      [rounds, 6],
    ]);
    await page.close();
  });

  it("shows a sweep of 200 runs as curves with quartiles over the seeds, in less than 5 MB", async () => {
    const file = join(home, "sweep.json");
    const grid = {
      "algorithm.compressor.k": [1, 2, 3, 4, 6],
      "algorithm.stepSize": ["theory", { times: 2 }, { times: 4 }, { times: 8 }],
      workers: [2, 3],
    };
    const spec = { ...SPECS.marina, stop: { rounds: 8 } };
    writeFileSync(file, JSON.stringify({ name: "many", base: spec, grid, seeds: [1, 2, 3, 4, 5] }));
    await sweep(file, options);
    const folder = join(home, "sweeps", "many");
    const cells: StoredCell[] = JSON.parse(readFileSync(join(folder, "results.json"), "utf8"));
    expect(cells).toHaveLength(200);

    const [out, svg, csv] = ["sweep.html", "svg", "csv"].map((name) => join(home, name));
    await report([folder], { ...options, out: out!, svg: svg!, csv: csv! });
    expect(statSync(out!).size).toBeLessThan(5e6);
    const { page, problems } = await openPage(browser, out!);
    expect(problems).toEqual([]);

    const rows = await drawnRows<CurveRow>(page, "loss-round");
    const name = "k 3, stepSize 4 x theory, workers 2";
    const axes = { "algorithm.compressor.k": 3, "algorithm.stepSize": { times: 4 }, workers: 2 };
    const final = cells
      .filter((cell) => JSON.stringify(cell.axes) === JSON.stringify(axes))
      .map(({ result }) => result.loss)
      .sort((a, b) => a - b);
    expect(final).toHaveLength(5);
    const last = rows.findLast(({ series }) => series === name)!;
    expect([last.x, last.runs]).toEqual([8, 5]);
    // Of five values the quartiles are the second, the third and the fourth; the shift is the page's best loss.
    const shift = final[2]! - last.y;
    expect((last.low + shift) / final[1]!).toBeCloseTo(1, 6);
    expect((last.high + shift) / final[3]!).toBeCloseTo(1, 6);
    expect(shift).toBeLessThanOrEqual(Math.min(...cells.map(({ result }) => result.loss)) + 1e-8);

    // Its choices take curves out of every chart.
    const filters = page.locator("#filters");
    await filters.getByLabel("stepSize").selectOption("4 x theory");
    await filters.getByLabel("workers").selectOption("2");
    const chosen = [1, 2, 3, 4, 6].map((k) => `k ${k}, stepSize 4 x theory, workers 2`);
    expect(await drawnSeries(page, ["gradient-round", "loss-usd", "latency"])).toEqual(chosen);
    await page.close();

    expect(readFileSync(join(svg!, "gradient-round.svg"), "utf8")).toContain(`>${name}<`);
    const lines = readFileSync(join(csv!, "rounds.csv"), "utf8").trim().split("\n");
    // Each run has rounds 0 to 8.
    expect(lines).toHaveLength(1 + 200 * 9);
    const bill = readFileSync(join(csv!, "bill.csv"), "utf8").trim().split("\n").slice(1);
    const sum = bill.reduce((total, line) => total + Number(line.slice(line.lastIndexOf(",") + 1)), 0);
    const mean = cells.reduce((total, { result }) => total + result.usd, 0) / 5;
    expect(sum / mean).toBeCloseTo(1, 9);
  });
});

it("tells that a sweep's rounds are not what marina sweep wrote", async () => {
  const folder = join(home, "broken");
  mkdirSync(folder);
  writeFileSync(join(folder, "rounds.parquet"), "no rounds");
  const { readRounds } = await import("../sweep/rounds-file.ts");
  await expect(readRounds(folder)).rejects.toThrow(/rounds\.parquet: expected the rounds that marina sweep/);
});
