// Installs the dependencies of this folder when they are missing or older than the lock file. Plain JavaScript: runs on
// the Node that is there (20 or newer), before the project's own Node 24 is installed.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stampFile = join(root, "node_modules", ".cache", "marina-install");

/** Path of the project's own Node. */
export const node24 = join(
  root,
  "node_modules",
  "node",
  "bin",
  process.platform === "win32" ? "node.exe" : "node",
);

/** Runs npm ci unless node_modules already matches the lock file. */
export function install() {
  const [major] = process.versions.node.split(".").map(Number);
  if (major < 20) fail(`Node ${process.versions.node} is too old: this project starts with Node 20 or newer`);
  const wanted = createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
  if (existsSync(stampFile) && readFileSync(stampFile, "utf8") === wanted && existsSync(node24)) return;
  // One that is interrupted must be begun again, whatever the lock file says then.
  rmSync(stampFile, { force: true });
  console.log("Installing dependencies (npm ci) ...");
  const started = Date.now();
  // The dependencies ask for the Node that they bring along, not for the one that installs them.
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  const args = ["ci", "--no-audit", "--no-fund", "--loglevel=error"];
  const outcome = spawnSync(npm, args, { cwd: root, stdio: "inherit", shell: process.platform === "win32" });
  if (outcome.status !== 0) fail("npm ci failed; see its message above");
  if (!existsSync(node24))
    fail(`npm ci installed no Node at ${node24}; run "npm rebuild node" and look at its message`);
  mkdirSync(dirname(stampFile), { recursive: true });
  writeFileSync(stampFile, wanted);
  console.log(`Installed in ${((Date.now() - started) / 1000).toFixed(0)} s.`);
}

/** This process's environment with the project's Node first on the path. */
export function environment(variables = {}) {
  const separator = process.platform === "win32" ? ";" : ":";
  return { ...process.env, ...variables, PATH: `${dirname(node24)}${separator}${process.env.PATH}` };
}

/** Runs a program of the project under its own Node; ends this process when it fails. */
export function run(title, args, variables = {}) {
  if (title !== "") console.log(`\n== ${title}`);
  const outcome = spawnSync(node24, args, { cwd: root, stdio: "inherit", env: environment(variables) });
  if (outcome.signal !== null) process.kill(process.pid, outcome.signal);
  if (outcome.status !== 0) process.exit(outcome.status ?? 1);
}

/** What deploys the stack to a cloud and runs the functions there: infra-tests/e2e. */
export function endToEndProgram(cloud, options = []) {
  return {
    title: `end to end on ${cloud} (vitest)`,
    args: [tool("vitest", "vitest.mjs"), "run", "--config", "infra-tests/vitest.config.ts", ...options],
    variables: { MARINA_TEST_CLOUD: cloud },
  };
}

/** The start file of an installed tool. */
export function tool(name, file) {
  return join(root, "node_modules", name, file);
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
