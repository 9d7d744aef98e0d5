/**
 * Commands to a run that another process of this machine drives: files in a folder beside the run's lock, and a signal that
 * says to look there.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Tells a process that drives a run that there are commands for it. */
const COMMANDS_SIGNAL = "SIGUSR2";

export class CommandBox {
  readonly #folder: string;

  /** @param folder this run's own. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Leaves a message for the process that drives the run. */
  leave(body: string, driver: number): void {
    mkdirSync(this.#folder, { recursive: true });
    const name = `${process.hrtime.bigint()}-${process.pid}`;
    const draft = join(this.#folder, `.${name}`);
    writeFileSync(draft, body);
    renameSync(draft, join(this.#folder, name));
    process.kill(driver, COMMANDS_SIGNAL);
  }

  /**
   * Hands out what is left here, from now on and until the returned function is called. What was left for an earlier driver
   * that did not live to read it is thrown away.
   */
  open(take: (body: string) => void): () => void {
    this.remove();
    const look = (): void => {
      for (const name of this.#names()) {
        const path = join(this.#folder, name);
        const body = readFileSync(path, "utf8");
        rmSync(path);
        take(body);
      }
    };
    process.on(COMMANDS_SIGNAL, look);
    return () => {
      process.off(COMMANDS_SIGNAL, look);
      this.remove();
    };
  }

  /** With what is in it. */
  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** In the order of their writing: the names begin with one clock's nanoseconds. */
  #names(): string[] {
    try {
      return readdirSync(this.#folder)
        .filter((name) => !name.startsWith("."))
        .sort((a, b) => a.length - b.length || (a < b ? -1 : 1));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
      throw error;
    }
  }
}
