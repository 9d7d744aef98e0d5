/**
 * kill -9 at any change that a command makes to the file system (before it, in the middle of its bytes, after it), or a disk
 * that fails from then on: nothing half-written has a name, and the next command goes on to the same bits. MARINA_KILLS=300
 * tries more than npm test does.
 */
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openMarina } from "../../client/marina.ts";
import { shippedFile } from "../../shared/data/testing/load.ts";
import { Purpose, Stream } from "../../shared/math/streams.ts";
import type { RunSpecInput } from "../../shared/protocol/spec/spec.ts";
import { lastLine, marina } from "../fixtures/cli.ts";
import { type Death, doomed, filesBelow, readExport, readWhole } from "../fixtures/kill-trial.ts";

/** Kills of all commands together. */
const KILLS = Number(process.env["MARINA_KILLS"] ?? (process.env["MARINA_LONG"] === undefined ? 8 : 24));

const folder = mkdtempSync(join(tmpdir(), "marina-killed-"));
const file = (name: string) => join(folder, name);

const spec: RunSpecInput = {
  name: "r",
  data: "small",
  workers: 3,
  problem: { kind: "nonconvex-binary" },
  algorithm: { kind: "diana", compressor: { kind: "rand-k", k: 10 }, stepSize: 0.1 },
  stop: { rounds: 40, relativeGradientNormSquared: 0.5 },
};
/** Long enough for objects to reach the disk while it goes on. */
const longer = { ...spec, stop: { rounds: 700 } };
const swept = {
  name: "s",
  base: "spec.json",
  grid: { "algorithm.compressor.k": [5, 10] },
  seeds: [1],
};

interface Scenario {
  readonly name: string;
  /** A home to begin with, of those made below. */
  readonly from: "empty" | "data" | "stopped";
  readonly args: readonly string[];
  /** What a person types after the crash, asked for in this order until one succeeds. */
  readonly again: readonly (readonly string[])[];
  /** What the end is judged by. */
  readonly end: (home: string) => Promise<unknown>;
}

const json = (path: string): Record<string, unknown> => JSON.parse(readFileSync(path, "utf8"));
const manifest = (home: string) => json(join(home, "objects/datasets/small/manifest.json"));

/** The rows, and all that is said of them but for their place. */
const dataset = async (home: string) => {
  const { object, ...rest } = manifest(home) as { object: Record<string, unknown> };
  return { ...rest, object: { ...object, key: "" } };
};
const trajectory = async (home: string) => {
  const { status, rounds, iterateSha256, uplinkBitsPerWorker } = json(
    join(home, "objects/runs/r/result.json"),
  );
  return { status, rounds, iterateSha256, uplinkBitsPerWorker };
};
const cells = async (home: string) => {
  const results = JSON.parse(readFileSync(join(home, "sweeps/s/results.json"), "utf8")) as {
    result: { wallSeconds: number };
  }[];
  return results.map((one) => ({ ...one, result: { ...one.result, wallSeconds: 0 } }));
};
const tunedCells = async (home: string) =>
  filesBelow(join(home, "sweeps/cells"))
    .filter((name) => name.endsWith(".json"))
    .map((name) => ({ ...json(join(home, "sweeps/cells", name)), wallSeconds: 0 }));

