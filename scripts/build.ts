/**
 * `npm run build`: the package's JavaScript, in dist/, which is laid out as the sources are. Node does not strip types
 * below node_modules, so what is installed must be JavaScript. What a checkout makes when it needs it (the functions'
 * bundles, the code of the report's page) lies in dist ready made, so that the package needs no bundler.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bundleFunction, type FunctionRole } from "../cdk/bundle-function.ts";
import { bundlePage } from "../report/bundle-page.ts";

const ROOT = join(import.meta.dirname, "..");
const DIST = join(ROOT, "dist");
const ROLES: readonly FunctionRole[] = ["worker", "aggregator"];

/** What the quickstart and chaos run on. */
const EXPERIMENTS = [
  "experiments/quickstart",
  "experiments/data/mushrooms.gz",
  "experiments/data/digits.csv.gz",
];

rmSync(DIST, { recursive: true, force: true });
compile();
for (const file of readdirSync(DIST, { recursive: true, encoding: "utf8" })) {
  if (/\.(js|d\.ts)$/.test(file)) rewrite(join(DIST, file));
}
writeManifest();
writeFileSync(join(DIST, "report", "page-script.js"), bundlePage());
for (const role of ROLES) {
  mkdirSync(join(DIST, "cdk", "functions", role), { recursive: true });
  bundleFunction(role, join(DIST, "cdk", "functions", role));
}
for (const path of EXPERIMENTS) cpSync(join(ROOT, path), join(DIST, path), { recursive: true });
console.log(`built ${DIST}`);

function compile(): void {
  const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
  const { status } = spawnSync(process.execPath, [tsc, "-p", join(ROOT, "tsconfig.build.json")], {
    stdio: "inherit",
  });
  if (status !== 0) process.exit(status ?? 1);
}

/** The compiler rewrites imports in JavaScript; not those in declarations, nor the addresses of threads' files. */
function rewrite(path: string): void {
  const text = readFileSync(path, "utf8");
  const rewritten = text
    .replaceAll(/(\bfrom |\bimport\()"(\.{1,2}\/[^"]+)\.ts"/g, '$1"$2.js"')
    .replaceAll(/new URL\("([^"]+)\.ts", import\.meta\.url\)/g, 'new URL("$1.js", import.meta.url)');
  if (rewritten !== text) writeFileSync(path, rewritten);
}

/** The compiler copies package.json, as a module that is imported; of it the programs read these. */
function writeManifest(): void {
  const { name, version, description, type } = JSON.parse(
    readFileSync(join(ROOT, "package.json"), "utf8"),
  ) as Readonly<Record<string, string>>;
  writeFileSync(
    join(DIST, "package.json"),
    `${JSON.stringify({ name, version, description, type }, null, 2)}\n`,
  );
}
