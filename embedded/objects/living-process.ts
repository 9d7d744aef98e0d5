/** Which processes of this machine live: for what they leave in a home folder with their id on it. */
import { readFileSync } from "node:fs";

export function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/**
 * Tells a process from a later one that was given its id (in a container that happens at each start): boot and time of its
 * start, where the system says so (Linux); "" elsewhere, and for a process that is not there.
 */
export function birthOf(pid: number): string {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    // The name of the program, in brackets, may hold anything; the start is the 22nd field, the name the second.
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)!.split(" ");
    return `${boot}.${fields[19]}`;
  } catch {
    return "";
  }
}
