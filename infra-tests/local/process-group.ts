/** A program in a process group of its own, with all that it starts: ended as one, and seen to be gone. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { closeSync, openSync, readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { MarinaError } from "../../shared/base/errors.ts";
import type { Environment } from "./environment.ts";

export interface ProcessGroup {
  readonly pid: number;
  /** Undefined while the first process lives; then how it ended. */
  readonly ended: () => string | undefined;
  /**
   * Asks the first process to end, waits, then ends the group by force.
   * @throws MarinaError "unavailable" when a process of the group outlives even that.
   */
  stop(graceMilliseconds: number): Promise<void>;
}

/** How long processes may take to be gone after SIGKILL. */
const KILL_MILLISECONDS = 10_000;
const LOOK_MILLISECONDS = 50;

const alive = new Set<number>();
// The last resort when this process ends without having stopped a group: nothing of it may stay behind.
process.on("exit", () => {
  for (const pid of alive) signal(-pid, "SIGKILL");
});

/** Starts a program; what it and its children print goes to `logFile`. */
export function startGroup(
  program: string,
  args: readonly string[],
  options: { readonly environment: Environment; readonly folder: string; readonly logFile: string },
): Promise<ProcessGroup> {
  const log = openSync(options.logFile, "a");
  return new Promise((resolve, reject) => {
    const child: ChildProcess = spawn(program, args, {
      cwd: options.folder,
      env: options.environment,
      stdio: ["ignore", log, log],
      detached: true,
    });
    closeSync(log);
    let ended: string | undefined;
    child.once("exit", (code, by) => {
      ended = by === null ? `exit code ${code}` : `signal ${by}`;
    });
    child.once("error", (cause) => {
      reject(new MarinaError("unavailable", `${program} can't be started: ${cause.message}`, { cause }));
    });
    child.once("spawn", () => {
      const pid = child.pid!;
      alive.add(pid);
      resolve({
        pid,
        ended: () => ended,
        stop: (graceMilliseconds) => stop(pid, () => ended, graceMilliseconds),
      });
    });
  });
}

async function stop(pid: number, ended: () => string | undefined, graceMilliseconds: number): Promise<void> {
  if (ended() === undefined) signal(pid, "SIGTERM");
  const gone = () => ended() !== undefined && groupMembers(pid).length === 0;
  if (!(await within(graceMilliseconds, gone))) {
    signal(-pid, "SIGKILL");
    if (!(await within(KILL_MILLISECONDS, gone))) {
      throw new MarinaError(
        "unavailable",
        `processes ${groupMembers(pid).join(", ")} of group ${pid} are still there ${KILL_MILLISECONDS / 1000} s after SIGKILL; end them by hand`,
      );
    }
  }
  alive.delete(pid);
}

async function within(milliseconds: number, condition: () => boolean): Promise<boolean> {
  const deadline = performance.now() + milliseconds;
  for (;;) {
    if (condition()) return true;
    if (performance.now() >= deadline) return false;
    await sleep(LOOK_MILLISECONDS);
  }
}

/**
 * The living processes of a group. Zombies don't count: in a container without an init process nobody collects those
 * whose parent has ended.
 */
export function groupMembers(group: number): number[] {
  return processes()
    .filter((found) => found.group === group && found.state !== "Z")
    .map(({ pid }) => pid);
}

interface Process {
  readonly pid: number;
  readonly group: number;
  readonly state: string;
}

function processes(): Process[] {
  return process.platform === "linux" ? processesOfProc() : processesOfPs();
}

function processesOfProc(): Process[] {
  return readdirSync("/proc").flatMap((name) => {
    const pid = Number(name);
    if (!Number.isInteger(pid)) return [];
    try {
      // pid (command, may hold anything) state parent group ...
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      const [state = "", , group = ""] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return [{ pid, group: Number(group), state }];
    } catch {
      return []; // ended between the two looks
    }
  });
}

function processesOfPs(): Process[] {
  const { stdout, error } = spawnSync("ps", ["-A", "-o", "pid=,pgid=,stat="], { encoding: "utf8" });
  if (error !== undefined) {
    throw new MarinaError("unavailable", `ps: expected the list of processes, got: ${error.message}`, {
      cause: error,
    });
  }
  return stdout.split("\n").flatMap((line) => {
    const [pid, group, state] = line.trim().split(/\s+/);
    return state === undefined ? [] : [{ pid: Number(pid), group: Number(group), state: state.charAt(0) }];
  });
}

/** Sends a signal to a process, or to a group (negative); one that is not there any more is no error. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
