/** What a report says of how a run is made again is pasted into a checkout that has nothing but the data, and makes it again. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { PageContent } from "../../report/page-content.ts";
import { marina } from "../fixtures/cli.ts";

const CLI = fileURLToPath(new URL("../../cli", import.meta.url));

let place: string;
beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), "marina-recipes-"));
});
afterAll(() => rmSync(place, { recursive: true, force: true }));

const rows = Array.from({ length: 40 }, (_, i) => [(i * 7) % 11, (i * 5) % 13, i % 3] as const);
const classes = ["it's malignant", "benign"] as const;
const words = `id;a;b;"the class"\n${rows.map(([a, b, c], i) => `${i};${a},5;${b};"${classes[c === 0 ? 0 : 1]}"`).join("\n")}\n`;
const targets = `a,b,y\n${rows.map(([a, b, c]) => `${a},${b},${(a - 2 * b + c) / 3}`).join("\n")}\n`;
const sparse = rows.map(([a, b, c]) => `${c === 0 ? 1 : -1} 1:${a} 2:${b}\n`).join("");
const marinaSpec = { kind: "marina", compressor: { kind: "rand-k", k: 1 } };

const CASES = [
  {
    name: "a table with word labels",
    file: "my table.csv",
    text: words,
    arguments: [
      "my table.csv",
      "--label-column",
      "the class",
      "--drop",
      "id",
      "--separator",
      ";",
      "--decimal-comma",
    ],
    problem: { kind: "logistic" },
  },
  {
    name: "targets for regression",
    file: "targets.csv",
    text: targets,
    arguments: ["targets.csv", "--label-column", "y", "--labels", "real", "--standardize", "--intercept"],
    problem: { kind: "least-squares" },
  },
  {
    name: "data that were piped in",
    // As the remark above the command says.
    file: "data.svm",
    text: sparse,
    arguments: ["-"],
    problem: { kind: "nonconvex-binary" },
  },
];

it.each(CASES)("makes a run again on $name", async ({ name, file, text, problem, ...rest }) => {
  const cwd = join(place, `${name.replaceAll(" ", "-")}-first`);
  mkdirSync(cwd);
  writeFileSync(join(cwd, file), text);
  const importing = ["data", "import", ...rest.arguments, "--name", "data"];
  expect((await marina(importing, { cwd, input: text })).stderr).toBe("");
  const spec = {
    name: "again",
    data: "data",
    workers: 3,
    problem,
    algorithm: marinaSpec,
    stop: { rounds: 20 },
  };
  const first = await marina(["run", "-", "--json"], { cwd, input: JSON.stringify(spec) });
  expect(first.code, first.stderr).toBe(0);
  expect((await marina(["report", "again"], { cwd })).code).toBe(0);
  const page = readFileSync(join(cwd, "report.html"), "utf8");
  const json = /<script type="application\/json" id="content">(.*?)<\/script>/s.exec(page)![1]!;
  const { commands } = (JSON.parse(json) as PageContent).data.recipes[0]!;

  const fresh = join(place, `${name.replaceAll(" ", "-")}-fresh`);
  mkdirSync(fresh);
  symlinkSync(CLI, join(fresh, "cli"));
  writeFileSync(join(fresh, file), text);
  const { MARINA_HOME: _home, NODE_OPTIONS: _options, ...inherited } = process.env;
  const path = `${dirname(process.execPath)}${delimiter}${process.env["PATH"] ?? ""}`;
  const options = { cwd: fresh, env: { ...inherited, PATH: path }, encoding: "utf8", stdio: "pipe" } as const;
  execFileSync("sh", ["-e", "-c", commands], options);
  const again = await marina(["show", "again", "--json"], { cwd: fresh });
  const digest = (output: string) =>
    (JSON.parse(output.trimEnd().split("\n").at(-1)!) as { iterateSha256: string }).iterateSha256;
  expect(digest(again.stdout)).toBe(digest(first.stdout));
});
