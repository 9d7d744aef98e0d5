/** The packed file, installed into an empty project outside this folder. */
import { execFile, execFileSync } from "node:child_process";
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const exec = promisify(execFile);
export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export interface Project {
  readonly folder: string;
  /** Adds packages from the registry, at these versions. */
  install(...packages: readonly string[]): Promise<void>;
  write(name: string, text: string): void;
  remove(): void;
}

/** Builds and packs. @returns the file. */
export function pack(folder: string): string {
  const text = execFileSync("npm", ["pack", "--json", "--pack-destination", folder], {
    cwd: ROOT,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  // What the build prints comes before.
  const [packed] = JSON.parse(text.slice(text.lastIndexOf("\n[") + 1)) as readonly { filename: string }[];
  return join(folder, packed!.filename);
}

export async function createProject(): Promise<Project> {
  const folder = mkdtempSync(join(tmpdir(), "marina-installed-"));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  return {
    folder,
    async install(...packages) {
      await exec("npm", ["install", "--no-audit", "--no-fund", "--loglevel=error", ...packages], {
        cwd: folder,
      });
    },
    write: (name, text) => writeFileSync(join(folder, name), text),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program of the project under a Node. */
export async function runIn(
  { folder }: Project,
  node: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  const { PATH = "", HOME = "" } = process.env;
  try {
    const ran = await exec(node, args, {
      cwd: folder,
      env: { PATH, HOME, ...environment },
      maxBuffer: 1 << 26,
    });
    return { code: 0, ...ran };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: unknown; stdout: string; stderr: string };
    return { code: Number(code), stdout, stderr };
  }
}

/** Bytes on the disk, as `du` counts them: in blocks. */
export function diskBytes(path: string): number {
  const status = lstatSync(path);
  const own = 512 * (status.blocks ?? 0);
  if (!status.isDirectory()) return own;
  return readdirSync(path).reduce((sum, name) => sum + diskBytes(join(path, name)), own);
}

/** The programs of a page of documentation, by the name that stands behind the language. */
export function programsOf(page: string): ReadonlyMap<string, string> {
  const text = readFileSync(join(ROOT, page), "utf8");
  return new Map([...text.matchAll(/^```\w+ (\S+)\n(.*?)^```$/gms)].map(([, name, body]) => [name!, body!]));
}
