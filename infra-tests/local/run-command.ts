/** Runs a program to its end. */
import { spawn } from "node:child_process";
import { appendFileSync } from "node:fs";
import { MarinaError } from "../../shared/base/errors.ts";
import type { Environment } from "./environment.ts";
import { signal } from "./process-group.ts";

export interface CommandOptions {
  /** What the program is for, named in the error. */
  readonly purpose: string;
  readonly environment: Environment;
  readonly folder?: string;
  /** Gets all that the program says, in addition to what is kept for the error. */
  readonly logFile?: string;
  /** Ends the program, with all that it has started, when it comes. */
  readonly interrupt?: AbortSignal;
}

/** Last lines of a failed program's output that an error quotes. */
const QUOTED_LINES = 15;

/** What the program said. @throws MarinaError "unavailable" with its last lines when it fails or can't be started. */
export function runCommand(
  program: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<string> {
  const { purpose, environment, folder, logFile, interrupt } = options;
  if (interrupt?.aborted === true) {
    return Promise.reject(new MarinaError("unavailable", `${purpose}: interrupted`));
  }
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env: environment,
      stdio: ["ignore", "pipe", "pipe"],
      // A group of its own can be ended as one.
      detached: interrupt !== undefined,
      ...(folder === undefined ? {} : { cwd: folder }),
    });
    const end = () => {
      if (child.pid !== undefined) signal(-child.pid, "SIGKILL");
    };
    interrupt?.addEventListener("abort", end);
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8");
      stream.on("data", (text: string) => {
        output += text;
        if (logFile !== undefined) appendFileSync(logFile, text);
      });
    }
    child.once("error", (cause) => {
      reject(
        new MarinaError("unavailable", `${purpose}: ${program} can't be started: ${cause.message}`, {
          cause,
        }),
      );
    });
    child.once("close", (code, by) => {
      interrupt?.removeEventListener("abort", end);
      if (code === 0) {
        resolve(output);
        return;
      }
      const how = by === null ? `ended with exit code ${code}` : `was ended by ${by}`;
      reject(
        new MarinaError(
          "unavailable",
          `${purpose}: ${[program, ...args].join(" ")} ${how}:\n${lastLines(output)}`,
        ),
      );
    });
  });
}

export function lastLines(text: string): string {
  return text.trimEnd().split("\n").slice(-QUOTED_LINES).join("\n");
}
