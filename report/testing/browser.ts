/** Debian's Chromium, for tests: where it is, and how it is started so that it asks the network for nothing. */
import { existsSync } from "node:fs";
import { type Browser, chromium, type Page } from "playwright-core";
import places from "../../scripts/chromium-places.json" with { type: "json" };

/** Chromium's own limit of 30 s is short where many tests share few cores. */
const PATIENCE_MILLISECONDS = 120_000;

export const chromiumPath = [process.env["CHROMIUM"], ...places].find(
  (path) => path !== undefined && existsSync(path),
);
if (chromiumPath === undefined) {
  console.warn(
    "no Chromium here: the pages' tests in a browser are left out (apt-get install chromium, or CHROMIUM=path)",
  );
}

/** With a fresh profile. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: chromiumPath!,
    headless: true,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

/** A new page that waits as long as tests do. */
export async function newPage(
  browser: Browser,
  options: Parameters<Browser["newPage"]>[0] = {},
): Promise<Page> {
  const page = await browser.newPage(options);
  page.setDefaultTimeout(PATIENCE_MILLISECONDS);
  return page;
}

/** What went wrong on a page, and what it asked for. */
export function listen(page: Page): { readonly problems: string[]; readonly requests: string[] } {
  const problems: string[] = [];
  const requests: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") problems.push(message.text());
  });
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("request", (request) => requests.push(request.url()));
  return { problems, requests };
}

/** Scrolls through the page, so that all charts are drawn. */
export async function drawAll(page: Page): Promise<void> {
  await page.waitForFunction("globalThis.marinaCharts !== undefined");
  await page.evaluate(`(async () => {
    for (const { figure } of Object.values(marinaCharts)) {
      figure.scrollIntoView();
      await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    }
  })()`);
  await page.waitForFunction("Object.values(marinaCharts).every(({ view }) => view !== null)");
}
