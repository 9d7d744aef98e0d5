/** The command line, in processes of its own: what it prints, what it says when something is wrong, how it ends. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { shippedFile } from "../../shared/data/testing/load.ts";
import { type RunSpecInput, runSpecJsonSchema } from "../../shared/protocol/spec/spec.ts";
import { type CallOptions, lastLine, marina, type Started, start } from "../fixtures/cli.ts";

const folder = mkdtempSync(join(tmpdir(), "marina-cli-"));
const file = (name: string) => join(folder, name);
const here: CallOptions = { cwd: folder };

/** A state folder with mushrooms in it, and one short finished run called "short". */
const HOME = file("home");
const home = ["--home", HOME] as const;

const spec: RunSpecInput = {
  name: "short",
  data: "mushrooms",
  workers: 5,
  problem: { kind: "nonconvex-binary" },
  algorithm: { kind: "marina", compressor: { kind: "rand-k", k: 10 }, probability: 0.2, stepSize: 0.1 },
  stop: { rounds: 20 },
};

function parsed(line: string): Record<string, unknown> {
  const value: unknown = JSON.parse(line);
  if (typeof value !== "object" || value === null) throw new Error(`expected a JSON object, got ${line}`);
  return value as Record<string, unknown>;
}

const run = (...args: readonly string[]) => marina([...args, ...home], here);

let shortRun: Record<string, unknown>;

