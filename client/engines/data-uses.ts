/**
 * Who reads a data set of a home for longer than a run lasts: processes of sweeps and searches, each with a file of its own
 * beside the data set's lock. Whoever begins to use one first writes its file and then waits for a writer that there is;
 * whoever takes one away first takes the lock and then looks for users (`EmbeddedEngine.exclusively`): so one of two always sees the
 * other.
 */
import { mkdirSync, readdirSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { explainDiskError } from "../../embedded/index.ts";
import { MarinaError, NOT_YET, waitFor } from "../../shared/base/index.ts";
import { NAME_PATTERN } from "../../shared/protocol/index.ts";
import { holder, livingHolder, RunLock, textOf } from "./run-lock.ts";

const LOOK_INTERVAL_MILLISECONDS = 200;
/** At a writer, before its end is not waited for any longer: some seconds. */
const LOOKS_FOR_WRITER = 25;

/** A process may use a data set several times over. */
let uses = 0;

/** The lock of whoever writes a data set. */
export function dataLock(home: string, name: string): RunLock {
  return new RunLock(join(resolve(home), "locks", "data", `${name}.pid`));
}

/**
 * Says that this process uses these data sets, until what is returned is called. Names of none are left to whoever looks for
 * them.
 * @throws MarinaError "usage" where one is being written for long, "unavailable" where the home can't be written.
 */
export async function useDataSets(home: string, names: Iterable<string>): Promise<() => void> {
  const files: { readonly folder: string; readonly file: string }[] = [];
  const end = (): void => {
    for (const { folder, file } of files.splice(0)) {
      rmSync(file, { force: true });
      try {
        rmdirSync(folder);
      } catch {
        // Others use it too, or it is gone.
      }
    }
  };
  try {
    for (const name of new Set(names)) {
      if (!NAME_PATTERN.test(name)) continue;
      const folder = usersFolder(home, name);
      const file = join(folder, `${process.pid}-${++uses}`);
      write(folder, file);
      files.push({ folder, file });
      const lock = dataLock(home, name);
      await waitFor({
        look: async (look) => {
          const writer = lock.driver();
          if (writer === undefined) return undefined;
          if (look < LOOKS_FOR_WRITER) return NOT_YET;
          throw new MarinaError(
            "usage",
            `data set ${name} is being written by process ${writer}: wait for its end, then try again`,
          );
        },
        pause: () => sleep(LOOK_INTERVAL_MILLISECONDS),
      });
    }
    return end;
  } catch (error) {
    end();
    throw error;
  }
}

/** @throws MarinaError "usage" where a living process uses the data set. */
export function requireUnused(home: string, name: string): void {
  const folder = usersFolder(home, name);
  for (const entry of entriesOf(folder)) {
    const user = livingHolder(textOf(join(folder, entry)));
    if (user !== undefined) {
      throw new MarinaError(
        "usage",
        `data set ${name} is in use: process ${user} runs a sweep or a search on it; wait for its end, or stop it there with Ctrl-C`,
      );
    }
    // Its process died.
    rmSync(join(folder, entry), { force: true });
  }
}

function usersFolder(home: string, name: string): string {
  return join(resolve(home), "locks", "data", `${name}.users`);
}

function write(folder: string, file: string): void {
  for (let left = 2; ; left--) {
    try {
      mkdirSync(folder, { recursive: true });
      writeFileSync(file, holder());
      return;
    } catch (error) {
      // Another user may just have taken the empty folder away.
      if ((error as NodeJS.ErrnoException).code !== "ENOENT" || left === 0)
        throw explainDiskError(file, "write", error);
    }
  }
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw explainDiskError(folder, "read", error);
  }
}
