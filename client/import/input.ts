/** All that one import reads: a file, several, or a folder of parts, of this machine or of S3. */
import { type Dirent, readdirSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { MARINA, MarinaError, shellWord } from "../../shared/base/index.ts";
import type { ObjectFiles } from "../../shared/cloud/aws/index.ts";
import { MOST_FILES } from "../../shared/data/index.ts";
import { explained, type InputFile, localFile, standardInput } from "./input-file.ts";
import { s3Address, s3File, s3Folder } from "./s3-file.ts";

const ZIP_MAGIC = [0x50, 0x4b, 3, 4] as const;

export interface Input {
  /** What it is called as a whole; of a folder: with a slash. */
  readonly name: string;
  /** In the order in which they are read; at least one. */
  readonly files: readonly InputFile[];
}

/**
 * @param paths of files, or of one folder, or - for standard input; or s3:// addresses.
 * @param s3 asked for where one of them is an s3:// address.
 * @throws MarinaError "usage" when something of it can't be read.
 */
export async function inputOf(paths: readonly string[], s3: () => Promise<ObjectFiles>): Promise<Input> {
  for (const path of paths) refuseOtherAddresses(path);
  const [only, ...others] = paths;
  if (only !== undefined && others.length === 0) {
    if (only === "-") return { name: standardInput.name, files: [standardInput] };
    if (isFolder(only)) return s3Address(only) === undefined ? folder(only) : s3FolderOf(only, await s3());
    const file = await oneFile(only, s3);
    return { name: file.name, files: [file] };
  }
  for (const path of paths) {
    if (path === "-") throw new MarinaError("usage", "-: expected standard input alone, not among files");
    if (isFolder(path)) {
      throw new MarinaError("usage", `${path}: is a folder, expected it alone, or files only`);
    }
  }
  checkCount(paths.length, "files");
  const files: InputFile[] = [];
  for (const path of paths) files.push(await oneFile(path, s3));
  return { name: files[0]!.name, files };
}

/** A file, or what is in it where it is a zip file. */
export async function oneFile(path: string, s3: () => Promise<ObjectFiles>): Promise<InputFile> {
  const address = s3Address(path);
  return unzipped(address === undefined ? localFile(path) : await s3File(address, path, await s3()));
}

/** What is in it, where it is a zip file. */
async function unzipped(file: InputFile): Promise<InputFile> {
  const isZip = ZIP_MAGIC.every((byte, at) => file.head[at] === byte);
  if (!isZip || file.anywhere === undefined) return file;
  return (await import("./zip-member.ts")).zipMember(file, file.anywhere);
}

/** Files in order of name, called by the last part of their keys. */
async function s3FolderOf(path: string, s3: ObjectFiles): Promise<Input> {
  const { key } = s3Address(path)!;
  const addresses = await s3Folder(s3Address(path)!, s3);
  checkCount(addresses.length, path);
  const files: InputFile[] = [];
  for (const address of addresses)
    files.push(await unzipped(await s3File(address, address.key.slice(key.length), s3)));
  return { name: path, files };
}

/** What is no path, and nothing that is read from afar. @throws MarinaError "usage" with what to do. */
function refuseOtherAddresses(path: string): void {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(path)?.[1]?.toLowerCase();
  if (scheme === undefined || scheme === "s3") return;
  const instead =
    scheme === "http" || scheme === "https"
      ? `fetch it first: curl -fLO ${shellWord(path)} (or pipe it: curl -fL URL | ${MARINA} data import - --name NAME)`
      : scheme === "file"
        ? "give its path"
        : "copy it to this machine, or to S3, first";
  throw new MarinaError("usage", `${path}: expected a path, - or s3://BUCKET/KEY; ${instead}`);
}

/** As Spark reads one: what begins with a dot or an underscore (_SUCCESS, checksums) is no data; files in order of name. */
async function folder(path: string): Promise<Input> {
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
  const files: InputFile[] = [];
  for (const file of names) files.push(await unzipped(localFile(join(path, file), file)));
  return { name, files };
}

function readFolder(path: string): Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch (error) {
    throw explained(error, path);
  }
}

function isFolder(path: string): boolean {
  if (s3Address(path) !== undefined) return path.endsWith("/");
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
