/** `--json` of every command: JSON and nothing else, with the keys that docs/JSON.md names. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { COMMANDS, nameOf } from "../../cli/commands.ts";
import { wholeProgram } from "../../cli/program.ts";
import { shippedFile } from "../../shared/data/testing/load.ts";
import { marina, start } from "../fixtures/cli.ts";

const guide = readFileSync(fileURLToPath(new URL("../../docs/JSON.md", import.meta.url)), "utf8");
const folder = mkdtempSync(join(tmpdir(), "marina-json-"));
const home = ["--home", join(folder, "home")] as const;
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const spec = {
  name: "one",
  data: "mushrooms",
  workers: 3,
  problem: { kind: "nonconvex-binary" },
  algorithm: { kind: "marina", compressor: { kind: "rand-k", k: 10 } },
  stop: { rounds: 15, relativeGradientNormSquared: 1e-9 },
};

interface Key {
  readonly path: string;
  /** It has keys of its own that are not listed. */
  readonly open: boolean;
  readonly optional: boolean;
}

/** What a section says of its keys: those of its table, with those of the sections that it refers to. */
function documented(title: string): Key[] {
  const section = new RegExp(
    `^#{2,3} (?:.*\\W)?${title.replaceAll(/[[\]()]/g, "\\$&")}(?:\\W.*)?$\n([^]*?)(?=^##|(?![^]))`,
    "m",
  ).exec(guide);
  if (section === null) throw new Error(`docs/JSON.md: no section ${title}`);
  return [...section[1]!.matchAll(/^\| (.*?) \| ?.*\|$/gm)].flatMap(([, cell]) => keysIn(cell!));
}

