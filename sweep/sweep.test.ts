import { createReadStream, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parquetReadObjects } from "hyparquet";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runSweep, type Swept } from "../cli/actions/sweep.ts";
import { EmbeddedEngine } from "../client/engines/embedded.ts";
import { createRun } from "../client/launch.ts";
import { billItems } from "../report/bill-items.ts";
import { importLibsvm } from "../shared/data/import.ts";
import { shippedFile } from "../shared/data/testing/load.ts";
import { parseRunSpec } from "../shared/protocol/spec/spec.ts";
import { cellsOf } from "./cells.ts";
import type { CellProgress } from "./run-sweep.ts";
import { writeSweepFiles } from "./sweep-files.ts";
import { parseSweep } from "./sweep-spec.ts";
import { sweepText } from "./sweep-table.ts";
import { manifestNamed } from "./testing/manifest.ts";

const base = {
  data: "mushrooms",
  workers: 5,
  problem: { kind: "nonconvex-binary" },
  algorithm: { kind: "marina", compressor: { kind: "rand-k", k: 10 } },
  stop: { rounds: 12 },
  evaluateEvery: 4,
};
const watcher = { calibration: () => undefined, round: () => undefined };
let home: string;

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), "marina-sweep-"));
  const engine = new EmbeddedEngine(home);
  const source = createReadStream(shippedFile("mushrooms"));
  await importLibsvm(source, {
    name: "mushrooms",
    sourceName: "mushrooms.gz",
    labels: "binary",
    objects: engine.objects,
  });
  await engine.close();
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

function counting(): CellProgress & { readonly run: string[] } {
  const run: string[] = [];
  return { run, begin: () => undefined, step: (cell) => run.push(cell.digest), end: () => undefined };
}

describe("a sweep's cells", () => {
  it("are every combination of list, grid and seeds, each with its fields set", () => {
    const sweep = parseSweep(
      {
        name: "s",
        base: {},
        list: [
          { label: "a", set: { "algorithm.compressor": { kind: "natural" } } },
          { label: "b", set: { "algorithm.compressor.k": 3 } },
        ],
        grid: { workers: [2, 3], "cloud.workerMemoryMb": [512, 1024] },
        seeds: [7, 8],
      },
      "s",
    );
    const cells = cellsOf(sweep, base, { manifestOf: manifestNamed });
    expect(cells.length).toBe(16);
    expect(new Set(cells.map(({ digest }) => digest)).size).toBe(16);
    const last = cells.at(-1)!;
    expect([last.spec.workers, last.spec.seed, last.configuration.workerMemoryMb]).toEqual([3, 8, 1024]);
    expect(last.spec.algorithm).toMatchObject({ compressor: { kind: "rand-k", k: 3 } });
    expect(cells[0]!.spec.algorithm).toMatchObject({ compressor: { kind: "natural" } });
  });

  it("keep their digest under another name and change it with data, spec and configuration", () => {
    const digest = (grid: Record<string, unknown[]>, data = "sha") =>
      cellsOf(parseSweep({ name: "s", base: {}, grid }, "s"), base, {
        manifestOf: (name) => manifestNamed(name, data),
      })[0]!.digest;
    expect(digest({ name: ["other"] })).toBe(digest({}));
    const others = [
      digest({ workers: [6] }),
      digest({ "cloud.architecture": ["x86-64"] }),
      digest({}, "other data"),
    ];
    expect(new Set([...others, digest({})]).size).toBe(4);
  });

  it("are refused with their place when a field is wrong", () => {
    const sweep = parseSweep({ name: "s", base: {}, grid: { "algorithm.compressor.k": [0] } }, "s");
    expect(() => cellsOf(sweep, base, { manifestOf: manifestNamed })).toThrow(
      /sweep s, cell .*"algorithm.compressor.k":0.*algorithm.compressor.k/s,
    );
    const cloud = parseSweep({ name: "s", base: {}, grid: { "cloud.workerMemoryMb": [1] } }, "s");
    expect(() => cellsOf(cloud, base, { manifestOf: manifestNamed })).toThrow(/cloud\.workerMemoryMb/);
    expect(() => cellsOf(sweep, base, { manifestOf: manifestNamed })).not.toThrow(/none was started/);
    const given = parseSweep({ name: "s", base: {}, grid: { start: [{ run: "other" }] } }, "s");
    expect(() => cellsOf(given, base, { manifestOf: manifestNamed })).toThrow(
      /start: expected "zeros", "model" or \{ "uniform": a \} in a sweep, got \{"run":"other"\}/,
    );
    expect(() => parseSweep({ name: "s", base: {}, gird: {} }, "s.json")).toThrow(/did you mean "grid"/);
  });
});

