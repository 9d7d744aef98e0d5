/** What `npm pack` makes, used as its users do: in an empty project, under Node 22 and Node 24. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { builtinModules } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { createProject, diskBytes, type Project, pack, programsOf, ROOT, runIn } from "./installed.ts";

const MEGABYTE = 1e6;
const { devDependencies: versions } = manifest;
const at = (name: keyof typeof versions): string => `${name}@${versions[name]}`;
const programs = programsOf("docs/LIBRARY.md");

const scratch = mkdtempSync(join(tmpdir(), "marina-package-"));
let project: Project;
let installedBytes: number;
let expectedDigest: string;
const nodes: Record<string, string> = { "Node 24": process.execPath };

const TSC = "node_modules/typescript/bin/tsc";
/** As strictly as can be. */
const CHECKED = [
  ...["--strict", "--exactOptionalPropertyTypes", "--noUncheckedIndexedAccess"],
  ...["--module", "nodenext", "--target", "es2024", "--lib", "es2024,esnext.disposable", "--types", "node"],
];

beforeAll(async () => {
  const file = pack(scratch);
  project = await createProject();
  await project.install(file);
  installedBytes = diskBytes(join(project.folder, "node_modules"));
  await project.install(at("typescript"), at("@types/node"), at("aws-cdk-lib"), at("constructs"));
  const older = await createProject();
  await older.install("node@22");
  nodes["Node 22"] = join(older.folder, "node_modules", "node", "bin", "node");
  for (const [name, text] of programs) project.write(name, text);
  expectedDigest = runInCheckout();
});
afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
  project?.remove();
});

const spec = {
  data: "mushrooms",
  workers: 5,
  problem: { kind: "nonconvex-binary" },
  algorithm: { kind: "marina", compressor: { kind: "rand-k", k: 10 } },
  stop: { rounds: 60 },
};
const DATA = "node_modules/marina-serverless/dist/experiments/data/mushrooms.gz";
const COMMAND = "node_modules/marina-serverless/cli/marina.js";
const inPackage = (...path: readonly string[]): string =>
  join(project.folder, "node_modules", "marina-serverless", ...path);

/** Of a run of the checkout's own command: the bits that the package must have. */
function runInCheckout(): string {
  const marina = join(ROOT, "cli", "marina.js");
  const home = join(scratch, "checkout");
  const data = join(ROOT, "experiments", "data", "mushrooms.gz");
  execFileSync(process.execPath, [marina, "data", "import", data, "--home", home]);
  const out = execFileSync(process.execPath, [marina, "run", "-", "--json", "--home", home], {
    input: JSON.stringify(spec),
    encoding: "utf8",
  });
  return (JSON.parse(out.trim().split("\n").at(-1)!) as { iterateSha256: string }).iterateSha256;
}

it("takes less than 100 MB, with all that it brings", () => {
  console.log(`node_modules: ${(installedBytes / MEGABYTE).toFixed(1)} MB`);
  expect(installedBytes).toBeLessThan(100 * MEGABYTE);
});