const scenarios: readonly Scenario[] = [
  {
    name: "data import",
    from: "empty",
    args: ["data", "import", "small.svm"],
    again: [
      ["data", "import", "small.svm"],
      ["data", "import", "small.svm", "--replace"],
    ],
    end: dataset,
  },
  {
    name: "data import --replace",
    from: "data",
    args: ["data", "import", "other.svm", "--name", "small", "--replace"],
    again: [["data", "import", "other.svm", "--name", "small", "--replace"]],
    end: dataset,
  },
  {
    name: "run",
    from: "data",
    args: ["run", "longer.json"],
    again: [
      ["resume", "r"],
      ["run", "longer.json"],
      ["show", "r"],
    ],
    end: trajectory,
  },
  {
    name: "resume",
    from: "stopped",
    args: ["resume", "r"],
    again: [
      ["resume", "r"],
      ["show", "r"],
    ],
    end: trajectory,
  },
  {
    name: "sweep",
    from: "data",
    args: ["sweep", "sweep.json"],
    again: [["sweep", "sweep.json"]],
    end: cells,
  },
  {
    name: "tune",
    from: "data",
    args: ["tune", "spec.json"],
    again: [["tune", "spec.json"]],
    end: tunedCells,
  },
  {
    name: "export",
    from: "stopped",
    args: ["export", "r", "HOME/r.marina"],
    again: [
      ["export", "r", "HOME/r.marina"],
      ["show", "r"],
    ],
    end: (home) => readExport(join(home, "r.marina")),
  },
  {
    name: "import",
    from: "empty",
    args: ["import", "r.marina"],
    again: [
      ["import", "r.marina"],
      ["show", "r"],
    ],
    end: async (home) => {
      const outcome = await marina(["export", "r", "again.marina", "--home", home], { cwd: home });
      return [outcome.code, await readExport(join(home, "again.marina"))];
    },
  },
];

/** Of each scenario: how many changes it makes, and its end without a death. */
const known = new Map<string, { readonly changes: number; readonly end: unknown }>();
const statesSeen = new Set<string>();
const tally = { kills: 0, refusals: 0 };

const called = (args: readonly string[], home: string): string[] => [
  ...args.map((arg) => arg.replace("HOME", home)),
  "--home",
  home,
];

function freshHome(from: Scenario["from"], name: string): string {
  const home = file(name);
  if (from === "empty") cpSync(file("empty"), home, { recursive: true });
  else cpSync(file(`home-${from}`), home, { recursive: true });
  return home;
}

/** A run that was stopped on its way. */
async function stoppedRun(home: string): Promise<void> {
  await using service = await openMarina({ home });
  const run = await service.createRun(longer);
  for await (const { round } of run.rounds()) if (round === 30) await run.stop();
  expect((await run.result()).status).toBe("stopped");
}

beforeAll(async () => {
  const lines = gunzipSync(readFileSync(shippedFile("mushrooms")))
    .toString("latin1")
    .split("\n");
  writeFileSync(file("small.svm"), `${lines.slice(0, 60).join("\n")}\n`);
  writeFileSync(file("other.svm"), `${lines.slice(60, 150).join("\n")}\n`);
  writeFileSync(file("spec.json"), JSON.stringify(spec));
  writeFileSync(file("longer.json"), JSON.stringify(longer));
  writeFileSync(file("sweep.json"), JSON.stringify(swept));
  const good = async (args: readonly string[], home: string): Promise<void> => {
    expect(await marina(called(args, file(home)), { cwd: folder })).toMatchObject({ code: 0 });
  };
  cpSync(mkdtempSync(join(tmpdir(), "marina-empty-")), file("empty"), { recursive: true });
  await good(["data", "import", "small.svm"], "home-data");
  cpSync(file("home-data"), file("home-stopped"), { recursive: true });
  await stoppedRun(file("home-stopped"));
  await good(["export", "r", "r.marina"], "home-stopped");
  for (const { name, from, args, end } of scenarios) {
    const home = freshHome(from, `${name}-whole`);
    const countTo = file(`${name}-count`);
    expect(await doomed(called(args, home), { cwd: folder, countTo }), name).toMatchObject({ code: 0 });
    known.set(name, { changes: Number(readFileSync(countTo, "utf8")), end: await end(home) });
  }
}, 300_000);

afterAll(() => {
  console.log(`${tally.kills} kills, ${tally.refusals} refusals, ${statesSeen.size} states seen`);
  rmSync(folder, { recursive: true, force: true });
});