describe("a sweep of which some cells can't be run", () => {
  const grid = {
    "algorithm.compressor.k": [10, 500, 0],
    workers: [5, 9000],
    data: ["mushrooms", "mushroom"],
  };
  const sweep = parseSweep({ name: "s", base: {}, grid }, "s");

  it("names every one of them and why, and runs none", async () => {
    const progress = counting();
    const error = await runSweep({ sweep, base }, { home, jobs: 1, progress }).catch(
      (thrown: unknown) => thrown,
    );
    const lines = (error as Error).message.split("\n");
    expect(lines[0]).toBe("11 of 12 cells can't be run, so none was started:");
    // One line each; only k = 10, 5 workers, mushrooms is good.
    expect(lines.length).toBe(12);
    const why = (k: number, workers: number, data: string): string =>
      lines.filter((line) =>
        line.startsWith(
          `sweep s, cell {"algorithm.compressor.k":${k},"workers":${workers},"data":"${data}","seed":1}: `,
        ),
      )[0]!;
    expect(why(500, 5, "mushrooms")).toMatch(/k.*112.*500/);
    expect(why(10, 9000, "mushrooms")).toMatch(/8124/);
    expect(why(10, 5, "mushroom")).toMatch(/did you mean "mushrooms"/);
    expect(why(0, 9000, "mushroom")).toMatch(/algorithm.compressor.k/);
    expect(progress.run).toEqual([]);
  });
});

describe("a sweep that is cut short", () => {
  it("hands over what is done, and goes on with the rest", async () => {
    const sweep = parseSweep({ name: "s", base: {}, grid: { "algorithm.compressor.k": [31, 32, 33] } }, "s");
    const interruption = new AbortController();
    const told: Swept[] = [];
    const progress = { ...counting(), step: () => interruption.abort() };
    const cut = runSweep(
      { sweep, base },
      {
        home,
        jobs: 1,
        progress,
        signal: interruption.signal,
        onCut: async (swept) => void told.push(swept),
      },
    );
    await expect(cut).rejects.toThrow("2 of 3 runs are left: interrupted; go on with the same command");
    expect(told[0]!.finished.map(({ cell }) => cell.axes["algorithm.compressor.k"])).toEqual([31]);
    expect((await told[0]!.rounds(told[0]!.finished[0]!)).length).toBe(13);
    const rest = counting();
    const { finished } = await runSweep({ sweep, base }, { home, jobs: 1, progress: rest });
    expect([rest.run.length, finished.length]).toEqual([2, 3]);
  });

  it("by cells that can't be run has all the others, whichever came first", async () => {
    const sweep = parseSweep(
      { name: "s", base: {}, grid: { data: ["gone", "mushrooms"], workers: [6, 7] } },
      "s",
    );
    const engine = new EmbeddedEngine(home);
    const manifest = await importLibsvm(createReadStream(shippedFile("mushrooms")), {
      name: "gone",
      sourceName: "gone.gz",
      labels: "binary",
      objects: engine.objects,
    });
    await engine.objects.delete(manifest.object.key);
    await engine.close();
    const told: Swept[] = [];
    const onCut = async (swept: Swept): Promise<void> => void told.push(swept);
    await expect(runSweep({ sweep, base }, { home, jobs: 1, progress: counting(), onCut })).rejects.toThrow(
      /2 of 4 runs are left; .*gone/,
    );
    expect(told[0]!.finished.map(({ cell }) => [cell.axes["data"], cell.axes["workers"]])).toEqual([
      ["mushrooms", 6],
      ["mushrooms", 7],
    ]);
  });
});

