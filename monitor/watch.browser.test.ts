import { type ChildProcess, spawn } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EmbeddedEngine } from "../client/engines/embedded.ts";
import { chromiumPath, launchChromium, listen, newPage } from "../report/testing/browser.ts";
import { homeWithRows } from "../report/testing/home.ts";
import { drawnRows } from "../report/testing/pages.ts";

const MAIN = fileURLToPath(new URL("../cli/main.ts", import.meta.url));
const CONNECTION_LOST = "connection lost";

describe.skipIf(chromiumPath === undefined)("marina watch", { timeout: 240_000 }, () => {
  let home: string;
  const children: ChildProcess[] = [];
  let browser: Browser;

  beforeAll(async () => {
    browser = await launchChromium();
    home = await homeWithRows("watch");
  });
  afterAll(async () => {
    await browser?.close();
    for (const child of children) child.kill("SIGKILL");
    rmSync(home, { recursive: true, force: true });
  });

  function marina(...words: string[]) {
    const child = spawn(process.execPath, [MAIN, ...words, "--home", home], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    children.push(child);
    let said = "";
    child.stdout.on("data", (chunk) => {
      said += String(chunk);
    });
    child.stderr.on("data", (chunk) => {
      said += String(chunk);
    });
    const ended = new Promise<number | null>((resolve) => child.on("exit", resolve));
    const until = async (pattern: RegExp): Promise<string> => {
      for (;;) {
        const found = pattern.exec(said);
        if (found !== null) return found[0];
        if (child.exitCode !== null)
          throw new Error(`marina ${words.join(" ")} ended before ${pattern}: ${said}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    };
    return { child, ended, until };
  }

  function specFile(name: string, rounds: number): string {
    const path = join(home, `${name}.json`);
    const algorithm = { kind: "marina", compressor: { kind: "rand-k", k: 2 }, stepSize: { times: 0.001 } };
    writeFileSync(
      path,
      JSON.stringify({
        name,
        data: "rows",
        workers: 3,
        problem: { kind: "logistic" },
        algorithm,
        stop: { rounds },
      }),
    );
    return path;
  }

  it("follows a run that another process drives, and stops it by its button", async () => {
    const run = marina("run", specFile("endless", 1_000_000));
    await run.until(/endless: round/);
    const watching = marina("watch", "endless");
    const url = await watching.until(/http:\S+/);
    const page = await newPage(browser);
    const { problems, requests } = listen(page);
    await page.goto(url);
    const rows = () =>
      page.evaluate(`marinaCharts["gradient-round"].rows().at(-1)?.x ?? 0`) as Promise<number>;
    const before = await rows();
    await page.waitForFunction(`marinaCharts["gradient-round"].rows().at(-1)?.x > ${before + 50}`);
    expect(await page.locator("#state").textContent()).toMatch(
      /endless: running, round [\d,]+ of at most 1,000,000/,
    );

    await page.getByRole("button", { name: /Stop the run/ }).click();
    await page.waitForFunction(`document.querySelector("#state").textContent.includes("endless: stopped")`);
    expect(await run.ended).toBe(130);
    expect(await page.getByRole("button", { name: /Stop the run/ }).isVisible()).toBe(false);
    expect(problems).toEqual([]);
    expect(new Set(requests.map((asked) => asked.replace(url, "")))).toEqual(new Set(["", "events", "stop"]));

    // The page's final round is the run's.
    const result = await new EmbeddedEngine(home).objects.get("runs/endless/result.json");
    const { rounds } = JSON.parse(new TextDecoder().decode(result.body)) as { rounds: number };
    expect(await rows()).toBe(rounds);

    watching.child.kill("SIGINT");
    expect(await watching.ended).toBe(0);
    await expect(fetch(url)).rejects.toThrow();
    await page.close();
  });

  it("scales a run by its button, and shows the workers over time", async () => {
    const run = marina("run", specFile("scaled", 1_000_000));
    await run.until(/scaled: round/);
    const watching = marina("watch", "scaled");
    const page = await newPage(browser);
    const { problems } = listen(page);
    await page.goto(await watching.until(/http:\S+/));
    const field = page.getByLabel("workers", { exact: true });
    await field.fill("6");
    await page.getByLabel("at once").check();
    await page.getByRole("button", { name: "Go on with so many" }).click();
    await page.waitForFunction(`document.querySelector("#state").textContent.includes(", 6 workers")`);
    await page.locator("#chart-workers-round").scrollIntoViewIfNeeded();
    await page.waitForFunction(`marinaCharts["workers-round"].view !== null`);
    const steps = await drawnRows<{ workers: number; cause: string }>(page, "workers-round");
    expect(steps.slice(0, 2).map(({ workers, cause }) => [workers, cause])).toEqual([
      [3, "start"],
      [6, "marina scale"],
    ]);
    // PP-MARINA has participants, this method has none.
    expect(await page.locator("#chart-participants-round").isVisible()).toBe(false);
    const participants = page.getByLabel("participants", { exact: true });
    expect(await participants.count()).toBe(1);
    expect(await participants.isVisible()).toBe(false);

    await field.fill("61");
    await page.getByRole("button", { name: "Go on with so many" }).click();
    await page.waitForFunction(
      `document.querySelector("#answer").textContent.includes("expected at most 60 (the rows of rows), got 61")`,
    );
    await page.getByRole("button", { name: /Stop the run/ }).click();
    await page.waitForFunction(`document.querySelector("#state").textContent.includes("scaled: stopped")`);
    expect(await field.isVisible()).toBe(false);
    expect(await run.ended).toBe(130);
    // The one refusal, which the browser reports as such.
    expect(problems).toEqual([expect.stringContaining("409")]);
    watching.child.kill("SIGINT");
    expect(await watching.ended).toBe(0);
    await page.close();
  });

  it("says on the page that the command has ended, when it has", async () => {
    const run = marina("run", specFile("second", 1_000_000));
    await run.until(/second: round/);
    const watching = marina("watch", "second");
    const page = await newPage(browser);
    await page.goto(await watching.until(/http:\S+/));
    await page.waitForFunction(`document.querySelector("#state").textContent.includes("running")`);
    watching.child.kill("SIGTERM");
    await watching.ended;
    await page.waitForFunction(`document.querySelector("#state").textContent.includes("${CONNECTION_LOST}")`);
    run.child.kill("SIGINT");
    expect(await run.ended).toBe(130);
    await page.close();
  });

  it("ends with the run in the terminal, and tells its end", async () => {
    const run = marina("run", specFile("short", 40));
    expect(await run.ended).toBe(0);
    const watching = marina("watch", "short", "--terminal");
    expect(await watching.until(/short: .*\n.*\n.*/)).toMatch(
      /short: done, rounds used up, after 40 rounds\n {2}\|∇f\|² \S+ [▁-█]+ /,
    );
    expect(await watching.ended).toBe(0);
  });
});