beforeAll(async () => {
  writeFileSync(file("spec.json"), JSON.stringify(spec));
  const imported = await run("data", "import", shippedFile("mushrooms"), "--name", "mushrooms");
  expect(imported).toMatchObject({ code: 0, stderr: "" });
  const ended = await run("run", "spec.json", "--json");
  expect(ended.code).toBe(0);
  shortRun = parsed(lastLine(ended.stdout));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** One line on standard error, the right exit code, nothing on standard output, no stack. */
async function refused(
  args: readonly string[],
  code: 1 | 2,
  message: string | RegExp,
  options = here,
): Promise<void> {
  const outcome = await marina(args, options);
  if (typeof message === "string") expect(outcome.stderr).toBe(`marina: ${message}\n`);
  else expect(outcome.stderr).toMatch(message);
  expect(outcome.code).toBe(code);
  expect(outcome.stdout).toBe("");
  expect(outcome.stderr).not.toMatch(/^\s+at /m);
  expect(outcome.stderr.trimEnd().split("\n")).toHaveLength(1);
}

/** Everything stored under a state folder. */
function filesUnder(path: string): string[] {
  if (!existsSync(path)) return [];
  const entries = readdirSync(path, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}

describe("a bad data file is refused with file, line and what was expected, and leaves nothing behind:", () => {
  const rows = "1 1:1 2:0.5\n-1 2:1\n";
  it.each<[string, string | Uint8Array, RegExp]>([
    ["an entry without a value", `${rows}1 1:1 2\n`, /^marina: bad: line 3, column \d+: .*"2".*$/m],
    ["a value that is no number", `${rows}1 1:1 2:x\n`, /^marina: bad: line 3, column \d+: .*x/m],
    ["index 0", `${rows}1 0:1\n`, /^marina: bad: line 3, column 3: .*0/m],
    ["an index that comes twice", `${rows}1 2:1 2:3\n`, /^marina: bad: line 3, column 7: .* 2 comes again/m],
    [
      "infinity as of old runtimes",
      `${rows}1 1:1.#INF 2:5\n`,
      /^marina: bad: line 3, column 5: .*"1\.#INF"/m,
    ],
    ["a label that is NaN", `${rows}NaN 1:1\n`, /^marina: bad: line 3, column 1: .*label.*NaN/m],
    [
      "three classes",
      `${rows}3 1:1\n`,
      /^marina: bad: line 3: expected one of the two labels seen before, 1 and -1, got 3/m,
    ],
    [
      "one class",
      "1 1:1\n1 2:1\n",
      /^marina: bad: expected two label values for classification, got only 1/m,
    ],
    ["an empty file", "", /^marina: bad: expected rows, got none \(the input is empty\)/m],
    [
      "a truncated gz",
      gzipSync(rows.repeat(1000)).subarray(0, 60),
      /^marina: bad: .*(cut off|ends|truncated)/m,
    ],
  ])("%s", async (_name, contents, message) => {
    writeFileSync(file("bad"), contents);
    const empty = file("empty-home");
    await refused(["data", "import", "bad", "--name", "bad", "--home", empty], 1, message);
    expect(filesUnder(empty)).toEqual([]);
    rmSync(empty, { recursive: true, force: true });
  });

  it("one that does not exist", () =>
    refused(["data", "import", "nowhere.gz", "--name", "x", ...home], 2, "nowhere.gz: no such file"));

  it("a folder", () =>
    refused(
      ["data", "import", ".", "--name", "x", ...home],
      2,
      /^marina: \.: expected files in it, got the folder /,
    ));

  it("a name that is taken", () =>
    refused(
      ["data", "import", shippedFile("mushrooms"), "--name", "mushrooms", ...home],
      1,
      'data set "mushrooms" exists already; choose another name, or replace it (--replace)',
    ));
});

describe("a bad spec is refused with exit code 2 and leaves no run behind:", () => {
  const source = "spec.json with --set";
  it.each<[string, readonly string[], string]>([
    [
      "k > d",
      ["algorithm.compressor.k=113"],
      "algorithm.compressor.k: expected an integer from 1 to 112 (the dimension of the data set), got 113",
    ],
    [
      "k = 0",
      ["algorithm.compressor.k=0"],
      `${source}: algorithm.compressor.k: expected number to be >=1, got 0`,
    ],
    [
      "a negative step",
      ["algorithm.stepSize=-1"],
      `${source}: algorithm.stepSize: expected number to be >0, got -1`,
    ],
    [
      "more workers than rows",
      ["workers=9000"],
      "workers: expected at most 8124 (the rows of the data set), got 9000",
    ],
    ["an unknown field", ["worker=3"], `${source}: worker: unknown field; did you mean "workers"?`],
    [
      "an unknown data set",
      ["data=mushroom"],
      'data set "mushroom" does not exist (did you mean "mushrooms"?); import it with: marina data import FILE --name mushroom',
    ],
    [
      "a step size that the method does not have",
      ["algorithm.stepSize=practical"],
      `${source}: algorithm.stepSize: expected "theory", or "explicit", or "pl", or "measured", or number, or object, got "practical"`,
    ],
    [
      "a change without a value",
      ["workers"],
      "--set workers: expected path.to.field=value, e.g. algorithm.compressor.k=5",
    ],
    [
      "a change inside a number",
      ["workers.x=1"],
      '--set workers.x=1: "x" would lie inside 5, which is no object',
    ],
  ])("%s", async (_name, changes, message) => {
    const args = [
      "run",
      "spec.json",
      "--set",
      "name=bad",
      ...changes.flatMap((change) => ["--set", change]),
      ...home,
    ];
    await refused(args, 2, message);
    expect(existsSync(join(HOME, "objects", "runs", "bad"))).toBe(false);
  });

  it("a loss for two classes where labels are real", async () => {
    writeFileSync(file("real"), "0.5 1:1\n1.5 1:2\n-2 2:1\n");
    await run("data", "import", "real", "--name", "real", "--labels", "real");
    const args = [
      "run",
      "spec.json",
      "--set",
      "data=real",
      "--set",
      "workers=1",
      "--set",
      "algorithm.compressor.k=1",
    ];
    await refused(
      [...args, ...home],
      2,
      /^marina: problem: expected "least-squares".*, since data set "real" was imported with real labels; for "nonconvex-binary" import it again with two label values/,
    );
  });

  it("a file that does not exist", () =>
    refused(["run", "nowhere.json", ...home], 2, /^marina: nowhere\.json: can't be read \(ENOENT/));

  it("one that is not JSON", async () => {
    writeFileSync(file("broken.json"), '{"data": ');
    await refused(["run", "broken.json", ...home], 2, /^marina: broken\.json: not JSON: /);
  });

  it("several mistakes at once, a line for each", async () => {
    const outcome = await run("run", "spec.json", "--set", "worker=1", "--set", "stop.rounds=0");
    expect(outcome.code).toBe(2);
    expect(outcome.stderr).toContain('\n  worker: unknown field; did you mean "workers"?');
    expect(outcome.stderr).toContain("\n  stop.rounds: expected number to be >=1, got 0");
  });
});

describe("a wrong call is refused with exit code 2 and a hint:", () => {
  it.each<[string, readonly string[], RegExp]>([
    ["an unknown command", ["runn"], /unknown command 'runn'\n\(Did you mean run\?\)/],
    ["an unknown option", ["run", "spec.json", "--jsn"], /unknown option '--jsn'\n\(Did you mean --json\?\)/],
    ["a missing argument", ["run"], /missing required argument 'spec'/],
    ["a missing name", ["data", "import", "-"], /standard input: expected --name <name>/],
    ["an unknown engine", ["list", "--on", "azure"], /'azure' is invalid. Allowed choices are embedded/],
    ["half a worker", ["data", "show", "mushrooms", "--workers", "1.5"], /expected a positive integer/],
  ])("%s", async (_name, args, message) => {
    const outcome = await marina(args, here);
    expect(outcome.code).toBe(2);
    expect(outcome.stderr).toMatch(message);
  });

  it("with the help of the very command", async () => {
    for (const [args, help] of [
      [["run"], "marina run --help"],
      [["show", "short", "--round"], "marina show --help"],
      [["data", "show"], "marina data show --help"],
      [["lsit"], "marina --help"],
    ] as const) {
      const { code, stderr } = await run(...args);
      expect(stderr).toMatch(new RegExp(`\\(see: ${help}\\)\n$`));
      expect(code).toBe(2);
    }
  });

  it("another cloud than there is, and chaos on a stack", async () => {
    const unknown = await run("list", "--on", "azure");
    expect(unknown).toMatchObject({ code: 2, stdout: "" });
    expect(unknown.stderr).toMatch(/Allowed choices are embedded, localstack, ministack, aws\./);
    for (const on of ["localstack", "ministack", "aws"])
      await refused(
        ["chaos", "--on", on, ...home],
        2,
        "chaos runs on the embedded cloud alone, where faults can be drawn from a seed: leave --on out",
      );
  });

  it("a bound of dollars where none are spent", async () => {
    for (const args of [["run", "spec.json"], ["resume", "short"], ["quickstart"]])
      await refused(
        [...args, "--max-usd", "1", ...home],
        2,
        "--max-usd: runs on the embedded cloud cost nothing; give it with --on aws, or set stop.usd in the spec",
      );
  });

  it("an unknown run, with the nearest name", () =>
    refused(
      ["show", "shor", ...home],
      2,
      'run "shor" does not exist (did you mean "short"?); see: marina list',
    ));

  it("resuming a run that is done", () =>
    refused(
      ["resume", "short", ...home],
      2,
      "run short is done after 20 rounds; look at it with: marina show short",
    ));
});

describe("marina run", () => {
  it("ends with one JSON object as the last line", () => {
    expect(Object.keys(shortRun)).toEqual(
      expect.arrayContaining(
        "run status stoppedBy rounds gradientNormSquared initialGradientNormSquared relativeGradientNormSquared loss uplinkBitsPerWorker uplinkBytesMeasured downlinkBytesMeasured predictedSeconds predictedUsd wallSeconds iterateSha256 constants".split(
          " ",
        ),
      ),
    );
    expect(shortRun).toMatchObject({ run: "short", status: "done", stoppedBy: "rounds", rounds: 20 });
    expect(shortRun.iterateSha256).toMatch(/^[0-9a-f]{64}$/);
    expect(shortRun.predictedSeconds).toBeGreaterThan(0);
    expect(shortRun.constants).toMatchObject({ workers: 5, dimension: 112, stepSize: 0.1, probability: 0.2 });
  });

  it("gives the same bits from standard input, under a new name, with the shipped node and by hand-over from an old one", async () => {
    const input = JSON.stringify({ ...spec, name: "again" });
    const ended = await marina(["run", "-", "--json", ...home], { ...here, input });
    expect(parsed(lastLine(ended.stdout))).toMatchObject({
      run: "again",
      iterateSha256: shortRun.iterateSha256,
    });
    const old = nodeBefore24();
    if (old === undefined) return;
    const handed = await marina(["run", "-", "--json", ...home], { ...here, input, node: old });
    // The name is taken by now.
    expect(parsed(lastLine(handed.stdout))).toMatchObject({
      run: "again-2",
      iterateSha256: shortRun.iterateSha256,
    });
  });

  it("passes an old node's exit code on", async () => {
    const old = nodeBefore24();
    if (old === undefined) return;
    await refused(["show", "shor", ...home], 2, /^marina: run "shor" does not exist/, { ...here, node: old });
  });

  it("ends with exit code 1 when the run diverges", async () => {
    const diverging = {
      ...spec,
      name: "diverging",
      problem: { kind: "logistic", regularizer: { kind: "l2", lambda: 1 } },
    };
    const input = JSON.stringify({ ...diverging, algorithm: { kind: "gd", stepSize: 100 } });
    const ended = await marina(["run", "-", "--json", ...home], { ...here, input });
    expect(ended.code).toBe(1);
    expect(parsed(lastLine(ended.stdout))).toMatchObject({
      status: "diverged",
      error: expect.stringMatching(/smaller step/),
    });
    await refused(
      ["resume", "diverging", ...home],
      2,
      /^marina: run diverging has diverged and would again: /,
    );
  });
});

describe("what is stored", () => {
  it("is shown by list, show and compare, for people and for programs", async () => {
    const list = await run("list");
    expect(list.stdout).toMatch(/^run +method/m);
    expect(list.stdout).toMatch(
      /^short +MARINA, rand-k 10, step 0.1 +mushrooms +5 +rounds used up +20 .* 0\.000\d+ +\d{4}-\d\d-\d\d \d\d:\d\d$/m,
    );
    const { runs: all } = parsed((await run("list", "--json")).stdout);
    expect(all).toContainEqual(expect.objectContaining({ run: "short", status: "done", rounds: 20 }));

    const shown = await run("show", "short");
    expect(shown.stdout).toContain(`SHA-256 ${String(shortRun.iterateSha256)}`);
    const result = parsed((await run("show", "short", "--json")).stdout);
    expect(result).toMatchObject({
      version: 1,
      run: "short",
      rounds: 20,
      iterateSha256: shortRun.iterateSha256,
    });

    const compared = await run("compare", "short", "short");
    expect(compared.stdout.match(/^short /gm)).toHaveLength(2);
  });

  it("is shown round by round as CSV", async () => {
    const lines = (await run("show", "short", "--rounds")).stdout.trimEnd().split("\n");
    expect(lines[0]).toBe(
      "round,dense,slots,loss,gradientNormSquared,uplinkBitsPerWorker,uplinkBytes,downlinkBytes,seconds,usd,resent,hedged,dropped",
    );
    expect(lines.slice(1).map((line) => Number(line.split(",")[0]))).toEqual(
      Array.from({ length: 20 }, (_, t) => t),
    );
  });

  it("of data is shown by data list and data show", async () => {
    expect((await run("data", "list")).stdout).toMatch(/^mushrooms +8,124 +112 +170,604 +binary/m);
    const shown = (await run("data", "show", "mushrooms", "--workers", "5")).stdout;
    expect(shown).toContain("mushrooms: 8,124 rows x 112, 170,604 non-zeros");
    expect(shown).toContain("labels 2 -> +1 (4,208 rows), 1 -> -1 (3,916 rows)");
    expect(shown).toContain("5 workers, remainder spread: 1624 to 1625 rows each, 0 rows unused");
    expect(shown).toContain("5 workers, remainder drop: 1624 rows each, 4 rows unused");
  });

  it("has a schema", async () => {
    const { stdout, code } = await marina(["schema"], here);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual(JSON.parse(JSON.stringify(runSpecJsonSchema())));
  });

  it("is imported the same from a file, from gz and from standard input", async () => {
    const packed = readFileSync(shippedFile("mushrooms"));
    const plain = gunzipSync(packed);
    writeFileSync(file("plain"), plain);
    const outcomes = [
      await run("data", "import", "plain", "--name", "from-plain"),
      await marina(["data", "import", "-", "--name", "from-stdin", ...home], { ...here, input: plain }),
      await marina(["data", "import", "-", "--name", "from-stdin-gz", ...home], { ...here, input: packed }),
    ];
    expect(outcomes.map(({ code }) => code)).toEqual([0, 0, 0]);
    const manifests = ["mushrooms", "from-plain", "from-stdin", "from-stdin-gz"].map((name) =>
      parsed(readFileSync(join(HOME, "objects", "datasets", name, "manifest.json"), "utf8")),
    );
    const hashes = new Set(manifests.map(({ object }) => (object as { sha256: string }).sha256));
    expect(hashes.size).toBe(1);
  });
});

describe("damage on the disk", () => {
  it("to the rows of a data set is found before a run is spent on them, and says what to do", async () => {
    const own = ["--home", file("damaged")] as const;
    await marina(["data", "import", shippedFile("mushrooms"), "--name", "mushrooms", ...own], here);
    const data = join(file("damaged"), "objects", "datasets", "mushrooms");
    const rows = join(data, readdirSync(data).find((name) => name.startsWith("rows-"))!);
    const bytes = readFileSync(rows);
    bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(rows, bytes);
    await refused(
      ["run", "spec.json", ...own],
      1,
      /^marina: data set "mushrooms" is damaged: .*import it again: marina data import experiments\/data\/mushrooms\.gz --name mushrooms --replace/,
    );
  });

  it("is undone by the command that the error gives, for a table as for anything else", async () => {
    const own = ["--home", file("table")] as const;
    writeFileSync(file("my table.txt"), "0;M;0,5;7\n1;B;1,5;8\n2;M;;9\n3;M;2,5;9\n");
    const options = [
      "--no-header",
      "--label-column",
      "2",
      "--drop",
      "1",
      "--separator",
      ";",
      "--decimal-comma",
    ];
    const words = ["data", "import", "my table.txt", ...options, "--missing", "drop-rows", ...own];
    const imported = await marina(words, here);
    expect(imported).toMatchObject({
      code: 0,
      stderr: 'my table.txt: left out 1 row with missing cells (by column: "3" 1)\n',
    });
    expect(imported.stdout).toContain('"M" -> +1 (2 rows), "B" -> -1 (1 row)');
    const rows = join(file("table"), "objects", "datasets", "my-table", "rows-1");
    const bytes = readFileSync(rows);
    writeFileSync(rows, "damaged");
    const damaged = await marina(
      [
        "run",
        "spec.json",
        "--set",
        "data=my-table",
        "--set",
        "workers=1",
        "--set",
        "algorithm.compressor.k=1",
        ...own,
      ],
      here,
    );
    const command = /import it again: marina (.*)$/m.exec(damaged.stderr)?.[1];
    // As a shell reads it.
    const read = execFileSync("sh", ["-c", `printf '%s\\0' ${command}`], { encoding: "utf8" })
      .split("\0")
      .slice(0, -1);
    const again = await marina([...read, ...own], here);
    expect(again.code).toBe(0);
    expect(readFileSync(rows.replace(/1$/, "2"))).toEqual(bytes);
    const shown = await marina(["data", "show", "my-table", ...own], here);
    expect(shown.stdout).toContain(
      "read with --format csv --label-column 2 --drop 1 --missing drop-rows --no-header",
    );
  });

  it("to a checkpoint, or one of another version, is found on resume", async () => {
    await run("run", "spec.json", "--set", "name=old", "--set", "stop.rounds=3");
    const path = join(HOME, "objects", "runs", "old", "checkpoint");
    const bytes = readFileSync(path);
    bytes[4] = 9;
    writeFileSync(path, bytes);
    await refused(
      ["resume", "old", ...home],
      1,
      "run old can't go on from its checkpoint: runs/old/checkpoint: written by protocol version 9, this program speaks version 2; use the version that wrote it, or start the run anew; nothing was written over it",
    );
    writeFileSync(path, bytes.subarray(0, 100));
    await refused(
      ["resume", "old", ...home],
      1,
      /^marina: run old can't go on from its checkpoint: runs\/old\/checkpoint: /,
    );
  });
});

describe("a run that is cut off", () => {
  const long = { ...spec, stop: { rounds: 2500 }, evaluateEvery: 0 };
  const LOCK = join(HOME, "locks", "long.pid");
  const stored = (name: string) => join(HOME, "objects", "runs", "long", name);

  /** Waits until a process drives the run. */
  async function untilDriven({ child }: Started): Promise<void> {
    while (!(existsSync(LOCK) && readFileSync(LOCK, "utf8").split(" ")[0] === String(child.pid))) {
      if (child.exitCode !== null) throw new Error("the run ended before it could be cut off");
      await sleep(5);
    }
  }

  it("by Ctrl-C exits with 130, by SIGKILL at once, and goes on both times to the bits of one that was not", async () => {
    const specOf = (name: string) => ({ ...here, input: JSON.stringify({ ...long, name }) });
    const whole = await marina(["run", "-", "--json", ...home], specOf("whole"));
    const { iterateSha256 } = parsed(lastLine(whole.stdout));

    const first = start(["run", "-", "--json", ...home], specOf("long"));
    await untilDriven(first);
    first.child.kill("SIGINT");
    const stopped = await first.outcome;
    expect(stopped).toMatchObject({ code: 130, signal: null });
    expect(stopped.stderr).toContain("stopping long at the next round boundary");
    expect(stopped.stderr).toMatch(/marina: stopped at round \d+; go on with: marina resume long\n$/);
    const result = parsed(lastLine(stopped.stdout));
    expect(result).toMatchObject({ status: "stopped", stoppedBy: "user" });
    expect(result.rounds).toBeLessThan(long.stop.rounds);

    const before = readFileSync(stored("checkpoint"));
    const second = start(["resume", "long", "--json", ...home], here);
    await untilDriven(second);
    // Some rounds later, on the disk as well where the machine is not too fast for that.
    for (let tries = 0; tries < 30 && before.equals(readFileSync(stored("checkpoint"))); tries++)
      await sleep(10);
    second.child.kill("SIGKILL");
    expect(await second.outcome).toMatchObject({ code: null, signal: "SIGKILL" });
    rmSync(stored("result.json"), { force: true });
    await refused(
      ["show", "long", ...home],
      1,
      /^marina: run long has no result: it was cut off at round \d+ \(no process drives it\); go on with: marina resume long/,
    );
    expect((await run("list")).stdout).toMatch(/^long .* cut off /m);
    const watched = await run("watch", "long", "--terminal");
    expect(watched.stderr).toMatch(/^marina: run long has no result: it was cut off at round \d+ /);
    expect(watched.code).toBe(1);

    const third = await run("resume", "long", "--json");
    expect(third.code).toBe(0);
    const { rounds } = long.stop;
    expect(parsed(lastLine(third.stdout))).toMatchObject({ status: "done", rounds, iterateSha256 });
    const lines = (await run("show", "long", "--rounds")).stdout.trimEnd().split("\n").slice(1);
    expect(lines.map((line) => Number(line.split(",")[0]))).toEqual(
      Array.from({ length: rounds }, (_, t) => t),
    );
  }, 180_000);
});

describe("a run that is under way", () => {
  const LOCK = join(HOME, "locks", "grown.pid");

  it("is called running, and a second resume follows it to the same end", async () => {
    const input = JSON.stringify({ ...spec, name: "followed", stop: { rounds: 200_000 }, evaluateEvery: 0 });
    const driver = start(["run", "-", "--json", ...home], { ...here, input });
    const lock = join(HOME, "locks", "followed.pid");
    while (!existsSync(lock)) {
      if (driver.child.exitCode !== null) throw new Error("the run ended before it could be followed");
      await sleep(5);
    }
    await sleep(1500);
    const by = String.raw`\(process ${driver.child.pid} drives it\)`;
    await refused(
      ["show", "followed", ...home],
      1,
      new RegExp(`^marina: run followed has no result yet: it is running, at round \\d+ ${by}; watch it: `),
    );
    expect((await run("list")).stdout).toMatch(/^followed .* running /m);
    const followers = [1, 2].map(() => start(["resume", "followed", "--json", ...home], here));
    await sleep(2500);
    expect(await run("stop", "followed")).toMatchObject({ code: 0 });
    const ended = await driver.outcome;
    expect(ended.code).toBe(130);
    const { wallSeconds: _, ...figures } = parsed(lastLine(ended.stdout));
    for (const { outcome } of followers) {
      const followed = await outcome;
      expect(followed.stderr).toMatch(
        new RegExp(`^marina: followed is running ${by}: following it to its end`),
      );
      expect(followed.code).toBe(130);
      expect(parsed(lastLine(followed.stdout))).toMatchObject(figures);
    }
  }, 60_000);

  it("whose process is killed is gone on with by the one that follows it", async () => {
    const input = JSON.stringify({ ...spec, name: "orphan", stop: { rounds: 6000 }, evaluateEvery: 0 });
    const driver = start(["run", "-", ...home], { ...here, input });
    while (!existsSync(join(HOME, "locks", "orphan.pid"))) {
      if (driver.child.exitCode !== null) throw new Error("the run ended before it could be followed");
      await sleep(5);
    }
    const follower = start(["resume", "orphan", "--json", ...home], here);
    follower.child.stderr!.once("data", () => driver.child.kill("SIGKILL"));
    const { code, stdout, stderr } = await follower.outcome;
    expect(stderr).toContain("marina: orphan was cut off while it was followed: going on with it");
    expect(code).toBe(0);
    expect(parsed(lastLine(stdout))).toMatchObject({ status: "done", rounds: 6000 });
  }, 60_000);

  it("is scaled and stopped by other processes, and tells what became of it", async () => {
    const input = JSON.stringify({ ...spec, name: "grown", remainder: "spread", stop: { rounds: 200_000 } });
    const driver = start(["run", "-", "--json", ...home], { ...here, input });
    while (!existsSync(LOCK)) {
      if (driver.child.exitCode !== null) throw new Error("the run ended before it could be scaled");
      await sleep(5);
    }
    await sleep(500);
    await refused(["scale", "grown", ...home], 2, /^marina: scale: say what to change/);
    await refused(
      ["scale", "grown", "--workers", "99999", ...home],
      2,
      /^marina: --workers: expected at most \d+ \(the rows of/,
    );
    await refused(
      ["scale", "grown", "--participants", "2", ...home],
      2,
      /^marina: --participants: only pp-marina has participants, grown is marina/,
    );
    const scaled = await run("scale", "grown", "--workers", "9");
    expect(scaled).toMatchObject({ code: 0 });
    expect(scaled.stdout).toContain("asked grown to go on with 9 workers at its next dense round");
    await sleep(500);
    expect(await run("stop", "grown")).toMatchObject({ code: 0 });
    const outcome = await driver.outcome;
    expect(outcome.code).toBe(130);
    const stored = parsed(readFileSync(join(HOME, "objects", "runs", "grown", "result.json"), "utf8"));
    expect(stored).toMatchObject({ status: "stopped", constants: { workers: 9 } });
    await refused(
      ["scale", "grown", "--workers", "5", ...home],
      2,
      /run grown is not under way: it is stopped/,
    );
  }, 60_000);
});

/** The machine's own node, where it is older than what the sources need. */
function nodeBefore24(): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter).filter((path) => !path.includes("node_modules"));
  const found = folders.map((path) => join(path, "node")).find((path) => existsSync(path));
  return found;
}
