/** Which process of this machine drives a run of a home: a file with its id, put there and taken away by that process. */
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { birthOf, createFile, explainDiskError, isAlive } from "../../embedded/index.ts";

/** Between looks at a takeover that another process has begun: it is a matter of microseconds. */
const TAKEOVER_MILLISECONDS = 5;

export class RunLock {
  readonly #path: string;

  /** @param path of the run's own file. */
  constructor(path: string) {
    this.#path = path;
  }

  /**
   * Takes it for this process. What a process that died has left is taken over.
   * @returns how to give it back, or the id of the living process that has it.
   * @throws MarinaError "unavailable" where the folder can't be written.
   */
  take(): { readonly release: () => void } | { readonly driver: number } {
    try {
      return this.#take();
    } catch (error) {
      throw explainDiskError(this.#path, "write", error);
    }
  }

  #take(): { readonly release: () => void } | { readonly driver: number } {
    mkdirSync(dirname(this.#path), { recursive: true });
    while (!createFile(this.#path, holder())) {
      const driver = this.driver();
      if (driver !== undefined) return { driver };
      this.#removeAbandoned();
    }
    return { release: () => rmSync(this.#path, { force: true }) };
  }

  /**
   * Two processes that both see the same dead driver must not both remove its lock: the second would remove the one that the
   * first has just put there. So whoever removes holds a lock for that, and looks again under it.
   */
  #removeAbandoned(): void {
    const takeover = `${this.#path}.takeover`;
    while (!createFile(takeover, holder())) {
      if (livingHolder(read(takeover)) === undefined) rmSync(takeover, { force: true });
      else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, TAKEOVER_MILLISECONDS);
    }
    try {
      if (this.driver() === undefined) rmSync(this.#path, { force: true });
    } finally {
      rmSync(takeover, { force: true });
    }
  }

  /** The living process that drives the run; undefined when none does. */
  driver(): number | undefined {
    return livingHolder(read(this.#path));
  }
}

function holder(): string {
  return `${process.pid} ${birthOf(process.pid)}`;
}

function livingHolder(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const [id = "", birth = ""] = text.split(" ");
  const pid = Number(id);
  if (!isAlive(pid)) return undefined;
  // Another process may have been given the id of one that died.
  return birth === "" || birth === birthOf(pid) ? pid : undefined;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw explainDiskError(path, "read", error);
  }
}
