/** The page of a 200-run sweep: how long it takes to write, how much it weighs, how long until Chromium shows it. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { buildReport } from "../cli/report/build.ts";
import { reportPage } from "../cli/report/page.ts";
import { chromiumPath, launchChromium } from "../cli/report/testing/browser.ts";
import { madeUpRun } from "../cli/report/testing/runs.ts";

const ROUNDS = 5000;
const REPEATS = 5;

/** @param cells curves; 200 / cells seeds each */
async function measure(cells: number): Promise<void> {
  const runs = Array.from({ length: 200 }, (_, i) =>
    madeUpRun({
      run: `run-${i}`,
      rounds: ROUNDS,
      rate: 0.998,
      seed: Math.floor(i / cells),
      spec: { algorithm: { kind: "marina", compressor: { kind: "rand-k", k: 1 + (i % cells) } } },
    }),
  );
  const started = performance.now();
  const page = reportPage(buildReport(runs, { title: "Sweep", predicts: true }));
  const written = performance.now() - started;
  console.log(
    `${cells} curves of ${200 / cells} seeds, ${ROUNDS} rounds each: written in ${written.toFixed(0)} ms, ${(Buffer.byteLength(page) / 1e6).toFixed(2)} MB`,
  );
  if (chromiumPath === undefined) return;
  const folder = mkdtempSync(join(tmpdir(), "marina-bench-"));
  const path = join(folder, "report.html");
  writeFileSync(path, page);
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
    rmSync(folder, { recursive: true, force: true });
  }
}

await measure(200);
await measure(20);
