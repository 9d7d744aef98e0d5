import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import HungTests from "./hung-tests.js";

const folder = mkdtempSync(join(tmpdir(), "marina-hung-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const VITEST = fileURLToPath(new URL("../node_modules/vitest/vitest.mjs", import.meta.url));
const REPORTER = fileURLToPath(new URL("./hung-tests.js", import.meta.url));

/** What vitest says of one test file in an empty project, where three seconds of silence are too many. */
function run(name: string, source: string): Promise<{ code: unknown; said: string }> {
  const root = join(folder, name);
  const args = [VITEST, "run", "--root", folder, "--reporter", "default", "--reporter", REPORTER, name];
  writeFileSync(root, source);
  const env = { PATH: process.env["PATH"], NODE_PATH: join(VITEST, "..", ".."), MARINA_HUNG_SECONDS: "3" };
  return new Promise((resolve) => {
    execFile(process.execPath, args, { env }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : error.code, said: stdout + stderr }),
    );
  });
}

describe("what is heard of test files", () => {
  const late = (): number => performance.now() + 1e7;
  const files = (reporter: HungTests) => reporter.silentAt(late()).map(([file]) => file);

  it("tells which are silent, with the last test that was heard of", () => {
    const reporter = new HungTests();
    const [one, other] = [{ moduleId: "one" }, { moduleId: "other" }];
    reporter.onTestModuleStart(one);
    reporter.onTestModuleStart(other);
    reporter.onTestCaseReady({ module: one, fullName: "works" });
    reporter.onTestModuleEnd(other);
    expect(reporter.silentAt(performance.now())).toEqual([]);
    expect(reporter.silentAt(late())).toEqual([["one", { heard: expect.any(Number), test: "works" }]]);
  });

  it("holds nothing of a file that has ended, though word of its tests comes late", () => {
    const reporter = new HungTests();
    const module = { moduleId: "one" };
    reporter.onTestModuleStart(module);
    reporter.onTestModuleEnd(module);
    reporter.onTestCaseReady({ module, fullName: "works" });
    reporter.onTestCaseResult({ module, fullName: "works" });
    reporter.onTestModuleStart(module);
    expect(files(reporter)).toEqual([]);
  });
});

describe("a run of tests in which one hangs", () => {
  it("ends, and says where a loop is that has no end", async () => {
    const { code, said } = await run(
      "loop.test.ts",
      `import { it } from "vitest";
       function spinsForEver() { for (;;) Math.sqrt(2); }
       it("never ends", () => spinsForEver());`,
    );
    expect(code).toBe(1);
    expect(said).toMatch(/HUNG: loop\.test\.ts: nothing heard for 3 s/);
    expect(said).toMatch(/Where process \d+ is:\n {2}at spinsForEver \(.*loop\.test\.ts:\d+:\d+\)/);
  });

  it("ends, names the program that is waited for, and ends that too", async () => {
    const marker = `31536${process.pid}`;
    const { code, said } = await run(
      "program.test.ts",
      `import { it } from "vitest";
       import { spawnSync } from "node:child_process";
       it("waits", () => { spawnSync("sleep", ["${marker}"]); });`,
    );
    expect(code).toBe(1);
    expect(said).toContain(`sleep ${marker}`);
    expect(said).toMatch(/Where process \d+ is:\n {2}not to be had/);
    const processes = await new Promise<string>((resolve) => {
      execFile("ps", ["-A", "-o", "args="], (_, stdout) => resolve(stdout));
    });
    expect(processes.split("\n")).not.toContain(`sleep ${marker}`);
  });

  it("goes on to its end as always where none does", async () => {
    const { code, said } = await run(
      "well.test.ts",
      `import { it } from "vitest";
       it("takes its time", () => new Promise((resolve) => setTimeout(resolve, 1500)));`,
    );
    expect(said).not.toContain("HUNG");
    expect(code).toBe(0);
  });
});
