/**
 * For tests: takes a lock again and again, each time as if its last holder had died with it. Usage: node lock-rival.ts LOCK
 * INSIDE TIMES. Exit 1 when it meets another process inside.
 */
import { appendFileSync, closeSync, openSync, rmSync, writeFileSync } from "node:fs";
import { RunLock } from "../run-lock.ts";

const [path = "", inside = "", times = "0"] = process.argv.slice(2);
const lock = new RunLock(path);

for (let time = 0; time < Number(times); ) {
  const taken = lock.take();
  if (!("release" in taken)) continue;
  // Made by one process at a time, or this throws.
  closeSync(openSync(inside, "wx"));
  appendFileSync(`${inside}.log`, `${process.pid}\n`);
  time++;
  rmSync(inside);
  // Dies with it, as far as others can see: no process has this birth.
  writeFileSync(path, "999999999 died");
}