/** The same for the same number: which change, and how. */
function deathOf(scenario: number, trial: number, changes: number, ways: readonly Death["how"][]): Death {
  const dice = new Stream({ seed: trial, purpose: Purpose.faults, round: ways.length, index: scenario });
  return { at: 1 + dice.nextBelow(changes), how: ways[dice.nextBelow(ways.length)]! };
}

/** Nothing is half-written; a person goes on, to the same end. */
async function goOnFrom(home: string, { name, again, end }: Scenario, where: string): Promise<void> {
  let state = "";
  expect(() => {
    state = readWhole(home);
  }, where).not.toThrow();
  statesSeen.add(`${name}: ${state}`);
  if (existsSync(join(home, "r.marina"))) await readExport(join(home, "r.marina"));
  const said: string[] = [];
  let done = false;
  for (const next of again) {
    const outcome = await marina(called(next, home), { cwd: folder });
    said.push(outcome.stderr);
    done = outcome.code === 0;
    if (done) break;
    // What does not go on says why, in one line.
    expect(outcome.stderr, where).toMatch(/^marina: [^\n]+\n$/);
  }
  expect(done, `${where}: ${said.join("")}`).toBe(true);
  expect(await end(home), where).toEqual(known.get(name)!.end);
  const left = filesBelow(home).filter((path) => /^partial\/|\.draft$|\.pid\.[0-9a-f]{16}$/.test(path));
  expect(left, where).toEqual([]);
  rmSync(home, { recursive: true });
}

const each = scenarios.map((scenario, index) => [scenario.name, scenario, index] as const);

describe("a command that is killed at any moment", () => {
  it.each(each)(
    "%s: leaves nothing half-written, and the next one goes on to the same bits",
    async (name, scenario, index) => {
      const { changes } = known.get(name)!;
      const trials = Math.ceil((KILLS - index) / scenarios.length);
      for (let trial = 1; trial <= trials; trial++) {
        const death = deathOf(index, trial, changes, ["before", "half", "after"]);
        const where = `${name}, trial ${trial}: change ${death.at} of ${changes}, ${death.how}`;
        const home = freshHome(scenario.from, `${name}-${trial}`);
        const killed = await doomed(called(scenario.args, home), { cwd: folder, death });
        // How often objects reach the disk meanwhile is the real clock's: the last change may never come.
        if (killed.signal === "SIGKILL") tally.kills++;
        else expect(killed, where).toMatchObject({ code: 0 });
        await goOnFrom(home, scenario, where);
      }
    },
    60_000 + 20_000 * KILLS,
  );

  it("was killed nearly each time", () => {
    expect(tally.kills).toBeGreaterThan(0.6 * KILLS);
  });
});

describe("a disk that is full, or can only be read, from some moment on", () => {
  it.each(each)(
    "%s: ends with one line that says so, and once there is room the next one goes on to the same bits",
    async (name, scenario, index) => {
      const { changes } = known.get(name)!;
      const trials = Math.ceil((KILLS / 2 - index) / scenarios.length);
      for (let trial = 1; trial <= trials; trial++) {
        const death = deathOf(index, trial, changes, ["full", "read-only"]);
        const where = `${name}, trial ${trial}: ${death.how} from change ${death.at} of ${changes} on`;
        const home = freshHome(scenario.from, `${name}-disk-${trial}`);
        const { code, stderr } = await doomed(called(scenario.args, home), { cwd: folder, death });
        // Taking away needs no room, and what can't be tidied up harms nobody.
        if (code !== 0) {
          tally.refusals++;
          expect([1, 2], `${where}: ${stderr}`).toContain(code);
          expect(lastLine(stderr), where).toMatch(
            /^marina: .*(the disk is full|the file system is read-only)/,
          );
          expect(stderr.match(/^marina: .*$/gm), where).toHaveLength(1);
        }
        await goOnFrom(home, scenario, where);
      }
    },
    60_000 + 20_000 * KILLS,
  );

  it("was met nearly each time", () => {
    expect(tally.refusals).toBeGreaterThan(0.2 * KILLS);
  });
});
