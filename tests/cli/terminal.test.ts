/** Tables and live lines on real terminals of 80 and of 200 columns; colours, and pipes that close early. */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { shippedFile } from "../../shared/data/testing/load.ts";
import { MARINA, marina } from "../fixtures/cli.ts";

const PTY = fileURLToPath(new URL("../fixtures/on-terminal.py", import.meta.url));
const python = ["python3", "python"].find((name) => spawnSync(name, ["-c", "import pty"]).status === 0);
const folder = mkdtempSync(join(tmpdir(), "marina-terminal-"));
const home = ["--home", join(folder, "home")] as const;
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const NAME = "a-run-whose-name-is-as-long-as-people-make-them";
const spec = {
  name: NAME,
  data: "mushrooms",
  workers: 5,
  problem: { kind: "nonconvex-binary" },
  algorithm: { kind: "vr-marina", compressor: { kind: "rand-k", k: 10 }, batchSize: 17 },
  stop: { rounds: 300 },
};

beforeAll(async () => {
  writeFileSync(join(folder, "spec.json"), JSON.stringify(spec));
  const base = { ...spec, stop: { rounds: 60, relativeGradientNormSquared: 0.5 } };
  writeFileSync(join(folder, "tune.json"), JSON.stringify(base));
  const grid = { "algorithm.stepSize": ["theory", { times: 2 }], "algorithm.compressor.k": [5, 10] };
  writeFileSync(
    join(folder, "sweep.json"),
    JSON.stringify({
      name: "wide",
      base,
      grid,
      seeds: [1, 2, 3],
      best: { by: "usd", over: ["algorithm.stepSize"] },
    }),
  );
  await marina(["data", "import", shippedFile("mushrooms"), "--name", "mushrooms", ...home], { cwd: folder });
  for (const name of [NAME, "b"])
    await marina(["run", "spec.json", "--set", `name=${name}`, "--tag", "paper", ...home], { cwd: folder });
});

const { PATH = "", NODE_COMPILE_CACHE = "", MARINA_THREADS = "" } = process.env;
const TERM = { TERM: "xterm-256color", HOME: folder, PATH, NODE_COMPILE_CACHE, MARINA_THREADS };

const screens = new Map<string, string>();

/** What a terminal of this width gets to see, with all that moves its cursor; the same call is made once. */
function shown(columns: number, ...args: readonly string[]): string {
  const words = [PTY, String(columns), process.execPath, MARINA, ...args, ...home];
  const call = words.join(" ");
  const screen =
    screens.get(call) ??
    execFileSync(python!, words, { cwd: folder, env: TERM, encoding: "utf8", maxBuffer: 1e8 });
  screens.set(call, screen);
  return screen;
}

const FIRST_COLUMN = new RegExp(`${"\u001b"}\\[\\d*G`, "g");

/** Its lines, and each state of those that change in place. */
function linesOf(text: string): string[] {
  // Bars go back to the first column by a sequence of their own.
  return stripVTControlCharacters(text.replaceAll(FIRST_COLUMN, "\r"))
    .split(/[\r\n]+/)
    .filter((line) => line !== "");
}

const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  list: ["list"],
  compare: ["compare", NAME, "b"],
  cost: ["cost", NAME],
  "cost with a free tier": ["cost", NAME, "--free-tier"],
  "cost of several": ["cost", NAME, "b"],
  "cost by round": ["cost", NAME, "--by", "round"],
  show: ["show", NAME],
  diff: ["diff", NAME, "b"],
  tag: ["tag", NAME],
  "data list": ["data", "list"],
  "data show": ["data", "show", "mushrooms", "--workers", "5"],
  sweep: ["sweep", "sweep.json", "--jobs", "1"],
  tune: ["tune", "tune.json", "--jobs", "1"],
  run: ["run", "spec.json", "--set", "name=live", "--set", "stop.rounds=3000"],
};

/** Words that nothing can break, as a path or a digest. */
const UNBREAKABLE = /^\S*\s+(SHA-256 )?\S+$/;

describe.runIf(python !== undefined)("on a terminal", () => {
  it.each(Object.entries(COMMANDS))("of 80 columns %s has no line that is wider", (_name, args) => {
    const lines = linesOf(shown(80, ...args));
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.filter((line) => [...line].length > 80 && !UNBREAKABLE.test(line))).toEqual([]);
  });

  it.each(["list", "compare", "cost", "run"])("of 200 columns %s leaves nothing out", (name) => {
    const text = shown(200, ...COMMANDS[name]!);
    expect(linesOf(text).filter((line) => [...line].length > 200)).toEqual([]);
    expect(text).not.toContain("no room for");
  });

  it("list keeps why a run ended, its dollars and its date longest, and says what it has no room for", () => {
    const [head = "", ...rest] = linesOf(shown(80, "list"));
    expect(head).toMatch(/^run +ended +.*\$/);
    expect(rest.join(" ")).toMatch(/\(no room for: .*Mbit\/worker/);
    expect(rest.join("\n")).toContain("rounds used up");
  });

  it("the live line of a run has its dollars and the time that is left, at 80 columns too", () => {
    const lines = linesOf(shown(80, ...COMMANDS["run"]!)).filter((line) => /: round \d+\/3000/.test(line));
    expect(lines.length).toBeGreaterThan(1);
    expect(lines.at(-1)).toMatch(/~\$0\.\d+ .*about \d.* left$/);
  });

  it("heads of tables are bold, and are not with NO_COLOR", () => {
    expect(shown(80, "list")).toContain("\u001b[1m");
    const plain = execFileSync(python!, [PTY, "80", process.execPath, MARINA, "list", ...home], {
      cwd: folder,
      env: { ...TERM, NO_COLOR: "1" },
      encoding: "utf8",
    });
    expect(plain).not.toContain("\u001b");
  });
});

describe("in a pipe", () => {
  const piped = (env: Record<string, string>): string =>
    execFileSync(process.execPath, [MARINA, "list", ...home], {
      cwd: folder,
      env: { ...TERM, ...env },
      encoding: "utf8",
    });

  it("tables have all their columns and no colours, unless FORCE_COLOR asks for them", () => {
    expect(piped({})).toMatch(/^run .*method .*Mbit\/worker .*tags$/m);
    expect(piped({})).not.toContain("\u001b");
    expect(piped({ FORCE_COLOR: "1" })).toContain("\u001b[1m");
  });

  it.each([
    ["show", NAME, "--rounds"],
    ["show", NAME, "--rounds", "--json"],
    ["cost", NAME, "--by", "round"],
    ["list"],
    ["schema"],
  ])("whose reader goes away after a line %s %s %s ends quietly", async (...args) => {
    const child = spawn(process.execPath, [MARINA, ...args, ...(args[0] === "schema" ? [] : home)], {
      cwd: folder,
      env: TERM,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.stdout.once("data", () => child.stdout.destroy());
    const code = await new Promise((resolve) => child.on("close", resolve));
    expect([code, stderr]).toEqual([0, ""]);
  });
});
