/** Runs a program to its end. */
import { spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { MarinaError } from "../../shared/math/errors.ts";
import type { Environment } from "./environment.ts";

export interface CommandOptions {
  /** What the program is for, named in the error. */
  readonly purpose: string;
  readonly environment: Environment;
  readonly folder?: string;
  /** Gets all that the program says, in addition to what is kept for the error. */
  readonly logFile?: string;
}

/** Last lines of a failed program's output that an error quotes. */
const QUOTED_LINES = 15;

/** What the program said. @throws MarinaError "unavailable" with its last lines when it fails or can't be started. */
export function runCommand(program: string, args: readonly string[], options: CommandOptions): Promise<string> {
  const { purpose, environment, folder, logFile } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env: environment,
      stdio: ["ignore", "pipe", "pipe"],
      ...(folder === undefined ? {} : { cwd: folder }),
    });
    const log = logFile === undefined ? undefined : createWriteStream(logFile, { flags: "a" });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8");
      stream.on("data", (text: string) => {
        output += text;
        log?.write(text);
      });
    }
    child.once("error", (cause) => {
      log?.end();
      reject(new MarinaError("unavailable", `${purpose}: ${program} can't be started: ${cause.message}`, { cause }));
    });
    child.once("close", (code, signal) => {
      log?.end();
      if (code === 0) {
        resolve(output);
        return;
      }
      const how = signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`;
      reject(new MarinaError("unavailable", `${purpose}: ${[program, ...args].join(" ")} ${how}:\n${lastLines(output)}`));
    });
  });
}

export function lastLines(text: string): string {
  return text.trimEnd().split("\n").slice(-QUOTED_LINES).join("\n");
}