it("holds no TypeScript but declarations, and no test", () => {
  const files = readdirSync(inPackage(), { recursive: true, encoding: "utf8" });
  expect(files.length).toBeGreaterThan(500);
  expect(files.filter((file) => /(?<![.]d)[.]ts$|[.]test[.]|testing\//.test(file))).toEqual([]);
});

it("imports nothing that it does not bring, and finds the files of its threads", () => {
  const known = [...Object.keys(manifest.dependencies), ...Object.keys(manifest.peerDependencies)];
  const missing: string[] = [];
  for (const file of readdirSync(inPackage("dist"), { recursive: true, encoding: "utf8" })) {
    if (!file.endsWith(".js") || /^report\/(page|index)-script\.js$/.test(file)) continue;
    const text = readFileSync(inPackage("dist", file), "utf8");
    for (const [, name = ""] of text.matchAll(/(?:^import|\bfrom|\bimport\() ?"([^".][^"\s]*)"/gm)) {
      const of = name.startsWith("@") ? name.split("/").slice(0, 2).join("/") : name.split("/")[0]!;
      if (!name.startsWith("node:") && !builtinModules.includes(name) && !known.includes(of))
        missing.push(`${file}: ${name}`);
    }
    for (const [, path = ""] of text.matchAll(/new URL\("([^"]+)", import\.meta\.url\)/g)) {
      const target = new URL(path, `file://${inPackage("dist", file)}`);
      if (path === "./client/main.js" || path.endsWith("/")) continue;
      try {
        readFileSync(target);
      } catch {
        missing.push(`${file}: ${path}`);
      }
    }
  }
  expect(missing).toEqual([]);
});

it("has types, down to those that it imports, and its program compiles", async () => {
  const ran = await runIn(project, process.execPath, [TSC, ...CHECKED, "run.ts"]);
  expect(ran).toMatchObject({ code: 0, stdout: "" });
});

describe.each(["Node 24", "Node 22"])("under %s", (version) => {
  const home = `home-${version.replace(" ", "-")}`;
  const marina = (...args: readonly string[]) => runIn(project, nodes[version]!, [COMMAND, ...args]);

  it("is that Node", async () => {
    const { stdout } = await runIn(project, nodes[version]!, ["--version"]);
    expect(stdout).toMatch(new RegExp(`^v${version.split(" ")[1]}\\.`));
  });

  it("the command imports, runs with the bits of the checkout, sweeps, and makes a page and pictures", async () => {
    expect(await marina("--version")).toMatchObject({ code: 0, stdout: `${manifest.version}\n` });
    expect(await marina("data", "import", DATA, "--home", home)).toMatchObject({ code: 0 });
    project.write("spec.json", JSON.stringify(spec));
    const ran = await marina("run", "spec.json", "--json", "--home", home);
    expect(ran).toMatchObject({ code: 0 });
    const last = JSON.parse(ran.stdout.trim().split("\n").at(-1)!) as { iterateSha256: string };
    expect(last.iterateSha256).toBe(expectedDigest);
    const sweep = { name: "study", base: spec, grid: { "algorithm.compressor.k": [5, 10] }, seeds: [1] };
    project.write("study.json", JSON.stringify(sweep));
    expect(await marina("sweep", "study.json", "--jobs", "2", "--home", home)).toMatchObject({ code: 0 });
    const page = await marina("report", "marina-mushrooms", "--png", "pictures", "--home", home);
    expect(page).toMatchObject({ code: 0 });
    expect(readFileSync(join(project.folder, "report.html"), "utf8")).toContain("marina-mushrooms");
    expect(readdirSync(join(project.folder, "pictures")).length).toBeGreaterThan(2);
    expect(await marina("show", "nothing", "--home", home)).toMatchObject({ code: 2 });
  });

  // A minute on a busy machine; under Node 24 it is what `npm start` runs.
  it.runIf(version === "Node 22")("the quickstart finds the specs and data of the package", async () => {
    const ran = await marina("quickstart", "--home", `${home}-quickstart`);
    expect(ran).toMatchObject({ code: 0 });
    expect(ran.stdout).toContain(
      "node_modules/.bin/marina run node_modules/marina-serverless/dist/experiments/",
    );
  });

  it("the program of the documentation prints its rounds", async () => {
    rmSync(join(project.folder, "state"), { recursive: true, force: true });
    // Node 22 knows no `await using`: there it is compiled.
    const ran = await runIn(project, nodes[version]!, [version === "Node 22" ? "run.js" : "run.ts"]);
    expect(ran).toMatchObject({ code: 0 });
    const lines = ran.stdout.trim().split("\n");
    expect(lines.length).toBe(31);
    expect(lines.slice(0, -1).map((line) => Number(line.split(" ")[0]))).toEqual(
      Array.from({ length: 30 }, (_, i) => 10 * i),
    );
    expect(lines.at(-1)).toMatch(/^marina-mushrooms: done after .* SHA-256 [0-9a-f]{64}$/);
  });
});

describe("with a compiler and the CDK beside it", () => {
  it("the program for the CDK has types", async () => {
    const args = [TSC, ...CHECKED, "--noEmit", "--skipLibCheck", "app.ts"];
    expect(await runIn(project, process.execPath, args)).toMatchObject({ code: 0, stdout: "" });
  });

  it.each(["Node 24", "Node 22"])("the CDK application synthesises under %s", async (version) => {
    const out = `cdk-${version.replace(" ", "-")}`;
    expect(await runIn(project, nodes[version]!, ["app.ts"], { CDK_OUTDIR: out })).toMatchObject({ code: 0 });
    const folder = join(project.folder, out);
    const { Resources, Outputs } = JSON.parse(
      readFileSync(join(folder, "Research.template.json"), "utf8"),
    ) as {
      readonly Resources: Record<string, { Type: string; Properties: Record<string, unknown> }>;
      readonly Outputs: Record<string, unknown>;
    };
    const functions = Object.values(Resources).filter(
      ({ Type, Properties }) => Type === "AWS::Lambda::Function" && "FunctionName" in Properties,
    );
    expect(functions.map(({ Properties }) => Properties["FunctionName"]).sort()).toEqual([
      "Research-aggregator",
      "Research-worker",
    ]);
    expect(Object.keys(Outputs)).toContain("ControlQueueUrl");
    for (const { Properties } of functions) {
      const { S3Key } = Properties["Code"] as { S3Key: string };
      expect(readdirSync(join(folder, `asset.${S3Key.replace(".zip", "")}`))).toEqual(["index.mjs"]);
    }
  });
});
