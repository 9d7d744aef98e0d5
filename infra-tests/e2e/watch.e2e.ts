/** `marina watch` on the deployed service: a run of a minute to its end, one that is stopped, one that fails. */
import { rmSync } from "node:fs";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { chromiumPath, launchChromium, listen, newPage } from "../../report/testing/browser.ts";
import { drawnRows } from "../../report/testing/pages.ts";
import { parseManifest } from "../../shared/data/manifest.ts";
import { manifestKey } from "../../shared/protocol/keys.ts";
import { parseRunSpec } from "../../shared/protocol/spec/spec.ts";
import { onStack, scratchFolder } from "./testing/command.ts";
import { importMushrooms, importSomeRows, Service } from "./testing/service.ts";
import { MARINA, RUN_SECONDS, spec } from "./testing/specs.ts";
import { newsOf, press, watch } from "./testing/watched.ts";

const SECONDS = 60;
const DATA = "mushrooms-watch";
const cloud = inject("cloud");
const service = new Service(cloud);
const folder = scratchFolder();

beforeAll(() => importMushrooms(service.ports.objects, DATA));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Rows can be split among any number of workers, and it goes on until it is stopped or its time is over. */
function endless(name: string, seconds: number) {
  return parseRunSpec(
    {
      ...{ name, data: DATA, workers: 4, problem: { kind: "nonconvex-binary" } },
      ...{ algorithm: MARINA, stop: { rounds: 1_000_000, seconds }, evaluateEvery: 1 },
    },
    name,
  );
}

test(
  "a run of a minute is followed to its end, scaled on the way, and its last picture is its result",
  async () => {
    const run = await service.launch(endless("watched", SECONDS));
    await service.reached(run, 2, RUN_SECONDS);
    const watching = await watch(cloud, run, folder);
    const { url, child, outcome } = watching;
    const following = newsOf(url);
    const browser = chromiumPath === undefined ? undefined : await launchChromium();
    const page = browser === undefined ? undefined : await newPage(browser);
    const heard = page === undefined ? undefined : listen(page);
    await page?.goto(url);

    const order = JSON.stringify({ run, workers: 6, now: true });
    const answer = await press(url, "scale", order);
    expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining("6 workers")]);

    const news = await following;
    const result = await service.ended(run, RUN_SECONDS);
    expect(result).toMatchObject({ status: "done", stoppedBy: "seconds", constants: { workers: 6 } });
    expect(result.seconds).toBeGreaterThan(0.8 * SECONDS);
    // It was seen on its way, not only at its end.
    const rounds = news.map(({ data }) => data.runs[0]!.rounds);
    expect(new Set(rounds).size).toBeGreaterThan(10);
    expect([...rounds].sort((a, b) => a - b)).toEqual(rounds);
    expect(news.some(({ state }) => state.includes("6 workers"))).toBe(true);
    expect(rounds.at(-1)).toBe(result.rounds);
    expect(news.at(-1)!.state).toBe(
      `${run}: done, time used up, after ${result.rounds.toLocaleString("en-US")} rounds`,
    );

    if (page !== undefined) {
      await page.waitForFunction(
        `document.querySelector("#state").textContent.includes("watched: done, time used up")`,
      );
      const norms = await drawnRows<{ x: number; y: number }>(page, "gradient-seconds");
      expect(norms.at(-1)).toMatchObject({ x: result.seconds, y: result.gradientNormSquared });
      expect(heard?.problems).toEqual([]);
    }
    await browser?.close();

    // Another origin and a wrong token get nothing; and the server dies with the command.
    expect((await fetch(url, { headers: { origin: "http://evil.example" } })).status).toBe(403);
    expect((await fetch(`${new URL(url).origin}/${"x".repeat(32)}/`)).status).toBe(403);
    child.kill("SIGINT");
    expect((await outcome).code).toBe(0);
    await expect(fetch(url)).rejects.toThrow();
  },
  1000 * (SECONDS + 2 * RUN_SECONDS),
);

test("a run that is stopped on the page shows as stopped, in the terminal too", async () => {
  const run = await service.launch(endless("watched-stopped", 1000));
  await service.reached(run, 5, RUN_SECONDS);
  const { url, child, outcome } = await watch(cloud, run, folder);
  const following = newsOf(url);
  expect((await press(url, "stop")).status).toBe(200);
  const news = await following;
  const { rounds } = await service.ended(run, RUN_SECONDS);
  expect(news.at(-1)!.state).toBe(`${run}: stopped, after ${rounds.toLocaleString("en-US")} rounds`);
  child.kill("SIGINT");
  expect((await outcome).code).toBe(0);

  const terminal = await onStack(cloud, ["watch", run, "--terminal"], { cwd: folder });
  expect(terminal.code).toBe(0);
  expect(terminal.stdout).toMatch(
    /watched-stopped: stopped, after [\d,]+ rounds\n {2}\|∇f\|² \S+ [▁-█]+ \S+\n/,
  );
});

test("a run that fails shows as failed, with its reason, and so does the command", async () => {
  const data = "watch-poisoned";
  await importSomeRows(service.ports.objects, data, 900);
  const { run, control } = await service.create({ ...spec("watched-failed", MARINA, 40), data });
  const key = manifestKey(data);
  const { object } = parseManifest((await service.ports.objects.get(key)).body, key);
  const rows = new Uint8Array((await service.ports.objects.get(object.key)).body);
  rows[rows.length - 1]! ^= 1;
  await service.ports.objects.put(object.key, rows);
  await service.send(control);
  const { url, child, outcome } = await watch(cloud, run, folder);
  const news = await newsOf(url);
  expect(news.at(-1)!.state).toMatch(/^watched-failed: failed, .*are not those that were imported/);
  child.kill("SIGINT");
  expect((await outcome).code).toBe(1);
});
