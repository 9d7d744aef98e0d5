/** Pages opened in a browser, all their charts drawn. */
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { drawAll, listen, newPage } from "./browser.ts";

export interface OpenPage {
  readonly page: Page;
  /** What went wrong, and what was asked for. */
  readonly problems: readonly string[];
  readonly requests: readonly string[];
}

export async function openPage(
  browser: Browser,
  path: string,
  colorScheme: "light" | "dark" = "light",
): Promise<OpenPage> {
  const page = await newPage(browser, { viewport: { width: 1200, height: 800 }, colorScheme });
  const heard = listen(page);
  await page.goto(pathToFileURL(path).href);
  await drawAll(page);
  return { page, ...heard };
}

/** The rows that a chart has drawn, from the chart itself. */
export async function drawnRows<T>(page: Page, chart: string): Promise<T[]> {
  // Vega marks its rows with symbols, which don't travel.
  return (await page.evaluate(
    `marinaCharts[${JSON.stringify(chart)}].view.data("rows").map((row) => ({ ...row }))`,
  )) as T[];
}

/** The curves that charts show now, by name. */
export async function drawnSeries(page: Page, charts: readonly string[]): Promise<string[]> {
  return (await page.evaluate(`(() => {
    const found = new Set();
    const visit = (item) => {
      if (item.marktype === "symbol" && item.role === "mark") for (const { datum } of item.items) found.add(datum.series);
      for (const inner of item.items ?? []) visit(inner);
    };
    for (const id of ${JSON.stringify(charts)}) visit(marinaCharts[id].view.scenegraph().root);
    return [...found].sort();
  })()`)) as string[];
}
