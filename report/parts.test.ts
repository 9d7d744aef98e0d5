import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { finalRow } from "../client/collect.ts";
import { shippedData } from "../client/import/shipped-data.ts";
import { digestOf } from "../client/rounds/digest.ts";
import { MARINA } from "../shared/base/invocation.ts";
import { shellWord } from "../shared/base/shell-word.ts";
import { type Manifest, STANDARD_INPUT } from "../shared/data/manifest.ts";
import { onFront } from "../shared/math/pareto.ts";
import type { MembershipEpoch } from "../shared/protocol/stored/checkpoint.ts";
import { billItems } from "./bill-items.ts";
import { buildReport } from "./build.ts";
import { chartsOf } from "./charts.ts";
import { groupRuns } from "./grouping.ts";
import { latencyOf } from "./latency.ts";
import { recipeOf } from "./recipe.ts";
import { madeUpRun, manifestOf, recordsOf } from "./testing/runs.ts";

describe("curves", () => {
  it("gather runs that differ in name and seed only", () => {
    const runs = [
      madeUpRun({ run: "a", seed: 1 }),
      madeUpRun({ run: "b", seed: 2 }),
      madeUpRun({ run: "c", spec: { workers: 7 } }),
    ];
    expect(
      groupRuns(runs).map(({ name, runs: members }) => [name, members.map(({ stored }) => stored.run)]),
    ).toEqual([
      ["MARINA, rand-k 10, workers 5", ["a", "b"]],
      ["MARINA, rand-k 10, workers 7", ["c"]],
    ]);
  });

  it("call a limit of rounds or dollars one: beside what was used it would be taken for a result", () => {
    const stop = (rules: object) => ({ spec: { stop: { rounds: 2000, ...rules } } });
    const names = (a: object, b: object) =>
      groupRuns([madeUpRun({ run: "a", ...stop(a) }), madeUpRun({ run: "b", ...stop(b) })]).map(
        ({ name }) => name,
      );
    expect(names({}, { rounds: 500 })).toEqual([
      "MARINA, rand-k 10, limit 2,000 rounds",
      "MARINA, rand-k 10, limit 500 rounds",
    ]);
    expect(names({ usd: 0.5 }, { usd: 2 })[1]).toBe("MARINA, rand-k 10, limit $2");
    expect(names({ relativeGradientNormSquared: 1e-3 }, { relativeGradientNormSquared: 0.01 })[0]).toBe(
      "MARINA, rand-k 10, until ‖∇f‖²/start ≤ 0.001",
    );
  });

  it("are called by their method where that tells them apart", () => {
    const runs = [madeUpRun({ run: "a" }), madeUpRun({ run: "b", spec: { algorithm: { kind: "gd" } } })];
    expect(groupRuns(runs).map(({ name }) => name)).toEqual(["MARINA, rand-k 10", "GD"]);
  });
});

describe("the latency of a round", () => {
  it("is the time to the next iterate, and rounds with tasks sent again stand out", () => {
    const { latencies } = digestOf(recordsOf({ rounds: 20 }), undefined);
    expect(latencies.sample.map(Math.round)).toEqual(
      Array.from({ length: 20 }, (_, round) => (round % 10 === 9 ? 500 : 100)),
    );
    const latency = latencyOf([{ run: "a", ...latencies }], 10)!;
    expect(latency.slow.map(({ round }) => round).sort((a, b) => a - b)).toEqual([9, 19]);
    expect(latency.quantiles.at(-1)).toEqual({
      share: 1,
      milliseconds: Math.max(...latencies.sample),
    });
  });

  it("is not told where records are missing between two rounds", () => {
    const records = recordsOf({ rounds: 6 }).filter(({ round }) => round !== 3);
    const { slow } = digestOf(records, undefined).latencies;
    expect(slow.map(({ round }) => round).sort((a, b) => a - b)).toEqual([0, 1, 4, 5]);
  });
});

describe("the Pareto front", () => {
  it("is what no other point beats", () => {
    const coordinate = fc.integer({ min: 0, max: 6 });
    fc.assert(
      fc.property(fc.array(fc.tuple(coordinate, coordinate), { maxLength: 12 }), (points) => {
        const beaten = ([x, y]: readonly [number, number]) =>
          points.some(([a, b]) => a <= x && b <= y && (a < x || b < y));
        expect(onFront(points)).toEqual(points.map((point) => !beaten(point)));
      }),
    );
  });
});

