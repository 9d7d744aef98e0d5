/** cfn-lint: what CloudFormation would say of a template, by AWS's own schemas of its resources. */
import { spawnSync } from "node:child_process";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { MarinaError } from "../../shared/base/errors.ts";
import { childEnvironment } from "../local/environment.ts";
import { ensurePythonEnvironment, pythonOf } from "../local/python.ts";

const REQUIREMENTS = fileURLToPath(new URL("requirements.txt", import.meta.url));
const VERSION = "1.58.0";
/** It is no module that Python runs by its name. */
const MAIN = "import sys; from cfnlint.runner import main; sys.exit(main())";
const LINT_MILLISECONDS = 240_000;
/** Its exit codes are sums of these: errors, warnings and remarks found. Anything else: it did not get so far. */
const FINDINGS = 2 + 4 + 8;

export interface Finding {
  /** The template's file name. */
  readonly template: string;
  /** e.g. "E3030" */
  readonly rule: string;
  readonly message: string;
  /** Of what is complained about, e.g. "Resources/Queue/Properties/VisibilityTimeout". */
  readonly path: string;
}

/** Installs it when it isn't there. @returns the interpreter that has it. */
export async function ensureCfnLint(note: (line: string) => void): Promise<string> {
  const need = { purpose: `cfn-lint ${VERSION}`, oldest: [3, 10] as const };
  return pythonOf(await ensurePythonEnvironment("cfn-lint", REQUIREMENTS, need, note));
}

interface Match {
  readonly Filename: string;
  readonly Level: string;
  readonly Message: string;
  readonly Rule: { readonly Id: string };
  readonly Location: { readonly Path: readonly (string | number)[] | null };
}

/**
 * Errors and warnings of all templates, for all regions.
 * @param ignored rules that are not asked.
 * @throws MarinaError "unavailable" when it can't be run.
 */
export function lint(
  python: string,
  files: readonly string[],
  regions: readonly string[],
  ignored: readonly string[],
): Finding[] {
  const options = ["--format", "json", "--regions", ...regions, "--ignore-checks", ...ignored];
  const { status, stdout, stderr, error } = spawnSync(python, ["-c", MAIN, ...options, "--", ...files], {
    encoding: "utf8",
    timeout: LINT_MILLISECONDS,
    env: childEnvironment({}),
    maxBuffer: 64 * 2 ** 20,
  });
  if (error !== undefined || status === null || (status & ~FINDINGS) !== 0) {
    throw new MarinaError("unavailable", `cfn-lint ${VERSION}: ${error?.message ?? stderr.trim()}`);
  }
  return (JSON.parse(stdout) as Match[]).map(({ Filename, Message, Rule, Location }) => ({
    template: basename(Filename),
    rule: Rule.Id,
    message: Message,
    path: (Location.Path ?? []).join("/"),
  }));
}
