/** All that one import reads: a file, several, or a folder of parts. */
import { type Dirent, readdirSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { MarinaError } from "../../shared/base/index.ts";
import { MOST_FILES } from "../../shared/data/index.ts";
import { explained, type InputFile, localFile, standardInput } from "./input-file.ts";

export interface Input {
  /** What it is called as a whole; of a folder: with a slash. */
  readonly name: string;
  /** In the order in which they are read; at least one. */
  readonly files: readonly InputFile[];
}

/**
 * @param paths of files, or of one folder, or - for standard input.
 * @throws MarinaError "usage" when something of it can't be read.
 */
export function inputOf(paths: readonly string[]): Input {
  const [only, ...others] = paths;
  if (only !== undefined && others.length === 0) {
    if (only === "-") return { name: standardInput.name, files: [standardInput] };
    if (isFolder(only)) return folder(only);
    const file = localFile(only);
    return { name: file.name, files: [file] };
  }
  for (const path of paths) {
    if (path === "-") throw new MarinaError("usage", "-: expected standard input alone, not among files");
    if (isFolder(path))
      throw new MarinaError("usage", `${path}: is a folder, expected it alone, or files only`);
  }
  checkCount(paths.length, "files");
  const files = paths.map((path) => localFile(path));
  return { name: files[0]!.name, files };
}

/** As Spark reads one: what begins with a dot or an underscore (_SUCCESS, checksums) is no data; files in order of name. */
function folder(path: string): Input {
  const name = `${basename(resolve(path))}/`;
  const entries = readFolder(path).filter((entry) => !/^[._]/.test(entry.name));
  const inner = entries.find((entry) => entry.isDirectory());
  if (inner !== undefined) {
    throw new MarinaError(
      "usage",
      `${path}: expected files in it, got the folder ${inner.name}; import that one`,
    );
  }
  const names = entries.map((entry) => entry.name).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  if (names.length === 0) throw new MarinaError("usage", `${path}: expected files in it, got none`);
  checkCount(names.length, path);
  return { name, files: names.map((file) => localFile(join(path, file), file)) };
}

function readFolder(path: string): Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch (error) {
    throw explained(error, path);
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    throw explained(error, path);
  }
}

function checkCount(count: number, what: string): void {
  if (count <= MOST_FILES) return;
  throw new MarinaError("usage", `${what}: expected at most ${MOST_FILES} files in one import, got ${count}`);
}