describe("a bill", () => {
  it("has items that sum to counts times prices", () => {
    const { result } = madeUpRun({ run: "a", rounds: 100 });
    const total = Object.values(billItems(result!.usage)!).reduce((sum, usd) => sum + usd, 0);
    // 500 invocations, 5 s of 1,769 MB on arm64, 100 PUTs, by the price table of us-east-1.
    expect(total).toBeCloseTo((500 * 0.2) / 1e6 + 5 * (1769 / 1024) * 0.0000133334 + 100 * 5e-6, 12);
  });
});

describe("how a run is made again", () => {
  it("is a command line that a shell reads as the very spec", () => {
    const { commands } = recipeOf(madeUpRun({ run: "a", dataFile: "it's $(touch x) `y`.svm" }));
    const [importing, running] = commands.split("\n");
    const words = execFileSync("sh", ["-c", `node() { printf '%s\\n' "$@"; }; ${importing}`], {
      encoding: "utf8",
    });
    expect(words.split("\n")).toEqual([
      "cli/marina.js",
      "data",
      "import",
      "it's $(touch x) `y`.svm",
      "--name",
      "rows",
      "",
    ]);
    const spec = execFileSync("sh", ["-c", running!.replace(`${MARINA} run -`, "cat")], {
      encoding: "utf8",
    });
    expect(JSON.parse(spec)).toEqual(madeUpRun({ run: "a" }).stored.spec);
  });

  /** The words that a shell reads in the recipe's import, and its comment lines. */
  const importOf = (manifest: Manifest): { words: string[]; remarks: string[] } => {
    const { commands } = recipeOf({ ...madeUpRun({ run: "a" }), manifest });
    const lines = commands.split("\n").slice(0, -1);
    const script = `node() { printf '%s\\0' "$@"; }\n${lines.join("\n")}`;
    const words = execFileSync("sh", ["-c", script], { encoding: "utf8" }).split("\0").slice(0, -1);
    expect(words.slice(0, 3)).toEqual(["cli/marina.js", "data", "import"]);
    return { words: words.slice(3), remarks: lines.filter((line) => line.startsWith("#")) };
  };

  it("imports tables, real labels and the like as they were imported", () => {
    const { words, remarks } = importOf(
      manifestOf("my data.csv", {
        labels: { kind: "real", min: 0, max: 1 },
        reading: {
          format: "csv",
          labelColumn: "it's",
          drop: ["", "a,b", 'say "x"'],
          header: false,
          separator: ";",
          decimalComma: true,
          missing: "drop-rows",
          dimension: 9,
        },
      }),
    );
    expect(remarks).toEqual([]);
    expect(words).toEqual([
      ...["my data.csv", "--name", "rows", "--labels", "real", "--format", "csv", "--label-column", "it's"],
      ...["--drop", "", "--drop", '"a,b"', "--drop", '"say ""x"""', "--missing", "drop-rows", "--no-header"],
      ...["--separator", ";", "--decimal-comma", "--dimension", "9"],
    ]);
  });

  it("imports several files by their names, and a folder by its own", () => {
    const contents = { bytes: 1, sha256: "1".repeat(64) };
    const files = ["part 0.csv", "part 1.csv"].map((name) => ({ name, ...contents }));
    const several = manifestOf("x", { source: { fileName: "part 0.csv", ...contents, files } });
    expect(importOf(several).words).toEqual(["part 0.csv", "part 1.csv", "--name", "rows"]);
    const folder = manifestOf("x", { source: { fileName: "out/", ...contents, files } });
    expect(importOf(folder).words).toEqual(["out/", "--name", "rows"]);
  });

  it("takes shipped data from the repository, whatever its copy was called", () => {
    for (const [sha256, path] of shippedData) {
      const contents = gunzipSync(readFileSync(new URL(`../${path}`, import.meta.url)));
      expect(createHash("sha256").update(contents).digest("hex")).toBe(sha256);
      const { words } = importOf(
        manifestOf("copy.txt", { source: { fileName: "copy.txt", bytes: 1, sha256 } }),
      );
      expect(words).toEqual([path, "--name", "rows"]);
    }
    expect(shippedData.size).toBe(4);
  });

  it("says what to do with data that were piped in, tables of older imports, and data that are gone", () => {
    const piped = importOf(manifestOf(STANDARD_INPUT));
    expect(piped.words).toEqual(["rows.svm", "--name", "rows"]);
    expect(piped.remarks).toEqual([expect.stringMatching(/piped in: save them as rows\.svm .*1{64}/)]);
    const old = importOf(manifestOf("t.csv.gz"));
    expect(old.remarks).toEqual([expect.stringMatching(/--label-column/)]);
    const { commands } = recipeOf({ ...madeUpRun({ run: "a" }), manifest: undefined });
    expect(commands).toMatch(/^# data set rows is gone/);
  });

  it("keeps a file name that begins with a dash apart from options", () => {
    expect(importOf(manifestOf("-x.svm")).words[0]).toBe("./-x.svm");
  });

  it("quotes whatever a shell would read", () => {
    fc.assert(
      fc.property(
        fc.string().filter((text) => !text.includes("\0")),
        (text) => {
          const read = execFileSync("sh", ["-c", `printf %s ${shellWord(text)}`], { encoding: "utf8" });
          expect(read).toBe(text);
        },
      ),
      { numRuns: 30 },
    );
  });
});

describe("a report's data", () => {
  it("take the least loss of all runs on the same problem as the best", () => {
    const runs = [
      madeUpRun({ run: "a", rounds: 10 }),
      madeUpRun({ run: "b", rounds: 50, spec: { algorithm: { kind: "gd" } } }),
      madeUpRun({ run: "c", rounds: 5, spec: { problem: { kind: "nonconvex-binary" } } }),
    ];
    const { series } = buildReport(runs, { title: "t", predicts: true });
    const least = (rounds: number) => 0.1 + 0.2 * 0.9 ** rounds;
    expect(series.map(({ bestLoss }) => bestLoss)).toEqual([least(50), least(50), least(5)]);
  });

  it("show what was seen on held-out data, the final iterate's too", () => {
    const run = madeUpRun({ run: "a", rounds: 30, spec: { heldOut: { data: "rows", every: 10 } } });
    const seen = (correct: number) => ({ rows: 200, loss: 0.5, correct });
    const records = run.records.map((record, t) =>
      t % 10 === 0 ? { ...record, heldOut: seen(100 + t) } : record,
    );
    const result = { ...run.result!, rounds: 31, uplinkBitsPerWorker: 5e6, heldOut: seen(190) };
    const rounds = digestOf(records, undefined, finalRow(records.at(-1), result));
    const data = buildReport([{ ...run, rounds, result }], { title: "t", predicts: true });
    const { heldOut } = data.series[0]!;
    expect(heldOut.map(({ round, accuracy }) => [round, accuracy])).toEqual([
      ...[0, 10, 20, 30].map((t) => [t, (100 + t) / 200]),
      [31, 0.95],
    ]);
    expect(heldOut.at(-1)).toMatchObject({
      ...{ uplinkMbit: 5, rows: 200, loss: 0.5 },
      ...{ seconds: result.seconds, usd: result.usd },
    });
    const ids = (of: typeof data) => chartsOf(of).map(({ id }) => id);
    expect(ids(data).filter((id) => id.startsWith("held-out"))).toEqual([
      ...["round", "uplink", "seconds", "usd"].map((axis) => `held-out-accuracy-${axis}`),
      ...["round", "uplink", "seconds", "usd"].map((axis) => `held-out-loss-${axis}`),
    ]);
    const plain = buildReport([madeUpRun({ run: "b" })], { title: "t", predicts: true });
    expect(ids(plain).filter((id) => id.startsWith("held-out"))).toEqual([]);
  });

  it("show workers over time where they changed, from each phase's beginning to the end of the run", () => {
    const run = madeUpRun({ run: "a", rounds: 30 });
    const phase = (round: number, workers: number, cause: MembershipEpoch["cause"]): MembershipEpoch => ({
      phase: round,
      round,
      workers,
      participants: null,
      stepSize: 0.1,
      probability: 0.1,
      cause,
      dense: round > 0,
      seconds: run.records[round]!.seconds,
      usd: 0,
    });
    const steps = (phases: readonly MembershipEpoch[]) =>
      buildReport([{ ...run, result: { ...run.result!, phases } }], { title: "t", predicts: true }).series[0]!
        .workers;
    expect(steps([phase(0, 5, "start")])).toEqual([]);
    const changed = steps([phase(0, 5, "start"), phase(20, 9, "user")]);
    expect(changed.map(({ round, workers, cause }) => [round, workers, cause])).toEqual([
      [0, 5, "start"],
      [20, 9, "marina scale"],
      [30, 9, "end of the curve"],
    ]);
    expect(changed.map(({ seconds }) => seconds)).toEqual([0, 20, 30].map((i) => run.records[i]!.seconds));
  });
});
