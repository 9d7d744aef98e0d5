import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { groupMembers, type ProcessGroup, startGroup } from "./process-group.ts";

let folder: string;
let group: ProcessGroup;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "marina-group-"));
});
afterEach(async () => {
  await group.stop(0);
  rmSync(folder, { recursive: true });
});

/** Starts a shell script and waits until it has said "ready". */
async function start(script: string): Promise<void> {
  const logFile = join(folder, "log");
  const environment = { PATH: process.env["PATH"] ?? "" };
  group = await startGroup("sh", ["-c", script], { environment, folder, logFile });
  while (!readFileSync(logFile, "utf8").includes("ready")) await sleep(10);
}

test("a program that ends when asked is not forced, and its children go with it in the end", async () => {
  await start("trap 'echo asked > asked; exit 0' TERM; sleep 1000 & echo ready; wait");
  expect(groupMembers(group.pid)).toHaveLength(2);
  await group.stop(300);
  expect(readFileSync(join(folder, "asked"), "utf8")).toBe("asked\n");
  expect(groupMembers(group.pid)).toEqual([]);
  expect(group.ended()).toBe("exit code 0");
});

test("a program that won't end is ended by force", async () => {
  await start("trap '' TERM; echo ready; while :; do sleep 0.05; done");
  const started = performance.now();
  await group.stop(200);
  expect(performance.now() - started).toBeGreaterThanOrEqual(200);
  expect(groupMembers(group.pid)).toEqual([]);
  expect(group.ended()).toBe("signal SIGKILL");
});

test("children of a program that has ended are ended as well", async () => {
  await start("sleep 1000 & echo ready");
  while (group.ended() === undefined) await sleep(10);
  expect(groupMembers(group.pid)).toHaveLength(1);
  await group.stop(100);
  expect(groupMembers(group.pid)).toEqual([]);
});

test("a program that can't be started is an error", async () => {
  await start("echo ready");
  const missing = startGroup(join(folder, "nothing"), [], {
    environment: {},
    folder,
    logFile: join(folder, "log"),
  });
  await expect(missing).rejects.toThrow(/nothing can't be started/);
});
