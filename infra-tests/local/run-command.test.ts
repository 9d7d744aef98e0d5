import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { childEnvironment } from "./environment.ts";
import { groupMembers } from "./process-group.ts";
import { runCommand } from "./run-command.ts";

const folder = mkdtempSync(join(tmpdir(), "marina-run-command-"));
const logFile = join(folder, "log");
const options = { purpose: "trying", environment: childEnvironment({ GREETING: "hello" }), logFile };

afterAll(() => {
  rmSync(folder, { recursive: true });
});

test("what a program says on both outputs is returned and logged", async () => {
  const said = await runCommand("sh", ["-c", 'echo "$GREETING"; echo world >&2'], options);
  expect(said.split("\n").sort()).toEqual(["", "hello", "world"]);
  expect(readFileSync(logFile, "utf8")).toContain("world");
});

test("a failure names the purpose, the exit code and the last lines only", async () => {
  const failing = runCommand("sh", ["-c", "seq 1 100; exit 3"], options);
  await expect(failing).rejects.toMatchObject({ code: "unavailable" });
  await expect(failing).rejects.toThrow(/^trying: sh -c .* ended with exit code 3:\n86\n(\d+\n)*100$/);
});

test("an interrupted program is ended with all that it started", async () => {
  const interrupt = new AbortController();
  const running = runCommand("sh", ["-c", "sleep 1000 & echo $$ > $PIDFILE; wait"], {
    ...options,
    environment: { ...options.environment, PIDFILE: join(folder, "pid") },
    interrupt: interrupt.signal,
  });
  const pid = await vi.waitUntil(
    () => existsSync(join(folder, "pid")) && Number(readFileSync(join(folder, "pid"), "utf8")),
  );
  await vi.waitUntil(() => groupMembers(pid).length === 2);
  interrupt.abort();
  await expect(running).rejects.toThrow("was ended by SIGKILL");
  expect(groupMembers(pid)).toEqual([]);
});

test("a program that is not there is said to be missing", async () => {
  await expect(runCommand(join(folder, "nothing"), [], options)).rejects.toThrow(
    /trying: .*nothing can't be started/,
  );
});
