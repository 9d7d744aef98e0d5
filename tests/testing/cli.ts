/** For tests: the `marina` command as people call it, in a process of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const MARINA = fileURLToPath(new URL("../../cli/marina.js", import.meta.url));

export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly child: ChildProcess;
  readonly outcome: Promise<Outcome>;
}

export interface CallOptions {
  /** Working folder; relative paths in arguments are from here. */
  readonly cwd: string;
  /** Given on standard input, else nothing is. */
  readonly input?: Uint8Array | string;
  /** The Node that is called; default the one that runs the tests. */
  readonly node?: string;
}

export function start(
  args: readonly string[],
  { cwd, input, node = process.execPath }: CallOptions,
): Started {
  const { MARINA_HOME: _home, NODE_OPTIONS: _options, ...inherited } = process.env;
  const env = { ...inherited, NODE_COMPILE_CACHE: join(cwd, "compile-cache") };
  const child = spawn(node, [MARINA, ...args], { cwd, env, stdio: "pipe" });
  child.stdin.end(input ?? "");
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const outcome = new Promise<Outcome>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  return { child, outcome };
}

export function marina(args: readonly string[], options: CallOptions): Promise<Outcome> {
  return start(args, options).outcome;
}

/** The last line that is not empty. */
export function lastLine(text: string): string {
  return text.trimEnd().split("\n").at(-1) ?? "";
}