describe("a sweep", () => {
  it("gives the figures of single runs, is not run twice, and writes them as CSV, JSON and Parquet", async () => {
    const sweep = parseSweep(
      { name: "s", base: {}, grid: { "algorithm.compressor.k": [2, 10] }, seeds: [1] },
      "s",
    );
    const first = counting();
    const { finished, groups } = await runSweep({ sweep, base }, { home, jobs: 2, progress: first });
    expect(first.run.length).toBe(2);

    const engine = new EmbeddedEngine(home);
    const { control } = await createRun(engine.objects, parseRunSpec({ ...base, seed: 1 }, "test"));
    const alone = await engine.drive(control, watcher);
    await engine.close();
    const { result } = finished[1]!;
    expect(result.iterateSha256).toBe(alone.iterateSha256);
    expect([result.usd, result.seconds]).toEqual([alone.usd, alone.seconds]);
    expect(Math.abs(result.functionsUsd + result.queuesUsd + result.objectsUsd - result.usd)).toBeLessThan(
      1e-12,
    );
    // As a report of the run alone has them.
    expect(result.usdByItem).toEqual(billItems(alone.usage));

    const second = counting();
    const again = await runSweep({ sweep, base }, { home, jobs: 2, progress: second });
    expect(second.run).toEqual([]);
    expect(again.finished.map((cell) => cell.result)).toEqual(finished.map((cell) => cell.result));

    const folder = join(home, "out");
    writeSweepFiles(folder, finished, groups);
    expect(readdirSync(folder).sort()).toEqual([
      "results.csv",
      "results.json",
      "results.parquet",
      "summary.csv",
    ]);
    const parquet = new Uint8Array(readFileSync(join(folder, "results.parquet")));
    const rows = await parquetReadObjects({ file: parquet.buffer });
    expect(rows.map((row) => [row["algorithm.compressor.k"], row["usd"]])).toEqual(
      finished.map((cell) => [cell.cell.axes["algorithm.compressor.k"], cell.result.usd]),
    );
  });

  it("keeps what a cell saw on held-out data at its end: on the rows trained on and without regulariser, f itself", async () => {
    const heldOut = { data: "mushrooms", every: 4 };
    const plain = { ...base, problem: { kind: "logistic" }, algorithm: { kind: "gd", stepSize: 1 } };
    const best = { over: ["algorithm.stepSize"], by: "heldOutError" } as const;
    const grid = { "algorithm.stepSize": [1, 0.01] };
    const sweep = parseSweep({ name: "held", base: {}, grid, best, seeds: [1] }, "s");
    const read = { sweep, base: { ...plain, heldOut } };
    const { finished, groups, rounds } = await runSweep(read, { home, jobs: 1, progress: counting() });
    for (const { result } of finished) {
      expect(result.heldOut!.rows).toBe(8124);
      expect(result.heldOut!.loss).toBeCloseTo(result.loss!, 12);
    }
    // The cells of the second command come from the disk.
    const again = await runSweep(read, { home, jobs: 1, progress: counting() });
    expect(again.finished.map(({ result }) => result.heldOut)).toEqual(
      finished.map(({ result }) => result.heldOut),
    );
    const records = await rounds(finished[0]!);
    expect(records.at(-1)!.heldOut).toEqual(finished[0]!.result.heldOut);
    expect(sweepText(groups)).toContain(
      `${((100 * finished[0]!.result.heldOut!.correct!) / 8124).toFixed(2)} %`,
    );
    writeSweepFiles(join(home, "held"), finished, groups);
    const [header, first] = readFileSync(join(home, "held", "results.csv"), "utf8").split("\n");
    expect(first!.split(",")[header!.split(",").indexOf("heldOutCorrect")]).toBe(
      String(finished[0]!.result.heldOut!.correct),
    );
    await expect(runSweep({ sweep, base: plain }, { home, jobs: 1, progress: counting() })).rejects.toThrow(
      /heldOutError ranks runs by the accuracy on held-out data, and the spec has no held-out data/,
    );
  });

  it("runs only what an interruption left undone", async () => {
    const sweep = parseSweep({ name: "s", base: {}, grid: { workers: [3, 4] }, seeds: [1, 2] }, "s");
    const whole = await runSweep({ sweep, base }, { home, jobs: 1, progress: counting() });
    const lost = whole.finished[2]!;
    rmSync(join(home, "sweeps", "cells", `${lost.cell.digest}.json`));
    const rest = counting();
    const again = await runSweep({ sweep, base }, { home, jobs: 1, progress: rest });
    expect(rest.run).toEqual([lost.cell.digest]);
    const figures = ({ result: { wallSeconds: _, ...figure } }: (typeof whole.finished)[number]) => figure;
    expect(again.finished.map(figures)).toEqual(whole.finished.map(figures));
  });

  it("refuses a damaged cell by its file, and a data set that is not there by the nearest name", async () => {
    const sweep = parseSweep({ name: "s", base: {} }, "s");
    const { finished } = await runSweep({ sweep, base }, { home, jobs: 1, progress: counting() });
    const file = join(home, "sweeps", "cells", `${finished[0]!.cell.digest}.json`);
    writeFileSync(file, "{");
    await expect(runSweep({ sweep, base }, { home, jobs: 1, progress: counting() })).rejects.toThrow(
      finished[0]!.cell.digest,
    );
    rmSync(file);
    const missing = { ...base, data: "mushroom" };
    await expect(runSweep({ sweep, base: missing }, { home, jobs: 1, progress: counting() })).rejects.toThrow(
      /did you mean "mushrooms"/,
    );
  });
});

describe("a cell whose calibration fails", () => {
  it("has a result that says why, and the other cells are run", async () => {
    const engine = new EmbeddedEngine(home);
    async function* zeros() {
      yield new TextEncoder().encode("1 1:0\n-1 2:0\n1 3:0\n-1 112:0\n1 1:0\n");
    }
    // Its largest eigenvalue is 0, and without a regulariser there is no step size.
    await importLibsvm(zeros(), {
      name: "zeros",
      sourceName: "zeros.txt",
      labels: "binary",
      objects: engine.objects,
    });
    await engine.close();
    const sweep = parseSweep({ name: "z", base: {}, grid: { data: ["zeros", "mushrooms"] } }, "z");
    const { finished } = await runSweep({ sweep, base }, { home, jobs: 1, progress: counting() });
    expect(finished.map(({ result }) => result.status)).toEqual(["failed", "done"]);
    expect(finished[0]!.result.error).toContain('every row of "zeros" is zero');
  });
});
