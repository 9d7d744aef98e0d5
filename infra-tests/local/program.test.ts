import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { nodeFolder, projectRoot } from "./paths.ts";

function run(program: string, ...args: readonly string[]) {
  const path = join(projectRoot, "infra-tests", "local", program);
  return spawnSync(join(nodeFolder, "node"), [path, ...args], { encoding: "utf8" });
}

test.each(["ministack.ts", "localstack.ts"])("%s --help tells its options", (program) => {
  const { status, stdout } = run(program, "--help");
  expect(status).toBe(0);
  expect(stdout).toContain(`Usage: node infra-tests/local/${program} [options] [-- command ...]`);
  expect(stdout.includes("--stock-mapping")).toBe(program === "localstack.ts");
});

test.each([
  [["--port", "x"], "--port: expected a number of 0 .. 65535, got x"],
  [["--port", "70000"], "--port: expected a number of 0 .. 65535, got 70000"],
  [["--context", "local"], "--context: expected name=value, got local"],
  [["--prot", "1"], "Unknown option '--prot'"],
  [["stray"], "Unexpected argument 'stray'"],
])("%j is wrong usage: one line, exit code 2", (args, message) => {
  const { status, stderr } = run("ministack.ts", ...args);
  expect(status).toBe(2);
  expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  expect(stderr).toContain(`ministack.ts: ${message}`);
});
