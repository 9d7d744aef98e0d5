/**
 * Rules on the sources that no linter knows: determinism is what this project promises, so a clock, a timer or chance is read
 * in the ports and in the files named here only, and the mathematics uses arithmetic that is exact to the last bit.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { PROBLEM_KINDS } from "../shared/problems/registry.ts";
import { ambientUses, familyUses, inexactUses } from "./fixtures/source-rules.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** What is no part of the product. */
const OUTSIDE = [
  "bench",
  "docs",
  "examples",
  "experiments",
  "infra-tests",
  "node_modules",
  "scripts",
  "tests",
];
const MATHEMATICS = /^shared\/(base|math|compressors|problems|methods)\//;
/** The adapters of the ports: time and chance come in here. */
const PORTS = /^shared\/cloud\/aws\//;

/** Files that may, and what for. */
const AMBIENT: Readonly<Record<string, string>> = {
  "cli/actions/chaos.ts": "wall time of a campaign, for its progress line",
  "cli/actions/data-import.ts": "wall time of an import, for its progress line",
  "cli/actions/reconcile.ts": "the period of CloudWatch's metrics",
  "cli/actions/drive.ts": "wall time of a run, for its progress line",
  "cli/actions/run-length.ts": "how long this machine takes for the rounds of a trial",
  "cli/actions/watch.ts": "how often the page is told",
  "cli/output/watch-terminal.ts": "how often the terminal's picture is drawn",
  "client/engines/aws.ts": "makes each control message a message of its own",
  "client/engines/embedded.ts": "how often a run that another process drives is looked at",
  "client/model/build/trace-file.ts": "how long the file of a model may run",
  "client/run.ts": "how often a run that is too young to be told to stop is told again",
  "client/scale.ts": "numbers the user's requests",
  "client/engines/command-box.ts": "names of commands, in their order",
  "sweep/run-cell.ts": "wall time of a run, for the table",
  "sweep/stack-runner.ts": "wall time of a run, for the table",
  "sweep/stack-session.ts": "how often a stack is asked",
  "monitor/server.ts": "the secret in the page's address",
  "embedded/cloud.ts": "how often objects reach the disk",
  "embedded/clock/virtual-clock.ts": "lets the event loop turn, so that signals arrive",
};

const sources = readdirSync(root, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !entry.name.startsWith(".") && !OUTSIDE.includes(entry.name))
  .flatMap(({ name }) =>
    readdirSync(join(root, name), { recursive: true, encoding: "utf8" }).map((path) => `${name}/${path}`),
  )
  .map((path) => path.replaceAll("\\", "/"))
  .filter((path) => /\.tsx?$/.test(path) && !/\.(test|reference)\.ts$|\/testing\//.test(path))
  .sort();
const textOf = (path: string): string => readFileSync(join(root, path), "utf8");

describe("the sources", () => {
  it("are found", () => {
    expect(sources.length).toBeGreaterThan(250);
    expect(sources.filter((path) => MATHEMATICS.test(path)).length).toBeGreaterThan(40);
  });

  it("read no clock, start no timer and draw nothing by chance outside the ports and the files that may", () => {
    const found = sources
      .filter((path) => !PORTS.test(path) && !(path in AMBIENT))
      .flatMap((path) => ambientUses(textOf(path)).map(({ line, what }) => `${path}:${line}: ${what}`));
    expect(
      found,
      "take time from the clock of the ports and draws from a keyed stream, or name the file and why",
    ).toEqual([]);
  });

  it("that may are there, and do", () => {
    expect(
      Object.keys(AMBIENT).filter(
        (path) => !sources.includes(path) || ambientUses(textOf(path)).length === 0,
      ),
    ).toEqual([]);
  });

  it("of the mathematics use no power and no function whose last bit is the engine's", () => {
    const found = sources
      .filter((path) => MATHEMATICS.test(path))
      .flatMap((path) => inexactUses(textOf(path)).map(({ line, what }) => `${path}:${line}: ${what}`));
    expect(found, "use shared/math: exp, log1p, cube-root, powers-of-two").toEqual([]);
  });
});

describe("the sources outside shared/problems", () => {
  it("ask no problem for its kind", () => {
    const found = sources
      .filter((path) => !path.startsWith("shared/problems/"))
      .flatMap((path) =>
        familyUses(textOf(path), PROBLEM_KINDS).map(({ line, what }) => `${path}:${line}: ${what}`),
      );
    expect(found, "let the problem's definition say it: shared/problems/problem.ts").toEqual([]);
  });
});

describe("the rules", () => {
  const what = (uses: readonly { readonly what: string }[]) => uses.map((use) => use.what);

  it.each([
    ["const t = Date.now();", ["Date.now"]],
    ["const t = new Date();", ["new Date()"]],
    ["const t = Date();", ["Date()"]],
    ["const f = performance.now;", ["performance.now"]],
    ["const u = Math.random();", ["Math.random"]],
    ["setTimeout(f, 1); setInterval(f, 1); setImmediate(f);", ["setTimeout", "setInterval", "setImmediate"]],
    ["const later = setTimeout;", ["setTimeout"]],
    ['import { setTimeout as sleep } from "node:timers/promises";', ["import node:timers/promises"]],
    ['import { createHash, randomUUID as id } from "node:crypto";', ["import randomUUID"]],
    ["crypto.getRandomValues(bytes);", ["crypto.getRandomValues"]],
    ["process.hrtime.bigint();", ["process.hrtime"]],
  ])("see ambient time and chance in %s", (source, expected) => {
    expect(what(ambientUses(source))).toEqual(expected);
  });

  it.each([
    ["withRow(error, run.spec.problem.kind);", ["problem.kind"]],
    ["if (problem.kind === other) f();", ["problem.kind"]],
    ['const use = kind === "logistic" ? 1 : 2;', ['compared with "logistic"']],
    ['switch (kind) { case "logistic": f(); }', ['case "logistic"']],
    ['const spec = { kind: "logistic" }; // problem.kind === "logistic"', []],
    ["algorithm.kind; label.kind;", []],
  ])("see questions after a problem's family in %s", (source, expected) => {
    expect(what(familyUses(source, PROBLEM_KINDS))).toEqual(expected);
  });

  it.each([
    "new Date(milliseconds).toISOString(); // Date.now()",
    'const text = "Math.random()"; /* setTimeout */',
    "await clock.sleep(5); clock.now();",
    "const options = { setTimeout: 5 };",
  ])("leave alone: %s", (source) => {
    expect(ambientUses(source)).toEqual([]);
  });

  it.each([
    ["x ** 2", ["**"]],
    ["x **= 2", ["**="]],
    ["Math.log1p(x) + Math.hypot(x, 1)", ["Math.log1p", "Math.hypot"]],
    ["const { exp } = Math;", ["Math"]],
    ['Math["pow"](x, 2)', ["Math"]],
    ["Math.sqrt(x) + Math.max(x, Math.LN2) // 2 ** 3, Math.exp", []],
  ])("see what is inexact in %s", (source, expected) => {
    expect(what(inexactUses(source))).toEqual(expected);
  });
});
