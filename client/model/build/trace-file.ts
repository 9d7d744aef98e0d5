/**
 * From a file of TypeScript or JavaScript to a row program. The file is a user's own code on the user's own machine: it runs in
 * a process of its own for a bounded time, twice, and must write down the same program both times. Nothing else ever runs it.
 */
import { fork } from "node:child_process";
import { statSync } from "node:fs";
import { basename, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { isSystemError, MarinaError, systemText } from "../../../shared/base/index.ts";
import { type ModelForm, parseProgram, type RowProgram } from "../../../shared/problems/index.ts";
import type { TraceAnswer, TraceRequest } from "./trace-child.ts";

/** A trace takes milliseconds; importing what a file needs, perhaps seconds. */
const LIMIT_SECONDS = 30;
const CHILD = fileURLToPath(new URL("trace-child.ts", import.meta.url));

/**
 * Runs the file and gives the program of its model.
 * @param form of rows and labels, where the file does not say it
 * @throws MarinaError "usage" for a file that is not there, "spec" for one that throws, does not end, or is not the same twice.
 */
export async function traceFile(
  path: string,
  form: Partial<ModelForm> = {},
  limitSeconds = LIMIT_SECONDS,
): Promise<RowProgram> {
  const source = basename(path);
  try {
    statSync(path);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw new MarinaError("usage", `${path}: ${systemText(error)}`, { cause: error });
  }
  const request: TraceRequest = { path: resolve(path), source, form };
  const first = await programOf(request, limitSeconds);
  const second = await programOf(request, limitSeconds);
  if (first !== second) {
    throw new MarinaError(
      "spec",
      `${source}: built twice, it gave two programs: does it draw random numbers, or read the clock? Draw beforehand and write the numbers into the file${difference(first, second)}`,
    );
  }
  return parseProgram(JSON.parse(first), source);
}

const AROUND = 30;

/** Where two texts part. */
function difference(a: string, b: string): string {
  let at = 0;
  while (a[at] === b[at]) at++;
  const shown = (text: string) => text.slice(Math.max(0, at - AROUND), at + AROUND);
  return `: ...${shown(a)}... and ...${shown(b)}...`;
}

async function programOf(request: TraceRequest, limitSeconds: number): Promise<string> {
  const { source } = request;
  const answer = await askChild(request, limitSeconds);
  if (answer === "time") {
    throw new MarinaError(
      "spec",
      `${source}: has not ended after ${limitSeconds} s: does it wait, or loop for ever?`,
    );
  }
  if (typeof answer === "number" || answer === null) {
    throw new MarinaError(
      "spec",
      `${source}: its process ended before the model was built (exit code ${answer ?? "none"})`,
    );
  }
  if ("program" in answer) return answer.program;
  const { error, expected, place } = answer;
  const at = place === undefined ? source : `${source}:${place}`;
  throw new MarinaError("spec", expected && error.startsWith(source) ? error : `${at}: ${error}`);
}

/** What it sends; "time" where it takes too long; its exit code where it ends before. */
function askChild(
  request: TraceRequest,
  limitSeconds: number,
): Promise<TraceAnswer | "time" | number | null> {
  return new Promise((resolve, reject) => {
    const child = fork(CHILD, [], {
      // Node 22 reads TypeScript only when it is told to.
      execArgv: process.features.typescript ? [] : ["--experimental-strip-types", "--no-warnings"],
      // What the file prints is for people; answers come on their own channel.
      stdio: ["ignore", 2, 2, "ipc"],
    });
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      resolve("time");
    }, 1000 * limitSeconds);
    const settle = (answer: TraceAnswer | number | null): void => {
      clearTimeout(timer);
      child.kill("SIGKILL");
      resolve(answer);
    };
    child.once("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.once("message", (answer) => settle(answer as TraceAnswer));
    child.once("exit", (code) => settle(code));
    child.send(request);
  });
}
