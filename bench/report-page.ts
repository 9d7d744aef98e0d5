/** The page of a sweep of 200 real runs: how long it takes to write, how much it weighs, how long until Chromium shows it. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { writeReport } from "../cli/actions/report.ts";
import { runSweep } from "../cli/actions/sweep.ts";
import { reportPage } from "../report/page.ts";
import { readSweepReport } from "../report/sweep-report.ts";
import { chromiumPath, launchChromium } from "../report/testing/browser.ts";
import { homeWithRows } from "../report/testing/home.ts";
import { writeRounds } from "../sweep/rounds-file.ts";
import { writeSweepFiles } from "../sweep/sweep-files.ts";
import { parseSweep } from "../sweep/sweep-spec.ts";

const ROUNDS = 500;
const REPEATS = 5;
const SEEDS_OF_BANDS = 5;

const base = {
  data: "rows",
  problem: { kind: "logistic" },
  algorithm: { kind: "marina", compressor: { kind: "rand-k", k: 3 } },
  stop: { rounds: ROUNDS },
};
const steps = [1, 0.5, 0.25, 0.125, 0.0625].map((times) => ({ times }));
/** 40 settings. */
const grid = {
  workers: [2, 3, 4, 6],
  "algorithm.compressor.k": [2, 4],
  "algorithm.stepSize": steps,
};

/** @param seeds 5: 40 curves with bands; 1: 200 curves, of five times as many settings */
async function measure(home: string, seeds: number): Promise<void> {
  const settings = seeds === 1 ? { ...grid, "algorithm.probability": [0.1, 0.2, 0.3, 0.4, 0.5] } : grid;
  const sweep = parseSweep(
    { name: `seeds-${seeds}`, base, grid: settings, seeds: Array.from({ length: seeds }, (_, i) => i + 1) },
    "bench",
  );
  const progress = { begin: () => undefined, step: () => undefined, end: () => undefined };
  const { finished, groups, rounds } = await runSweep({ sweep, base }, { home, progress });
  const folder = join(home, "sweeps", sweep.name);
  writeSweepFiles(folder, finished, groups);
  await writeRounds(folder, finished, rounds);
  const started = performance.now();
  const { data } = await readSweepReport(join(folder, "results.json"), async () => undefined);
  const page = reportPage(data);
  const written = performance.now() - started;
  console.log(
    `${finished.length} runs of ${ROUNDS} rounds, ${groups.length} curves of ${seeds} seeds: page made in ${written.toFixed(0)} ms, ${(Buffer.byteLength(page) / 1e6).toFixed(2)} MB`,
  );
  if (chromiumPath === undefined) return;
  const path = join(home, "report.html");
  writeReport(data, path);
  const browser = await launchChromium();
  try {
    const times: number[] = [];
    for (let i = 0; i < REPEATS; i++) {
      const tab = await browser.newPage({ viewport: { width: 1280, height: 900 } });
      const from = performance.now();
      await tab.goto(pathToFileURL(path).href);
      await tab.waitForFunction("Object.values(globalThis.marinaCharts ?? {})[0]?.view");
      times.push(performance.now() - from);
      await tab.close();
    }
    times.sort((a, b) => a - b);
    console.log(
      `  first chart shown after ${times[Math.floor(REPEATS / 2)]!.toFixed(0)} ms (median of ${REPEATS}, largest ${times.at(-1)!.toFixed(0)})`,
    );
  } finally {
    await browser.close();
  }
}

const home = await homeWithRows("bench-report");
try {
  await measure(home, SEEDS_OF_BANDS);
  await measure(home, 1);
} finally {
  rmSync(home, { recursive: true, force: true });
}
