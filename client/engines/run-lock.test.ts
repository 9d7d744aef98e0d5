/** Many processes that all want one lock, whose holder has died: one has it at a time. */
import { type ChildProcess, fork } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";
import { RunLock } from "./run-lock.ts";

const folder = mkdtempSync(join(tmpdir(), "marina-lock-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const rival = fileURLToPath(new URL("./testing/lock-rival.ts", import.meta.url));
const RIVALS = 4;
const ROUNDS = 60;

function finished(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", resolve);
  });
}

it("what a dead process has left is taken over by one process, however many try at one time", async () => {
  const path = join(folder, "r.pid");
  const inside = join(folder, "inside");
  const rivals = Array.from({ length: RIVALS }, () => fork(rival, [path, inside, String(ROUNDS)]));
  expect(await Promise.all(rivals.map(finished))).toEqual(rivals.map(() => 0));
  // Each has had it each time, and nobody met another inside.
  expect(readFileSync(`${inside}.log`, "utf8").trim().split("\n")).toHaveLength(RIVALS * ROUNDS);
});

it("whoever died while it removed a dead one's lock is in nobody's way, and leaves nothing", () => {
  const dead = "999999999 died";
  const home = join(folder, "removals");
  const path = join(home, "r.pid");
  const removalOf = (file: string, text: string) =>
    `${file}.${createHash("sha256").update(text).digest("hex").slice(0, 16)}`;
  mkdirSync(home);
  writeFileSync(path, dead);
  writeFileSync(removalOf(path, dead), "999999998 died");
  writeFileSync(removalOf(removalOf(path, dead), "999999998 died"), "999999997 died");
  // Of a lock that is gone already, and another run's.
  writeFileSync(removalOf(path, "999999996 died"), "999999995 died");
  writeFileSync(join(home, "r.pid.other.pid"), "999999994 died");
  const taken = new RunLock(path).take();
  if (!("release" in taken)) throw new Error("not taken");
  expect(readdirSync(home).toSorted()).toEqual(["r.pid", "r.pid.other.pid"]);
  taken.release();
});

it("a lock without a living process is nobody's, and is taken", () => {
  const path = join(folder, "dead.pid");
  for (const text of ["", "999999999", `${process.pid} another-birth`]) {
    writeFileSync(path, text);
    const lock = new RunLock(path);
    expect(lock.driver(), JSON.stringify(text)).toBeUndefined();
    const taken = lock.take();
    if (!("release" in taken)) throw new Error(`not taken: ${JSON.stringify(text)}`);
    expect(lock.driver()).toBe(process.pid);
    expect(lock.take()).toEqual({ driver: process.pid });
    taken.release();
    expect(lock.driver()).toBeUndefined();
  }
});
