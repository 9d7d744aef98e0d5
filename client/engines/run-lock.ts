/** Which process of this machine drives a run of a home: a file with its id, put there and taken away by that process. */
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { birthOf, createFile, explainDiskError, isAlive, removeDrafts } from "../../embedded/index.ts";

/** Between looks at a removal that another process has begun: it is a matter of microseconds. */
const REMOVAL_MILLISECONDS = 5;
const REMOVALS = /^(\.[0-9a-f]{16})+$/;

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
    removeDrafts(dirname(this.#path));
    while (!createFile(this.#path, holder())) {
      const text = textOf(this.#path);
      const driver = livingHolder(text);
      if (driver !== undefined) return { driver };
      if (text !== undefined) removeAbandoned(this.#path, text);
    }
    this.#removeLeftRemovals();
    return { release: () => rmSync(this.#path, { force: true }) };
  }

  /** Of processes that died while they removed a lock: nothing depends on them once there is a new holder. */
  #removeLeftRemovals(): void {
    const folder = dirname(this.#path);
    const name = basename(this.#path);
    for (const entry of readdirSync(folder)) {
      if (entry.startsWith(name) && REMOVALS.test(entry.slice(name.length)))
        rmSync(join(folder, entry), { force: true });
    }
  }

  /** The living process that drives the run; undefined when none does. */
  driver(): number | undefined {
    return livingHolder(textOf(this.#path));
  }
}

/**
 * Two processes that both see the same dead holder must not both remove its lock: the second would remove the one that the
 * first has just put there. So whoever removes holds a lock for that, made for this dead holder alone, and looks again under
 * it. Who died while holding that one is dealt with alike. (A dead holder's text never comes back: it names its birth.)
 */
function removeAbandoned(path: string, text: string): void {
  const removal = `${path}.${createHash("sha256").update(text).digest("hex").slice(0, 16)}`;
  if (!createFile(removal, holder())) {
    const other = textOf(removal);
    if (other === undefined) return;
    if (livingHolder(other) === undefined) removeAbandoned(removal, other);
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, REMOVAL_MILLISECONDS);
    return;
  }
  try {
    if (textOf(path) === text) rmSync(path, { force: true });
  } finally {
    rmSync(removal, { force: true });
  }
}

/** What a file of this process says: its id, and when it began. */
export function holder(): string {
  return `${process.pid} ${birthOf(process.pid)}`;
}

/** The process that a file tells of, if it is alive. */
export function livingHolder(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const [id = "", birth = ""] = text.split(" ");
  const pid = Number(id);
  if (!isAlive(pid)) return undefined;
  // Another process may have been given the id of one that died.
  return birth === "" || birth === birthOf(pid) ? pid : undefined;
}

/** Undefined where there is no such file. */
export function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw explainDiskError(path, "read", error);
  }
}
