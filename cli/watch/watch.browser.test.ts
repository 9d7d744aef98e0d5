import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { importLibsvm } from "../../shared/data/import.ts";
import { EmbeddedEngine } from "../engines/embedded.ts";
import { chromiumPath, launchChromium, listen } from "../report/testing/browser.ts";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));
const CONNECTION_LOST = "connection lost";

describe.skipIf(chromiumPath === undefined)("marina watch", () => {
  const home = mkdtempSync(join(tmpdir(), "marina-watch-"));
  const children: ChildProcess[] = [];
  let browser: Browser;

  beforeAll(async () => {
    browser = await launchChromium();
    const engine = new EmbeddedEngine(home);
    const lines = Array.from(
      { length: 60 },
      (_, i) => `${i % 2 === 0 ? 1 : -1} ${1 + (i % 7)}:1 ${8 + (i % 5)}:1\n`,
    ).join("");
    await importLibsvm(Readable.from([Buffer.from(lines)]), {
      name: "rows",
      sourceName: "rows.svm",
      labels: "binary",
      objects: engine.objects,
    });
    await engine.close();
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
    const page = await browser.newPage();
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

  it("says on the page that the command has ended, when it has", async () => {
    const run = marina("run", specFile("second", 1_000_000));
    await run.until(/second: round/);
    const watching = marina("watch", "second");
    const page = await browser.newPage();
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
