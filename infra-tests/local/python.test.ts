import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { ensurePythonEnvironment, findPython, type PythonNeed, pythonOf } from "./python.ts";

const folder = mkdtempSync(join(tmpdir(), "marina-python-"));
const need: PythonNeed = { purpose: "the trial", oldest: [3, 12], newest: [3, 13] };

afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** A program that answers as a Python would. */
function candidate(name: string, script: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

const old = candidate("old", "echo 3.11.9 venv");
const tooNew = candidate("too-new", "echo 3.14.0 venv");
const bare = candidate("bare", "echo 3.12.3 bare");
const fit = candidate("fit", "echo 3.12.1 venv");
const fitToo = candidate("fit-too", "echo 3.13.2 venv");
const standIn = candidate("stand-in", "echo 'command not found'; exit 127");
const missing = join(folder, "missing");

test("the first fit candidate is taken, whatever else there is", () => {
  expect(findPython(need, [missing, standIn, old, tooNew, bare, fit, fitToo])).toEqual({
    path: fit,
    version: "3.12.1",
  });
});

test("versions are compared as numbers", () => {
  const three = candidate("three-nine", "echo 3.9.1 venv");
  expect(() => findPython({ purpose: "it", oldest: [3, 10] }, [three])).toThrow("needs Python 3.10 or newer");
});

test("where none is fit, the error tells what was found, and what to do", () => {
  expect(() => findPython(need, [missing, old, tooNew, bare])).toThrow(
    `the trial needs Python 3.12 to 3.13 with its venv module; found ${old} is 3.11.9, ${tooNew} is 3.14.0, ${bare} is 3.12.3 without the venv module. Install one`,
  );
});

test("where there is none at all, the error says so", () => {
  expect(() => findPython(need, [missing])).toThrow("found none. Install one");
});

const anyPython: PythonNeed = { purpose: "a virtual environment", oldest: [3, 10] };
const hasPython = (() => {
  try {
    return findPython(anyPython) !== undefined;
  } catch {
    return false;
  }
})();

describe.runIf(hasPython)("with a Python here", () => {
  const cache = join(folder, "cache");
  mkdirSync(cache);
  const drafts = () => readdirSync(cache).filter((name) => name.startsWith("draft-"));

  test("an environment is made once and then found again", async () => {
    const requirements = join(folder, "none.txt");
    writeFileSync(requirements, "# nothing\n");
    const notes: string[] = [];
    const make = () =>
      ensurePythonEnvironment("none", requirements, anyPython, (line) => notes.push(line), cache);
    const environment = await make();
    expect(existsSync(pythonOf(environment))).toBe(true);
    expect(await make()).toBe(environment);
    expect(notes).toHaveLength(1);
    expect(drafts()).toEqual([]);
  });

  test("a package without a hash is refused, and nothing is left behind", async () => {
    const requirements = join(folder, "unhashed.txt");
    writeFileSync(requirements, "six==1.17.0\n");
    const made = ensurePythonEnvironment("unhashed", requirements, anyPython, () => undefined, cache);
    await expect(made).rejects.toThrow(/installing unhashed .*hash/s);
    expect(drafts()).toEqual([]);
  });
});
