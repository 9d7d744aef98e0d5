/** Finds a fit Python and keeps virtual environments with exactly the packages of a requirements file. */
import { spawnSync } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { MarinaError } from "../../shared/base/errors.ts";
import { childEnvironment } from "./environment.ts";
import { cacheFolder } from "./paths.ts";
import { runCommand } from "./run-command.ts";

type Version = readonly [major: number, minor: number];

/** What a program needs of its Python. */
export interface PythonNeed {
  /** What it is needed for, named in errors. */
  readonly purpose: string;
  readonly oldest: Version;
  /** The newest that the pinned packages are made for; undefined: any. */
  readonly newest?: Version;
}

export interface Python {
  readonly path: string;
  /** e.g. "3.13.0" */
  readonly version: string;
}

/** What a candidate says about itself: its version, and whether it can make virtual environments. */
const QUESTION = `
import sys, importlib.util as u
print("%d.%d.%d" % sys.version_info[:3], "venv" if u.find_spec("venv") and u.find_spec("ensurepip") else "bare")
`;
const QUESTION_MILLISECONDS = 10_000;

/**
 * The first fit Python among `candidates`.
 * @throws MarinaError "unavailable": what was looked for, what was found instead, and how to get it.
 */
export function findPython(need: PythonNeed, candidates: readonly string[] = pythonCandidates()): Python {
  const seen: string[] = [];
  for (const path of candidates) {
    const { status, stdout } = spawnSync(path, ["-c", QUESTION], {
      encoding: "utf8",
      timeout: QUESTION_MILLISECONDS,
      stdio: ["ignore", "pipe", "ignore"],
    });
    // Not there, too old to understand the question, or a version manager's stand-in for one that isn't chosen.
    const answer = status === 0 ? /^(\d+)\.(\d+)\.(\d+) (venv|bare)$/m.exec(stdout) : null;
    if (answer === null) continue;
    const version = `${answer[1]}.${answer[2]}.${answer[3]}`;
    const minor: Version = [Number(answer[1]), Number(answer[2])];
    const fits =
      compare(minor, need.oldest) >= 0 && (need.newest === undefined || compare(minor, need.newest) <= 0);
    if (fits && answer[4] === "venv") return { path, version };
    seen.push(`${path} is ${version}${fits ? " without the venv module" : ""}`);
  }
  const range =
    need.newest === undefined
      ? `${need.oldest.join(".")} or newer`
      : `${need.oldest.join(".")} to ${need.newest.join(".")}`;
  throw new MarinaError(
    "unavailable",
    `${need.purpose} needs Python ${range} with its venv module; found ${seen.length === 0 ? "none" : seen.join(", ")}. ` +
      "Install one (e.g. apt install python3 python3-venv, brew install python@3.13, or pyenv install 3.13) and try again",
  );
}

/** Where Pythons are found, the best known first: on the path, then those of pyenv, newest first. */
export function pythonCandidates(): string[] {
  const names = ["python3.13", "python3.12", "python3"];
  const versions = join(homedir(), ".pyenv", "versions");
  const byVersion = new Intl.Collator("en", { numeric: true });
  const pyenv = existsSync(versions) ? readdirSync(versions).sort(byVersion.compare).reverse() : [];
  return [...names, ...pyenv.map((version) => join(versions, version, "bin", "python3"))];
}

function compare(a: Version, b: Version): number {
  return a[0] - b[0] || a[1] - b[1];
}

/**
 * The folder of a virtual environment that holds exactly what the requirements file pins, made when it isn't there yet.
 * Made aside and renamed when complete, so that one cut off or made twice at a time does no harm.
 *
 * @param name first part of the folder's name.
 * @param note told before something is made, as it takes a while.
 * @throws MarinaError "unavailable" when pip fails.
 */
export async function ensurePythonEnvironment(
  name: string,
  requirements: string,
  need: PythonNeed,
  note: (line: string) => void,
  cache: string = cacheFolder,
): Promise<string> {
  const python = findPython(need);
  // Compiled packages belong to a minor version: another Python gets an environment of its own.
  const key = createHash("sha256")
    .update(python.version)
    .update("\0")
    .update(readFileSync(requirements))
    .digest("hex");
  const folder = join(cache, `${name}-${key.slice(0, 16)}`);
  if (existsSync(folder)) return folder;
  note(`installing ${name} for Python ${python.version} (once) ...`);
  mkdirSync(cache, { recursive: true });
  const draft = join(cache, `draft-${name}-${randomUUID()}`);
  const logFile = join(cache, `${name}-install.log`);
  const options = {
    purpose: `installing ${name} (log: ${logFile})`,
    environment: childEnvironment({}),
    logFile,
  };
  try {
    await runCommand(python.path, ["-m", "venv", draft], options);
    const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "--no-deps"];
    await runCommand(pythonOf(draft), [...pip, "--require-hashes", "--requirement", requirements], options);
    renameSync(draft, folder);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    // Another process may have been quicker.
    if (!existsSync(folder)) throw error;
  }
  return folder;
}

/** The interpreter of a virtual environment. Programs are run as its modules: their scripts hold the draft's path. */
export function pythonOf(environment: string): string {
  return join(environment, "bin", "python");
}
