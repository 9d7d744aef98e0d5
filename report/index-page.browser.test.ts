import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type IndexedRun, indexPage } from "./index-page.ts";
import { chromiumPath, launchChromium, listen, newPage } from "./testing/browser.ts";

function indexed(run: string, changes: Partial<IndexedRun>): IndexedRun {
  return {
    run,
    method: "MARINA, rand-k 10",
    data: "rows",
    workers: "5",
    begun: Date.UTC(2026, 10, 28, 1, 2),
    ended: "accuracy reached",
    rounds: 100,
    relativeGradientNormSquared: 1e-3,
    uplinkMbit: 0.5,
    seconds: 12,
    usd: 0.01,
    commands: [["Make it again", `node cli/marina.js run ${run}.json # <b>&"`]],
    ...changes,
  };
}

const RUNS = [
  indexed("middle", { usd: 0.5, begun: Date.UTC(2026, 0, 2) }),
  indexed("dear", { usd: 12.25, begun: Date.UTC(2026, 0, 3), method: "<script>GD</script>" }),
  indexed("going", { usd: null, rounds: null, ended: "running", begun: null }),
  indexed("cheap", { usd: 0.0009, begun: Date.UTC(2026, 0, 1) }),
];

describe.skipIf(chromiumPath === undefined)("the page of all runs", () => {
  let browser: Browser;
  let folder: string;
  let page: Page;
  let problems: readonly string[];
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "marina-index-"));
    const path = join(folder, "index.html");
    writeFileSync(path, indexPage(RUNS, { title: "All runs", predicts: true }));
    browser = await launchChromium();
    page = await newPage(browser, { viewport: { width: 1200, height: 800 } });
    ({ problems } = listen(page));
    await page.goto(pathToFileURL(path).href);
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const names = () => page.locator("#all-runs tbody tr:visible td:first-child").allInnerTexts();
  const column = (heading: string) => page.getByRole("button", { name: heading });

  it("lists all of them, the newest first, with dates, dollars and why they ended", async () => {
    expect(await names()).toEqual(["dear", "middle", "cheap", "going"]);
    const first = await page.locator("#all-runs tbody tr").first().textContent();
    expect(first).toContain("2026-01-03 00:00 UTC");
    expect(first).toContain("<script>GD</script>");
    expect(first).toContain("accuracy reached");
    expect(await page.locator("main > .note").textContent()).toMatch(
      /^4 runs, \$12\.8 \(predicted\) together/,
    );
    expect(problems).toEqual([]);
  });

  it("is sorted by a heading, with the keyboard too; what is not known comes last", async () => {
    await column("US$ (predicted)").focus();
    await page.keyboard.press("Enter");
    expect(await names()).toEqual(["cheap", "middle", "dear", "going"]);
    await page.keyboard.press("Enter");
    expect(await names()).toEqual(["dear", "middle", "cheap", "going"]);
    await column("run").click();
    expect(await names()).toEqual(["cheap", "dear", "going", "middle"]);
    expect(await page.locator("th[aria-sort]").allInnerTexts()).toHaveLength(1);
  });

  it("shows the runs whose line has the words asked for", async () => {
    await page.locator("#words").fill("running");
    expect(await names()).toEqual(["going"]);
    await page.locator("#words").fill("");
    expect(await names()).toHaveLength(4);
  });

  it("leads from a name to the commands that make the run again", async () => {
    await page.getByRole("link", { name: "cheap" }).click();
    const shown = page.locator("#run-cheap pre");
    await shown.waitFor({ state: "visible" });
    expect(await shown.textContent()).toBe('node cli/marina.js run cheap.json # <b>&"');
  });

  it("fits a phone", async () => {
    await page.setViewportSize({ width: 375, height: 800 });
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(375);
    await column("rounds").click();
    expect((await names()).at(-1)).toBe("going");
    // A number stays in one line.
    const heights = (await page.evaluate(
      `[...document.querySelectorAll("td.number")].map((cell) => {
        const range = document.createRange();
        range.selectNodeContents(cell);
        return range.getClientRects().length;
      })`,
    )) as number[];
    expect(Math.max(...heights)).toBe(1);
  });
});
