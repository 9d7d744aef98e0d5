/** The command as it is where nobody says how many threads it may have. */
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { shippedFile } from "../../shared/data/testing/load.ts";
import { lastLine, marina } from "../fixtures/cli.ts";

const cwd = mkdtempSync(join(tmpdir(), "marina-threads-"));
const imported = join(cwd, "imported");
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

beforeAll(async () => {
  await marina(["data", "import", shippedFile("mushrooms"), "--name", "mushrooms", "--home", imported], {
    cwd,
  });
});

it("a run comes to the same result on threads of its own choice, on one and on three", async () => {
  const run = async (threads: string): Promise<unknown> => {
    // Times are drawn by the run's name; what an earlier run has prepared would be spared.
    const home = join(cwd, `home-${threads}`);
    cpSync(imported, home, { recursive: true });
    const spec = {
      name: "threads",
      data: "mushrooms",
      workers: 5,
      problem: { kind: "nonconvex-binary" },
      algorithm: { kind: "marina", compressor: { kind: "rand-k", k: 10 }, stepSize: 0.1 },
      stop: { rounds: 600 },
    };
    const input = JSON.stringify(spec);
    const { code, stdout, stderr } = await marina(["run", "-", "--json", "--home", home], {
      cwd,
      input,
      env: { MARINA_THREADS: threads },
    });
    expect([code, stderr.includes("warn")]).toEqual([0, false]);
    const { wallSeconds: _, ...same } = JSON.parse(lastLine(stdout)) as Record<string, unknown>;
    return same;
  };
  const alone = await run("0");
  expect(alone).toMatchObject({ status: "done", rounds: 600 });
  expect(await run("")).toEqual(alone);
  expect(await run("3")).toEqual(alone);
});
