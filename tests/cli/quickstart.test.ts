/** The quickstart, called again and again. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { marina } from "../fixtures/cli.ts";

const folder = mkdtempSync(join(tmpdir(), "marina-quickstart-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Shown {
  readonly runs: readonly {
    readonly run: string;
    readonly status: string;
    readonly iterateSha256: string;
    readonly wallSeconds?: number;
  }[];
  readonly page: string;
}

async function quickstart(...more: readonly string[]): Promise<Shown> {
  const { stdout, code } = await marina(["quickstart", "--json", "--home", "home", ...more], { cwd: folder });
  expect(code).toBe(0);
  expect(stdout.trimEnd().split("\n")).toHaveLength(1);
  return JSON.parse(stdout) as Shown;
}
const runs = (): string[] => readdirSync(join(folder, "home", "objects", "runs")).sort();
const digests = ({ runs: all }: Shown): string[] =>
  all.map(({ run, iterateSha256 }) => `${run} ${iterateSha256}`);

it("shows again what is done, goes on with what is not, and runs all anew when told to; nothing piles up", async () => {
  const first = await quickstart();
  const names = first.runs.map(({ run }) => run).sort();
  expect(names.length).toBeGreaterThan(4);
  expect(runs()).toEqual(names);
  // As though it had been cut off there.
  rmSync(join(folder, "home", "objects", "runs", "quickstart-gd", "result.json"));
  const second = await quickstart();
  expect(digests(second)).toEqual(digests(first));
  expect(second.runs.filter(({ wallSeconds }) => wallSeconds !== undefined).map(({ run }) => run)).toEqual([
    "quickstart-gd",
  ]);
  const third = await quickstart("--fresh");
  expect(digests(third)).toEqual(digests(first));
  expect(third.runs.every(({ wallSeconds }) => wallSeconds !== undefined)).toBe(true);
  expect(runs()).toEqual(names);
});
