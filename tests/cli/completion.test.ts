/** Completion, by the shells themselves. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { wholeProgram } from "../../cli/program.ts";
import { marina } from "../fixtures/cli.ts";

const folder = mkdtempSync(join(tmpdir(), "marina-completion-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const has = (shell: string): boolean => spawnSync(shell, ["--version"]).status === 0;

beforeAll(async () => {
  for (const shell of ["bash", "zsh", "fish"]) {
    const { stdout, code } = await marina(["completion", shell], { cwd: folder });
    expect(code).toBe(0);
    writeFileSync(join(folder, shell), stdout);
  }
  for (const run of ["alpha", "beta"])
    mkdirSync(join(folder, ".marina", "objects", "runs", run), { recursive: true });
  mkdirSync(join(folder, ".marina", "objects", "datasets", "mushrooms"), { recursive: true });
  mkdirSync(join(folder, "elsewhere", "objects", "runs", "gamma"), { recursive: true });
  writeFileSync(join(folder, "spec.json"), "{}");
});

/** What bash would offer for the last of these words. */
function offered(...words: readonly string[]): string[] {
  const script = `source ./bash; COMP_WORDS=(marina "$@"); COMP_CWORD=$#; _marina; printf '%s\\n' "\${COMPREPLY[@]}"`;
  // Without it bash takes itself for one that was called over a network, and reads files of the user.
  const env = { PATH: process.env["PATH"], SHLVL: "1" };
  const out = execFileSync("bash", ["-c", script, "bash", ...words], { cwd: folder, encoding: "utf8", env });
  return out.split("\n").filter((line) => line !== "");
}

describe.runIf(has("bash"))("bash completes", () => {
  it("every command", async () => {
    const { commands } = await wholeProgram();
    expect(offered("")).toEqual([...commands.map((one) => one.name()), "help", "--help", "--version"]);
    expect(offered("re")).toEqual(["resume", "report"]);
  });

  it("every flag of every command", async () => {
    const { commands } = await wholeProgram();
    for (const command of commands) {
      for (const one of command.commands.length > 0 ? command.commands : [command]) {
        const path = one === command ? [command.name()] : [command.name(), one.name()];
        const long = one.options.map((option) => option.long).filter((name) => name !== undefined);
        expect(offered(...path, "--").sort()).toEqual([...long, "--help"].sort());
      }
    }
  });

  it("a flag's values, commands of commands, runs, data sets, files", () => {
    expect(offered("run", "--on", "")).toEqual(["embedded", "localstack", "ministack", "aws"]);
    expect(offered("cost", "alpha", "--by", "r")).toEqual(["round"]);
    expect(offered("data", "")).toEqual(["import", "list", "show", "delete"]);
    expect(offered("show", "")).toEqual(["alpha", "beta"]);
    expect(offered("compare", "alpha", "b")).toEqual(["beta"]);
    expect(offered("show", "--home", "elsewhere", "")).toEqual(["gamma"]);
    expect(offered("data", "show", "m")).toEqual(["mushrooms"]);
    expect(offered("list", "--data", "")).toEqual(["mushrooms"]);
    expect(offered("run", "spec")).toEqual(["spec.json"]);
    expect(offered("schema", "s")).toEqual(["sweep"]);
    expect(offered("completion", "")).toEqual(["bash", "zsh", "fish"]);
  });
});

describe.runIf(has("zsh"))("zsh", () => {
  it("takes its script, and completes with it", () => {
    execFileSync("zsh", ["-n", "zsh"], { cwd: folder });
    // As the shell's own _bash_complete calls it.
    const call = `() { emulate -L sh; setopt kshglob noshglob braceexpand ksharrays; _marina; print -rl -- "\${COMPREPLY[@]}" }`;
    const script = `source ./zsh; COMP_WORDS=(marina show ''); COMP_CWORD=2; ${call}`;
    const out = execFileSync("zsh", ["-fc", script], { cwd: folder, encoding: "utf8" });
    expect(out.trim().split("\n")).toEqual(["alpha", "beta"]);
  });
});

describe.runIf(has("fish"))("fish completes", () => {
  const complete = (line: string): string[] =>
    execFileSync("fish", ["--no-config", "-c", `source ./fish; complete -C ${JSON.stringify(line)}`], {
      cwd: folder,
      encoding: "utf8",
    })
      .trim()
      .split("\n")
      .map((offer) => offer.split("\t")[0]!);

  it("commands, flags, values, runs and data sets", () => {
    execFileSync("fish", ["--no-execute", "fish"], { cwd: folder });
    expect(complete("marina re").sort()).toEqual(["report", "resume"]);
    expect(complete("marina show ")).toEqual(["alpha", "beta"]);
    expect(complete("marina data show ")).toEqual(["mushrooms"]);
    expect(complete("marina data ").sort()).toEqual(["delete", "import", "list", "show"]);
    expect(complete("marina run --on l")).toEqual(["localstack"]);
    expect(complete("marina stop --no")).toEqual(["--now"]);
  });
});
