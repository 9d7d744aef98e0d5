/** The `marina` command, as somebody at this cloud calls it. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CallOptions, lastLine, marina, type Outcome } from "../../../tests/fixtures/cli.ts";
import { DEFAULT_STACK_NAME } from "../../local/deploy.ts";
import type { TestCloud } from "../global-setup.ts";

/** A folder of its own, for the command's files. */
export function scratchFolder(): string {
  return mkdtempSync(join(tmpdir(), "marina-e2e-"));
}

/** Calls the command on the deployed stack. */
export function onStack(
  { kind }: TestCloud,
  args: readonly string[],
  options: CallOptions,
): Promise<Outcome> {
  const stack = process.env["MARINA_TEST_STACK"] ?? DEFAULT_STACK_NAME;
  const where = kind === "aws" ? ["--on", "aws"] : ["--on", "localstack"];
  return marina([...args, ...where, "--stack", stack], options);
}

/** What `--json` of `run` and `resume` prints after all else. */
export function resultLine({ stdout }: Outcome): Record<string, unknown> {
  return JSON.parse(lastLine(stdout)) as Record<string, unknown>;
}
