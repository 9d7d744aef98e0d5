/** Which process of this machine drives a run of a home: a file with its id, put there and taken away by that process. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { birthOf, explainDiskError, isAlive } from "../../embedded/index.ts";

/** What lies between the making of a lock and the writing of it, many times over. */
const UNWRITTEN_MILLISECONDS = 50;

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
    for (;;) {
      try {
        writeFileSync(this.#path, `${process.pid} ${birthOf(process.pid)}`, { flag: "wx" });
        return { release: () => rmSync(this.#path, { force: true }) };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
        const driver = this.driver();
        if (driver !== undefined) return { driver };
        rmSync(this.#path, { force: true });
      }
    }
  }

  /** The living process that drives the run; undefined when none does. */
  driver(): number | undefined {
    let text = this.#read();
    if (text === "") {
      // Made this moment, its holder's id not yet in it; or the holder died between the two.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, UNWRITTEN_MILLISECONDS);
      text = this.#read();
    }
    if (text === undefined) return undefined;
    const [id = "", birth = ""] = text.split(" ");
    const pid = Number(id);
    if (!isAlive(pid)) return undefined;
    // Another process may have been given the id of one that died.
    return birth === "" || birth === birthOf(pid) ? pid : undefined;
  }

  #read(): string | undefined {
    try {
      return readFileSync(this.#path, "utf8");
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "ENOENT" || code === "ENOTDIR") return undefined;
      throw explainDiskError(this.#path, "read", error);
    }
  }
}
