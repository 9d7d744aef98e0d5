/** What the machine refuses ends in one clear line with the right exit code: no stack, no "please report it". */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { shippedFile } from "../../shared/data/testing/load.ts";
import { marina, MARINA as PROGRAM } from "../fixtures/cli.ts";

const cwd = mkdtempSync(join(tmpdir(), "marina-raw-"));
const home = join(cwd, "home");
const spec = {
  name: "short",
  data: "mushrooms",
  workers: 5,
  remainder: "drop",
  problem: { kind: "nonconvex-binary" },
  algorithm: { kind: "gd", stepSize: 0.1 },
  stop: { rounds: 3000 },
  evaluateEvery: 0,
};
const run = (...args: string[]) => marina([...args, "--home", home], { cwd });
const oneLine = (text: string | RegExp) =>
  typeof text === "string" ? text : expect.stringMatching(new RegExp(`^marina: ${text.source}\n$`));

/** A private view of the file system, in which a folder may be mounted read-only, or be small. */
const privateMounts =
  process.platform === "linux" &&
  spawnSync("unshare", ["-rm", "mount", "-t", "tmpfs", "none", cwd]).status === 0;

function mounted(mount: string, args: readonly string[]) {
  const script = `${mount} && exec "$@"`;
  const { status, stdout, stderr } = spawnSync(
    "unshare",
    ["-rm", "sh", "-c", script, "sh", process.execPath, PROGRAM, ...args, "--home", home],
    { cwd, encoding: "utf8" },
  );
  return { code: status, stdout, stderr };
}

beforeAll(async () => {
  writeFileSync(join(cwd, "spec.json"), JSON.stringify(spec));
  writeFileSync(join(cwd, "file"), "");
  await run("data", "import", shippedFile("mushrooms"), "--name", "mushrooms");
  expect(await run("run", "spec.json")).toMatchObject({ code: 0 });
}, 60_000);
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

it("a reader that goes away ends the command quietly, with 0", () => {
  const piped = `"${process.execPath}" "${PROGRAM}" show short --rounds --home "${home}"`;
  const { stdout, stderr } = spawnSync("bash", ["-c", `set -o pipefail; ${piped} | head -n 1; echo $?`], {
    cwd,
    encoding: "utf8",
  });
  expect(stderr).toBe("");
  expect(stdout).toMatch(/^round,dense,.*\n0\n$/);
});

it.each([
  [
    "--png",
    "file/x",
    /--png file\/x: can't make file\/x: a file is where a folder is needed: give another place/,
  ],
  ["--csv", "file", /--csv file: can't make file: there is something of that name: give another place/],
  ["--out", "none/x.html", /--out none\/x\.html: can't open none\/x\.html: no such file or folder/],
])("report %s %s is refused as wrong usage", async (option, place, text) => {
  expect(await run("report", "short", option, place)).toMatchObject({ code: 2, stderr: oneLine(text) });
});

it("export onto a file that exists, and into a folder that does not", async () => {
  expect(await run("export", "short", "file")).toMatchObject({
    code: 2,
    stderr: oneLine(/file: is there already; give another name/),
  });
  expect(await run("export", "short", "none/x")).toMatchObject({ code: 2 });
});

it("a local cloud that was not started is named with the command that starts it", async () => {
  const { code, stderr } = await marina(
    ["list", "--on", "localstack", "--endpoint-url", "http://127.0.0.1:9"],
    { cwd },
  );
  expect(stderr).toMatch(
    /^marina: no local cloud listens at http:\/\/127\.0\.0\.1:9: start one in another terminal with npm run ministack .*\n$/,
  );
  expect(code).toBe(1);
}, 30_000);

describe.runIf(privateMounts)("on a file system that", () => {
  it("is read-only, what is there can be looked at, and what writes says why it can't", () => {
    const readOnly = `mount --bind "${cwd}" "${cwd}" && mount -o remount,bind,ro "${cwd}" && cd "${cwd}"`;
    const list = mounted(readOnly, ["list"]);
    expect(list).toMatchObject({ code: 0, stderr: "" });
    expect(list.stdout).toMatch(/^short /m);
    expect(mounted(readOnly, ["show", "short"])).toMatchObject({ code: 0 });
    expect(mounted(readOnly, ["run", "spec.json"])).toMatchObject({
      code: 1,
      stderr: oneLine(/can't \w+ .*home\/\S+: the file system is read-only: choose another home folder/),
    });
    expect(mounted(readOnly, ["export", "short", "x.marina"])).toMatchObject({
      code: 2,
      stderr: oneLine(/x\.marina: can't open x\.marina: the file system is read-only: give another place/),
    });
  });

  it("is full, run, resume and export say so and leave nothing half written", () => {
    mkdirSync(join(cwd, "small"), { recursive: true });
    const full = `mount -t tmpfs -o size=3M none small && cp -r "${home}" small/home && (cat /dev/zero > small/fill 2>/dev/null; true)`;
    const inSmall = (args: string[]) => {
      const script = `${full} && "$@"; code=$?; ls small/home/partial small/*.marina 2>/dev/null >&2; exit $code`;
      const { status, stderr } = spawnSync(
        "unshare",
        ["-rm", "sh", "-c", script, "sh", process.execPath, PROGRAM, ...args],
        { cwd, encoding: "utf8" },
      );
      return { code: status, stderr };
    };
    const message = /can't \w+ .*small\/home\/\S+: the disk is full: free some space and run again/;
    const ran = inSmall(["run", "spec.json", "--home", "small/home"]);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(message);
    expect(ran.stderr).not.toMatch(/report it|at .*\.ts/);
    const exported = inSmall(["export", "short", "small/x.marina", "--home", "small/home"]);
    expect(exported.code).toBe(1);
    expect(exported.stderr).toMatch(/small\/x\.marina: can't write .*: the disk is full/);
    expect(exported.stderr).not.toMatch(/^small\/x\.marina$/m);
  });
});

it("two sweeps of one home at one time both end well", async () => {
  const sweep = {
    name: "twice",
    base: { ...spec, stop: { rounds: 5 } },
    grid: { "algorithm.stepSize": [0.1, 0.2, 0.3] },
    seeds: [1, 2, 3],
  };
  const { name: _, ...base } = sweep.base;
  writeFileSync(join(cwd, "sweep.json"), JSON.stringify({ ...sweep, base }));
  const both = await Promise.all(
    ["a", "b", "c"].map((out) => run("sweep", "sweep.json", "--jobs", "1", "--out", join(cwd, out))),
  );
  for (const { code, stderr } of both) {
    expect(stderr).not.toMatch(/report it|marina:/);
    expect(code).toBe(0);
  }
  const left = readdirSync(home, { recursive: true }).filter((name) => String(name).endsWith(".tmp"));
  expect(left).toEqual([]);
  expect(existsSync(join(cwd, "a", "results.csv"))).toBe(true);
}, 60_000);