function keysIn(cell: string): Key[] {
  const link = /\[(a run|a data set)\]/.exec(cell);
  const own = [...cell.matchAll(/`([^`]+)`/g)].map(([, key]) => key!);
  if (link !== null) {
    const prefix = own.length === 0 ? "" : `${own[0]}.`;
    return documented(link[1]!.replace("a ", "A ")).map((key) => ({ ...key, path: prefix + key.path }));
  }
  return own.map((key) => ({
    path: key.replace("(…)", "").replace("?", ""),
    open: key.includes("(…)"),
    optional: key.endsWith("?"),
  }));
}

/** Paths of all that is no object. */
function pathsOf(value: unknown, path = ""): string[] {
  if (Array.isArray(value)) {
    const inner = value.filter((item) => typeof item === "object" && item !== null);
    return inner.length === 0 ? [path] : inner.flatMap((item) => pathsOf(item, `${path}[]`));
  }
  if (typeof value !== "object" || value === null) return [path];
  const entries = Object.entries(value);
  if (entries.length === 0) return [path];
  return entries.flatMap(([key, inner]) => pathsOf(inner, path === "" ? key : `${path}.${key}`));
}

function undocumented(paths: readonly string[], keys: readonly Key[]): string[] {
  return [...new Set(paths)].filter(
    (path) =>
      !keys.some(
        (key) =>
          path === key.path ||
          (key.open && (path.startsWith(`${key.path}.`) || path.startsWith(`${key.path}[]`))),
      ),
  );
}

function unprinted(paths: readonly string[], keys: readonly Key[]): string[] {
  return keys
    .filter(
      ({ path, optional, open }) =>
        !optional && !paths.some((printed) => printed === path || (open && printed.startsWith(path))),
    )
    .map(({ path }) => path);
}

async function printed(args: readonly string[], code = 0): Promise<unknown[]> {
  const { stdout, stderr, code: exit } = await marina([...args, "--json"], { cwd: folder });
  expect([exit, exit === code ? "" : stderr]).toEqual([code, ""]);
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as unknown);
}

/** Commands whose section is checked here, by the words that call them. */
const seen = new Set<string>();

async function holds(
  title: string,
  args: readonly string[],
  { lines = 1 }: { readonly lines?: number } = {},
): Promise<unknown[]> {
  const values = await printed([...args, ...home]);
  expect(values).toHaveLength(lines);
  const paths = values.flatMap((value) => pathsOf(value));
  const keys = documented(title);
  expect(undocumented(paths, keys)).toEqual([]);
  expect(unprinted(paths, keys)).toEqual([]);
  seen.add(args[0] === "data" || args[0] === "model" ? `${args[0]} ${args[1]}` : args[0]!);
  return values;
}

beforeAll(() => {
  writeFileSync(join(folder, "spec.json"), JSON.stringify(spec));
  writeFileSync(
    join(folder, "sweep.json"),
    JSON.stringify({ name: "small", base: spec, grid: { workers: [3, 4] }, seeds: [1, 2] }),
  );
});

describe("with --json a command prints JSON alone, with the keys of docs/JSON.md:", () => {
  it("data import, list, show", async () => {
    await holds("marina data import", ["data", "import", shippedFile("mushrooms"), "--name", "mushrooms"]);
    await holds("marina data list", ["data", "list"]);
    await holds("marina data show", ["data", "show", "mushrooms", "--workers", "3"]);
  });

  it("run, show, its rounds, list, compare, diff, tag", async () => {
    const [ran] = (await holds("marina run", ["run", "spec.json", "--tag", "a=b", "--note", "n"])) as [
      Record<string, unknown>,
    ];
    expect(ran).toMatchObject({ run: "one", rounds: 15 });
    const [shown] = await holds("marina show", ["show", "one"]);
    expect(shown).toMatchObject({
      iterateSha256: ran["iterateSha256"],
      predictedUsd: ran["predictedUsd"],
      tags: { a: "b" },
      note: "n",
    });
    await holds("marina show --rounds", ["show", "one", "--rounds"], { lines: 15 });
    await holds("marina run", ["run", "spec.json", "--set", "seed=2"]);
    const [listed] = (await holds("marina list", ["list", "--sort", "name"])) as [
      { runs: Record<string, unknown>[] },
    ];
    const { wallSeconds: _wall, ...figures } = ran;
    expect(listed.runs[0]).toMatchObject(figures);
    await holds("marina compare", ["compare", "one", "one-2"]);
    const [differences] = await holds("marina diff", ["diff", "one", "one-2"]);
    expect(differences).toMatchObject({
      fields: [{ field: "seed", values: [1, 2] }],
      sameRows: true,
      sameBits: false,
    });
    expect(await holds("marina tag", ["tag", "one", "one-2", "--tag", "x"], { lines: 2 })).toEqual([
      { run: "one", note: "n", tags: { a: "b", x: "" } },
      { run: "one-2", note: null, tags: { x: "" } },
    ]);
  });

  it("cost, by item and by round, and both say one total", async () => {
    const [items] = (await holds("marina cost", ["cost", "one", "one-2"])) as [
      { totalUsd: number; runs: { totalUsd: number }[] },
    ];
    const [rounds] = (await holds("marina cost --by round", ["cost", "one", "one-2", "--by", "round"])) as [
      { totalUsd: number },
    ];
    const [shown] = (await printed(["show", "one", ...home])) as [{ predictedUsd: number }];
    expect(items.runs[0]!.totalUsd).toBeCloseTo(shown.predictedUsd, 12);
    expect(items.totalUsd).toBeCloseTo(rounds.totalUsd, 12);
  });

  it("export, import, report, sweep, tune, prices, schema, delete", async () => {
    await holds("marina export", ["export", "one", "one.marina"]);
    await holds("marina delete", ["delete", "one", "--yes"]);
    await holds("marina import", ["import", "one.marina"]);
    await holds("marina report", ["report", "one", "--csv", "tables"]);
    await holds("marina sweep", ["sweep", "sweep.json", "--jobs", "1"]);
    await holds("marina tune", [
      "tune",
      "spec.json",
      "--jobs",
      "1",
      "--set",
      "stop.rounds=40",
      "--set",
      "stop.relativeGradientNormSquared=0.5",
    ]);
    for (const args of [["prices"], ["schema"], ["schema", "sweep"]]) {
      expect(await printed(args)).toHaveLength(1);
      seen.add(args[0]!);
    }
  });

  it("run --explain, evaluate, predict, parameters, power, methods, compressors", async () => {
    await holds("marina run --explain", ["run", "spec.json", "--explain"]);
    await holds("marina evaluate", ["evaluate", "one-2"]);
    await holds("marina predict", ["predict", "one-2", "--out", "p.csv"]);
    await holds("marina parameters", ["parameters", "one-2", "--out", "x.npy"]);
    writeFileSync(
      join(folder, "model.ts"),
      `export default ({ row, label, parameter, ops }) => {
        const z = ops.sum(ops.multiply(row, parameter("w", [3])));
        return { loss: ops.abs(ops.subtract(label, z)), outputs: z };
      };`,
    );
    await holds("marina model build", ["model", "build", "model.ts", "--row", "3", "--label", "real"]);
    await holds("marina power", ["power", "spec.json", "--memory", "1024,1769"]);
    for (const kinds of ["methods", "compressors"]) {
      const [value] = (await printed([kinds])) as [Record<string, unknown[]>];
      expect(Object.keys(value)).toEqual([kinds]);
      expect(value[kinds]!.length).toBeGreaterThan(4);
      seen.add(kinds);
    }
  });

  it("chaos", () => holds("marina chaos", ["chaos", "--seeds", "2"]));

  it("stop, scale, watch and resume of a run that is under way", async () => {
    const running = start(["run", "-", "--json", ...home], {
      cwd: folder,
      input: JSON.stringify({ ...spec, name: "long", stop: { rounds: 1_000_000 } }),
    });
    const watched = start(["watch", "long", "--terminal", "--json", ...home], { cwd: folder });
    try {
      for (let found = 0; found === 0; ) {
        const [all] = (await printed(["list", "--status", "running", ...home])) as [
          { runs: { rounds: number | null }[] },
        ];
        found = all.runs.filter(({ rounds }) => rounds !== null && rounds > 0).length;
      }
      // Begun before there was a run, it may have been refused; then once more.
      const watcher =
        watched.child.exitCode === null
          ? watched
          : start(["watch", "long", "--terminal", "--json", ...home], { cwd: folder });
      await holds("marina scale", ["scale", "long", "--workers", "4"]);
      await holds("marina stop", ["stop", "long"]);
      const stopped = await running.outcome;
      expect(stopped.code).toBe(130);
      expect(undocumented(pathsOf(JSON.parse(stopped.stdout)), documented("marina run"))).toEqual([]);
      const lines = (await watcher.outcome).stdout
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as unknown);
      const paths = lines.flatMap((line) => pathsOf(line));
      expect(undocumented(paths, documented("marina watch"))).toEqual([]);
      expect(unprinted(paths, documented("marina watch"))).toEqual([]);
      seen.add("watch");
    } finally {
      running.child.kill("SIGKILL");
      watched.child.kill("SIGKILL");
    }
    const [resumed] = (await printed(["show", "long", ...home])) as [{ status: string }];
    expect(resumed.status).toBe("stopped");
  });

  it("what is refused: nothing on standard output", async () => {
    for (const args of [
      ["resume", "one"],
      ["logs", "one"],
      ["doctor"],
      ["measure"],
      ["show", "nobody"],
      ["cost", "one", "--reconcile"],
    ]) {
      expect(await printed([...args, ...home], 2)).toEqual([]);
      seen.add(args[0]!);
    }
  });

  it("quickstart", async () => {
    await holds("marina quickstart", ["quickstart"]);
  }, 600_000);

  it("completion", async () => {
    const [value] = (await printed(["completion", "bash"])) as [{ script: string }];
    const plain = await marina(["completion", "bash"], { cwd: folder });
    expect(value).toEqual({ shell: "bash", script: plain.stdout.trimEnd() });
  });

  it("data delete", () => holds("marina data delete", ["data", "delete", "mushrooms", "--yes"]));

  it("every command has the flag, and was called here or has a test of its own", async () => {
    const { commands } = await wholeProgram();
    const leaves = commands.flatMap((command) =>
      command.commands.length === 0
        ? [[command.name(), command] as const]
        : command.commands.map((one) => [`${command.name()} ${one.name()}`, one] as const),
    );
    expect(COMMANDS.length).toBe(commands.length);
    expect(
      leaves
        .filter(([, command]) => !command.options.some(({ long }) => long === "--json"))
        .map(([name]) => name),
    ).toEqual([]);
    const elsewhere = ["completion"];
    expect(
      leaves.map(([name]) => name).filter((name) => !seen.has(name) && !elsewhere.includes(name)),
    ).toEqual([]);
    for (const name of COMMANDS.map(nameOf)) expect(guide).toContain(`marina ${name}`);
  });
});
