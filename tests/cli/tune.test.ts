/** `marina tune` over several parameters, as people call it. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { lastLine, marina, type Outcome } from "../fixtures/cli.ts";

let cwd: string;
beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), "marina-tune-"));
  const rows = Array.from({ length: 60 }, (_, i) => `${i % 2 ? 1 : -1} ${1 + (i % 7)}:1 ${8 + (i % 5)}:1\n`);
  writeFileSync(join(cwd, "rows.svm"), rows.join(""));
  writeFileSync(
    join(cwd, "spec.json"),
    JSON.stringify({
      data: "rows",
      workers: 3,
      problem: { kind: "nonconvex-binary" },
      algorithm: { kind: "marina", compressor: { kind: "rand-k", k: 3 } },
      stop: { rounds: 900, relativeGradientNormSquared: 1e-2 },
    }),
  );
  const { code, stderr } = await marina(["data", "import", "rows.svm"], { cwd });
  if (code !== 0) throw new Error(stderr);
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const tune = (...args: string[]): Promise<Outcome> =>
  marina(["tune", "spec.json", ...args, "--jobs", "1"], { cwd });

interface Found {
  readonly values: Readonly<Record<string, unknown>>;
  readonly cost: number;
  readonly tried: number;
  readonly trials: readonly { readonly values: object; readonly cost: number | null }[];
}

const GRID = [
  "--parameter",
  "algorithm.compressor.k=2,6,48",
  "--parameter",
  'stepSize=theory,{"times":4},{"times":16}',
];

it("tries every combination that the data allow, and tells the best by the rule of its caption", async () => {
  const { code, stdout, stderr } = await tune(...GRID, "--by", "bits");
  expect(code, stderr).toBe(0);
  expect(stderr).toMatch(/algorithm\.compressor\.k: 48 becomes 12, as it is refused/);
  const found = JSON.parse((await tune(...GRID, "--by", "bits", "--json")).stdout) as Found;
  expect(found.trials).toHaveLength(9);
  const costs = found.trials.map(({ cost }) => cost ?? Infinity);
  // What is cheaper than the best has not brought the loss down, and the table says so.
  const cheaper = costs.filter((cost) => cost < found.cost).length;
  expect(stdout.match(/loss too high/g)?.length ?? 0).toBeGreaterThanOrEqual(cheaper);
  expect(costs).toContain(found.cost);
  expect(stdout.match(/ best$/gm)).toHaveLength(1);
  expect(stdout).toMatch(
    /^best: the least uplink bits \(median over the seeds\) of all values with which the accuracy/m,
  );
  // The best can be run as it is printed.
  const line = /^best by bits: (.*)$/m.exec(stdout)![1]!;
  const set = [...line.matchAll(/--set '([^']*)'/g)].flatMap(([, change]) => ["--set", change!]);
  const again = await marina(["run", "spec.json", "--json", ...set], { cwd });
  expect((JSON.parse(lastLine(again.stdout)) as { uplinkBitsPerWorker: number }).uplinkBitsPerWorker).toBe(
    found.cost,
  );
});

it("draws combinations by a key, and bounds the runs", async () => {
  const drawn = async (...args: string[]) =>
    JSON.parse(lastLine((await tune(...GRID, "--json", ...args)).stdout)) as Found;
  const one = await drawn("--random", "4", "--search-seed", "7");
  expect(one.trials).toHaveLength(4);
  expect(await drawn("--random", "4", "--search-seed", "7")).toEqual(one);
  const bounded = await tune(...GRID, "--json", "--max-trials", "3");
  expect((JSON.parse(lastLine(bounded.stdout)) as Found).trials).toHaveLength(3);
  expect(bounded.stderr).toMatch(/--max-trials 3 is used up: 6 combinations were not tried/);
});

it("ends hopeless trials early, and finds as good a one", async () => {
  const halved = await tune(...GRID, "--halving", "--json");
  expect(halved.code, halved.stderr).toBe(0);
  expect(halved.stderr).toMatch(/after 300 rounds 3 of 9 go on/);
  expect((JSON.parse(lastLine(halved.stdout)) as Found).trials).toHaveLength(3);
});

it("finds what ends with the least loss, for which no accuracy need be reached, and shortens it too", async () => {
  const short = ["--set", "stop.rounds=90", "--set", "stop.relativeGradientNormSquared=1e-9", "--by", "loss"];
  const found = JSON.parse((await tune(...GRID, "--json", ...short)).stdout) as Found;
  expect(found.cost).toBe(Math.min(...found.trials.map(({ cost }) => cost!)));
  const set = Object.entries(found.values).flatMap(([field, value]) => [
    "--set",
    `${field}=${JSON.stringify(value)}`,
  ]);
  const again = await marina(["run", "spec.json", "--json", ...short.slice(0, 4), ...set], { cwd });
  expect((JSON.parse(lastLine(again.stdout)) as { loss: number }).loss).toBe(found.cost);
  const halved = await tune(...GRID, "--halving", "--json", ...short);
  expect((JSON.parse(lastLine(halved.stdout)) as Found).trials).toHaveLength(3);
  const unseen = await tune(...GRID, "--by", "held-out-error");
  expect(unseen.code).not.toBe(0);
  expect(unseen.stderr).toMatch(
    /heldOutError ranks runs by the accuracy on held-out data, and the spec has no/,
  );
});

it("refuses flags and values that mean nothing", async () => {
  expect((await tune("--random", "3")).stderr).toMatch(/are for given values/);
  expect((await tune("--parameter", "workers=")).stderr).toMatch(/expected FIELD=VALUE/);
  const twice = await tune("--parameter", "workers=2,3", "--parameter", "workers=4");
  expect([twice.code, twice.stderr]).toEqual([2, expect.stringMatching(/workers: expected it once/)]);
});

it("ends at a budget of predicted dollars, at the same trial however many run at one time", async () => {
  const outcomes = [];
  for (const jobs of ["1", "2"]) {
    const args = ["tune", "spec.json", ...GRID, "--max-usd", "0.000001", "--jobs", jobs];
    outcomes.push(await marina(args, { cwd }));
  }
  for (const { code, stdout, stderr } of outcomes) {
    expect(code).toBe(1);
    expect(lastLine(stderr)).toMatch(
      /^marina: the search is not at its end: --max-usd 0.000001 is used up after 1 trial, predicted to cost \$[\d.]+ on AWS; 8 more were to come$/,
    );
    // What the one has come to is told.
    expect(stdout).toMatch(/^best: the least uplink bits/m);
  }
  expect(lastLine(outcomes[1]!.stderr)).toBe(lastLine(outcomes[0]!.stderr));
});
