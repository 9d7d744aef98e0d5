import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CollectedRun } from "../client/collect.ts";
import { buildReport } from "./build.ts";
import { reportPage } from "./page.ts";
import { chromiumPath, launchChromium } from "./testing/browser.ts";
import { drawnSeries, openPage } from "./testing/pages.ts";
import { madeUpRun } from "./testing/runs.ts";

const HOSTILE = `</script><script>globalThis.taken = 1</script><img src=x onerror="globalThis.taken = 1">"'&\u202Ereversed ${"long ".repeat(60)}`;

describe.skipIf(chromiumPath === undefined)("a report in Chromium", { timeout: 180_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "marina-report-"));
  let browser: Browser;

  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const two = [
    madeUpRun({ run: "marina-rows", rounds: 60 }),
    madeUpRun({ run: "gd-rows", rounds: 30, rate: 0.8, spec: { algorithm: { kind: "gd" } } }),
    madeUpRun({
      run: "diana-rows",
      rounds: 50,
      spec: { algorithm: { kind: "diana", compressor: { kind: "natural" } } },
    }),
  ];
  const names = ["MARINA, rand-k 10", "GD", "DIANA, natural"];

  function write(runs: readonly CollectedRun[], title = "A test"): string {
    const path = join(folder, `${title.length}-${runs.length}.html`);
    writeFileSync(path, reportPage(buildReport(runs, { title, predicts: true })));
    return path;
  }

  const shown = (path: string, colorScheme?: "light" | "dark") => openPage(browser, path, colorScheme);

  it("loads and draws every chart without an error, and asks for nothing but itself", async () => {
    const path = write(two);
    const { page, problems, requests } = await shown(path);
    expect(problems).toEqual([]);
    expect(requests).toEqual([pathToFileURL(path).href]);
    const drawn = await page.evaluate("Object.keys(marinaCharts)");
    expect(drawn).toEqual([
      "gradient-round",
      "gradient-epochs",
      "gradient-uplink",
      "gradient-seconds",
      "gradient-usd",
      "value-round",
      "value-epochs",
      "loss-round",
      "loss-epochs",
      "loss-uplink",
      "loss-seconds",
      "loss-usd",
      "bill",
      "bill-share",
      "latency",
      "slow-rounds",
      "pareto",
    ]);
    await page.close();
  });

  it("refuses to send anything anywhere", async () => {
    const { page } = await shown(write(two));
    const refused = await page.evaluate(
      `new Promise((resolve) => { addEventListener("securitypolicyviolation", (event) => resolve(event.effectiveDirective)); fetch("http://127.0.0.1:9/").catch(() => undefined); })`,
    );
    expect(refused).toBe("connect-src");
    await page.close();
  });

  it("holds the records' own values in each of its curves", async () => {
    const { page } = await shown(write(two));
    const best = Math.min(...two.flatMap(({ records }) => records.map(({ loss }) => loss!)));
    const x = {
      round: "round",
      epochs: "epochs",
      uplink: "uplinkBitsPerWorker",
      seconds: "seconds",
      usd: "usd",
    } as const;
    for (const [axis, field] of Object.entries(x)) {
      for (const measure of ["gradient", "loss"] as const) {
        const held = await page.evaluate(
          `marinaCharts["${measure}-${axis}"].view.data("rows").map(({ series, x, y }) => ({ series, x, y }))`,
        );
        const expected = two.flatMap(({ records }, i) =>
          records
            .map((record) => ({
              series: names[i],
              x: axis === "uplink" ? record.uplinkBitsPerWorker / 1e6 : record[field],
              y: measure === "gradient" ? record.gradientNormSquared! : record.loss! - best,
            }))
            .filter(({ y }) => y > 0),
        );
        expect(held).toEqual(expected);
      }
    }
    await page.close();
  });

  it("shows the loss itself too", async () => {
    const { page } = await shown(write(two));
    const rows = (await page.evaluate(
      `marinaCharts["value-round"].view.data("rows").map(({ series, x, y }) => [series, x, y])`,
    )) as unknown[];
    expect(rows).toEqual(
      two.flatMap(({ records }, i) => records.map(({ round, loss }) => [names[i], round, loss])),
    );
    await page.close();
  });

  it("prints whole: every chart within its column, and the commands that make each run again", async () => {
    const { page } = await shown(write(two));
    await page.emulateMedia({ media: "print" });
    // A4 between its margins.
    await page.setViewportSize({ width: 703, height: 1031 });
    await page.evaluate("dispatchEvent(new Event('beforeprint'))");
    const plots = (await page.evaluate(
      `[...document.querySelectorAll("figure:not([hidden])")].map((figure) => {
        const [whole, drawn] = [figure, figure.querySelector(".plot svg")].map((one) => one.getBoundingClientRect());
        return [whole.left - drawn.left, drawn.right - whole.right, drawn.width];
      })`,
    )) as [number, number, number][];
    expect(plots.length).toBeGreaterThan(10);
    for (const [left, right, width] of plots) {
      expect(Math.max(left, right)).toBeLessThanOrEqual(1);
      expect(width).toBeGreaterThan(200);
    }
    const printed = await page.locator("#recipes pre:not(.spec)").allInnerTexts();
    expect(printed).toHaveLength(two.length);
    for (const commands of printed) expect(commands).toMatch(/data import .*\n.*run -/);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(703);
    await page.evaluate("dispatchEvent(new Event('afterprint'))");
    expect(await page.locator(".plot canvas").count()).toBe(plots.length);
    await page.close();
  });

  it("fits a phone: nothing is cut at the right, and each figure of a run is there with its name", async () => {
    const { page } = await shown(write(two));
    await page.setViewportSize({ width: 375, height: 800 });
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(375);
    const cut = await page.evaluate(
      `[...document.querySelectorAll("#runs td")].filter((cell) => cell.getBoundingClientRect().right > 375).length`,
    );
    expect(cut).toBe(0);
    const label = (await page.evaluate(
      `getComputedStyle(document.querySelector("#runs td.number"), "::before").content`,
    )) as string;
    expect(label).toMatch(/^"\w+"$/);
    await page.close();
  });

  it("takes a curve out of every chart when its box is cleared, and brings it back", async () => {
    const { page } = await shown(write(two));
    const drawn = () => drawnSeries(page, ["gradient-round", "loss-usd", "latency", "pareto"]);
    expect(await drawn()).toEqual([...names].sort());
    const box = page.getByRole("checkbox", { name: "GD", exact: true });
    await box.focus();
    await page.keyboard.press("Space");
    expect(await drawn()).toEqual(["DIANA, natural", "MARINA, rand-k 10"]);
    await box.check();
    expect(await drawn()).toEqual([...names].sort());
    await page.close();
  });

  it("tells the values nearest to the pointer, with their units", async () => {
    const { page } = await shown(write(two));
    const plot = page.locator("#chart-gradient-seconds canvas");
    await plot.scrollIntoViewIfNeeded();
    const box = (await plot.boundingBox())!;
    await page.mouse.move(box.x + box.width * 0.5, box.y + box.height * 0.4);
    await page.mouse.move(box.x + box.width * 0.52, box.y + box.height * 0.42);
    const tooltip = page.locator("#tooltip");
    await tooltip.waitFor({ state: "visible" });
    const text = await tooltip.textContent();
    expect(text).toMatch(/curve(MARINA, rand-k 10|GD|DIANA, natural)/);
    expect(text).toMatch(/time, s, predicted[\d.]+/);
    expect(text).toMatch(/‖∇f\(x\)‖²\d\.\d{4}e[−-]\d/);
    await page.close();
  });

  it("follows the system's dark mode until the reader chooses", async () => {
    const { page } = await shown(write(two), "dark");
    const background = () =>
      page.evaluate(
        `[getComputedStyle(document.body).backgroundColor, marinaCharts["gradient-round"].view.background()]`,
      );
    expect(await background()).toEqual(["rgb(22, 25, 29)", "#16191d"]);
    await page.getByLabel("theme").selectOption("light");
    expect(await background()).toEqual(["rgb(255, 255, 255)", "#ffffff"]);
    await page.close();
  });

  it("zooms by keys and shows all again", async () => {
    const { page } = await shown(write(two));
    const domain = () =>
      page.evaluate(`marinaCharts["gradient-round"].view.scale("x").domain()`) as Promise<[number, number]>;
    const whole = await domain();
    await page.locator("#chart-gradient-round .plot").focus();
    await page.keyboard.press("+");
    const [from, to] = await domain();
    expect(to - from).toBeCloseTo(0.8 * (whole[1] - whole[0]), 9);
    await page.keyboard.press("0");
    expect(await domain()).toEqual(whole);
    await page.close();
  });

  it("lists the numbers behind a chart", async () => {
    const { page } = await shown(write(two));
    await page.locator("#chart-gradient-round summary").click();
    // The table is drawn when the browser tells of the opening, which is after the click.
    await page.locator("#chart-gradient-round tbody tr").first().waitFor();
    expect(await page.locator("#chart-gradient-round tbody tr").count()).toBe(61 + 31 + 51);
    await page.close();
  });

  it("shows hostile titles, errors and file names as text", async () => {
    const hostile = [
      madeUpRun({ run: "marina-rows", error: HOSTILE, dataFile: HOSTILE }),
      madeUpRun({ run: "gd-rows", spec: { algorithm: { kind: "gd" } } }),
    ];
    const { page, problems, requests } = await shown(write(hostile, HOSTILE));
    await page.locator("#recipes summary").first().click();
    expect(await page.evaluate("globalThis.taken")).toBeUndefined();
    expect(problems).toEqual([]);
    expect(requests).toHaveLength(1);
    expect(await page.locator("h1").textContent()).toBe(HOSTILE);
    expect(await page.locator("#runs").textContent()).toContain(HOSTILE);
    expect(await page.locator("#recipes pre").first().textContent()).toContain("</script><script>");
    expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
    await page.close();
  });

  it("shows hostile labels of a sweep as text, no wider than the page, however narrow that is", async () => {
    const data = buildReport(two, { title: "A sweep", predicts: true });
    const hostile = (name: string, i: number) => (i === 0 ? HOSTILE : name);
    const series = data.series.map((one, i) => ({
      ...one,
      name: hostile(one.name, i),
      settings: { run: hostile(one.name, i), [`k ${HOSTILE}`]: String(i) },
    }));
    const path = join(folder, "hostile-sweep.html");
    writeFileSync(path, reportPage({ ...data, series }));
    const { page, problems } = await shown(path);
    expect(await page.evaluate("globalThis.taken")).toBeUndefined();
    expect(problems).toEqual([]);
    expect(await page.locator("#legend").textContent()).toContain(HOSTILE);
    expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
    await page.setViewportSize({ width: 390, height: 800 });
    expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
    await page.close();
  });

  it("weighs less than 5 MB for 200 runs of 4,000 rounds, and draws them", async () => {
    const many = Array.from({ length: 200 }, (_, i) =>
      madeUpRun({
        run: `run-${i}`,
        rounds: 4000,
        seed: i,
        rate: 0.998,
        spec: { algorithm: { kind: "marina", compressor: { kind: "rand-k", k: 1 + i } } },
      }),
    );
    const path = write(many);
    expect(statSync(path).size).toBeLessThan(5e6);
    const { page, problems } = await shown(path);
    expect(problems).toEqual([]);
    await page.close();
  });
});
