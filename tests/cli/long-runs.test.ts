/** Runs that may take days are asked about; runs that could be cheaper packed say so. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { lastLine, marina } from "../fixtures/cli.ts";

let cwd: string;
beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), "marina-long-"));
  const rows = Array.from({ length: 60 }, (_, i) => `${i % 2 ? 1 : -1} ${1 + (i % 7)}:1 ${8 + (i % 5)}:1\n`);
  writeFileSync(join(cwd, "rows.svm"), rows.join(""));
  const { code, stderr } = await marina(["data", "import", "rows.svm"], { cwd });
  if (code !== 0) throw new Error(stderr);
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const spec = (workers: number, rounds: number) =>
  JSON.stringify({
    name: `n${workers}`,
    data: "rows",
    workers,
    problem: { kind: "logistic" },
    algorithm: { kind: "marina", compressor: { kind: "rand-k", k: 3 } },
    stop: { rounds },
  });

it("starts no run of four billion rounds without being told to", async () => {
  const { code, stderr } = await marina(["run", "-"], { cwd, input: spec(3, 4_000_000_000) });
  expect(code).toBe(2);
  expect(stderr).toMatch(
    /^predicted: up to 4,000,000,000 rounds, about \S+ days of this machine; on AWS \$\d+/m,
  );
  expect(stderr).toMatch(/nothing was started: it may take days, .* --yes/);
  expect((await marina(["list"], { cwd })).stdout).toMatch(/no runs yet/);
  // A limit of dollars makes it a short one.
  const bounded = await marina(["run", "-", "--set", "stop.usd=0.0005"], {
    cwd,
    input: spec(3, 4_000_000_000),
  });
  expect([bounded.code, bounded.stdout]).toEqual([0, expect.stringMatching(/dollars used up/)]);
});

it("says after a run what packing would have made of it, and not of one that is packed", async () => {
  const plain = await marina(["run", "-", "--json"], { cwd, input: spec(30, 100) });
  expect(plain.stderr).toMatch(
    /^packing: with "shardsPerTask": "auto" it would take .*: [\d.]+ x cheaper, [\d.]+ x faster, the same bits$/m,
  );
  const told = Number(/: ([\d.]+) x cheaper/.exec(plain.stderr)![1]);
  const packed = await marina(["run", "-", "--json", "--set", 'shardsPerTask="auto"'], {
    cwd,
    input: spec(30, 100),
  });
  expect(packed.stderr).not.toMatch(/packing/);
  const figures = ({ stdout }: typeof plain) =>
    JSON.parse(lastLine(stdout)) as { predictedUsd: number; iterateSha256: string };
  expect(figures(packed).iterateSha256).toBe(figures(plain).iterateSha256);
  expect(told / (figures(plain).predictedUsd / figures(packed).predictedUsd)).toBeGreaterThan(0.7);
  expect(told / (figures(plain).predictedUsd / figures(packed).predictedUsd)).toBeLessThan(1.4);
});
