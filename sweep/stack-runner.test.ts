import { createReadStream, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { commandBody } from "../client/engines/commands.ts";
import type { Engine, Watcher } from "../client/engines/engine.ts";
import { createRun } from "../client/launch.ts";
import { DEFAULT_CONFIGURATION } from "../embedded/service/configuration.ts";
import { driveToEnd } from "../embedded/service/drive-to-end.ts";
import { createEmbeddedService, type EmbeddedService } from "../embedded/service/service.ts";
import { importLibsvm } from "../shared/data/import.ts";
import { shippedFile } from "../shared/data/testing/load.ts";
import { memoryStore } from "../shared/data/testing/memory-store.ts";
import { contributionsQueueName, resultKey } from "../shared/protocol/keys.ts";
import type { RunResult } from "../shared/protocol/stored/result.ts";
import type { ControlMessage } from "../shared/protocol/stored/run.ts";
import type { Cell, CellResult } from "./cell.ts";
import { type CellSetting, cellsOf } from "./cells.ts";
import { Library } from "./library.ts";
import { type CellProgress, type CellRunner, createCellRunner } from "./run-sweep.ts";
import { isSameOnEveryEngine, stackRunName } from "./stack-cell.ts";
import { checkConfiguration, type StackPlan, StackRunner, type StackRunnerOptions } from "./stack-runner.ts";
import { exitCodeOfOutcome, outcomeText } from "./stack-session.ts";
import { parseSweep } from "./sweep-spec.ts";
import { manifestNamed } from "./testing/manifest.ts";

const base = {
  data: "mushrooms",
  workers: 4,
  problem: { kind: "nonconvex-binary" },
  algorithm: { kind: "marina", compressor: { kind: "rand-k", k: 10 } },
  stop: { rounds: 12 },
  evaluateEvery: 4,
};
const silent: CellProgress = { begin: () => undefined, step: () => undefined, end: () => undefined };
const watcher: Watcher = { calibration: () => undefined, round: () => undefined };

/** What the stack's bucket holds. */
const bucket = memoryStore();
let home: string;
let embedded: CellRunner;

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), "marina-stack-sweep-"));
  const source = createReadStream(shippedFile("mushrooms"));
  const about = { name: "mushrooms", sourceName: "mushrooms.gz", labels: "binary" } as const;
  await importLibsvm(source, { ...about, objects: bucket });
  embedded = createCellRunner({ home, library: new Library(bucket), jobs: 1, progress: silent });
});
afterAll(async () => {
  await embedded.close();
  rmSync(home, { recursive: true, force: true });
});

/** Stands for a stack: the service on a cloud of its own for each run, and one bucket for all. */
function stack(): Engine & { readonly driven: string[] } {
  const driven: string[] = [];
  const clouds = new Map<string, EmbeddedService>();
  return {
    name: "stack",
    predicts: false,
    objects: bucket,
    live: bucket,
    driven,
    async drive(control: ControlMessage, told: Watcher): Promise<RunResult> {
      driven.push(control.run);
      const service = createEmbeddedService({
        seed: 1,
        observer: { round: (_run, record) => told.round(record) },
      });
      const { objects } = service.cloud.client;
      for (const key of await bucket.list("")) await objects.put(key, (await bucket.get(key)).body);
      clouds.set(control.run, service);
      const result = await driveToEnd(service, control);
      clouds.delete(control.run);
      for (const key of await objects.list("")) await bucket.put(key, (await objects.get(key)).body);
      return result;
    },
    async liveness(run) {
      const ended = (await bucket.list(resultKey(run))).length > 0;
      return clouds.has(run)
        ? { state: "live", because: "it is under way here" }
        : { state: ended ? "ended" : "cut-off", because: "" };
    },
    inventory: () => Promise.reject(new Error("nobody asks for sizes here")),
    discardRun: () => Promise.reject(new Error("nothing is deleted here")),
    exclusively: (_kind, _name, work) => work(),
    attach: (run) => Promise.reject(new Error(`${run} is not driven elsewhere`)),
    async command(run, command) {
      const service = clouds.get(run);
      if (service === undefined) throw new Error(`${run} does not run`);
      const { objects, queues } = service.cloud.client;
      const body = await commandBody(objects, run, command);
      await queues.send(await queues.address(contributionsQueueName("marina-", run)), [{ body }]);
    },
    locate: (key) => key,
    close: async () => undefined,
    [Symbol.asyncDispose]: async () => undefined,
  };
}

function cells(
  grid: Record<string, unknown[]>,
  change: object = {},
  seeds = [1],
  check: CellSetting["check"] = () => undefined,
): Cell[] {
  return cellsOf(
    parseSweep({ name: "s", base: {}, grid, seeds }, "s"),
    { ...base, ...change },
    { manifestOf: manifestNamed, check },
  );
}

function runner(engine: Engine, change: Partial<StackRunnerOptions> = {}): StackRunner {
  return new StackRunner({
    engine,
    configuration: DEFAULT_CONFIGURATION,
    region: "us-east-1",
    embedded,
    jobs: 1,
    maxUsd: Infinity,
    progress: silent,
    announce: () => undefined,
    sleep: async () => undefined,
    ...change,
  });
}

const totals = ({ usd, evaluationUsd }: CellResult): number => usd + evaluationUsd;

describe("a sweep on a stack", () => {
  it("gives each cell the bits and figures of a single run there, and compares them with its prediction", async () => {
    const grid = { "algorithm.compressor.k": [3, 7] };
    const engine = stack();
    const { finished, left, endedBy, spentUsd } = await runner(engine).run(cells(grid));
    expect([finished.length, left.length, endedBy]).toEqual([2, 0, "all done"]);
    const { control } = await createRun(bucket, { ...cells(grid)[1]!.spec, name: "alone" });
    const alone = await stack().drive(control, watcher);
    const { result, deployed } = finished[1]!;
    expect(result.iterateSha256).toBe(alone.iterateSha256);
    expect([result.usd, result.rounds]).toEqual([alone.usd, 12]);
    expect(deployed).toMatchObject({ run: engine.driven[1], sameBits: true });
    expect(deployed!.predictedUsd).toBeCloseTo(totals(result), 10);
    expect(spentUsd).toBeCloseTo(totals(finished[0]!.result) + totals(result), 12);
  });

  it("finds what is done by looking at the stack, and counts it as spent", async () => {
    const all = cells({ "algorithm.compressor.k": [11, 12] });
    const first = await runner(stack()).run(all);
    const engine = stack();
    const plans: StackPlan[] = [];
    const again = await runner(engine, { announce: (plan) => void plans.push(plan) }).run(all);
    expect(engine.driven).toEqual([]);
    expect(again.spentUsd).toBeCloseTo(first.spentUsd, 12);
    expect(plans).toEqual([{ cells: 2, done: 2, spentUsd: again.spentUsd, predictedUsd: 0 }]);
    expect(again.finished.map(({ result }) => result.iterateSha256)).toEqual(
      first.finished.map(({ result }) => result.iterateSha256),
    );
  });

  it("starts no cell that would take it beyond its budget, says what is left, and goes on with a larger one", async () => {
    const all = cells({ "algorithm.compressor.k": [21, 22, 23] });
    const expected = (await embedded.run(all)).map(({ result }) => totals(result));
    const maxUsd = expected[0]! + expected[1]! + 0.5 * expected[2]!;
    const engine = stack();
    const outcome = await runner(engine, { maxUsd }).run(all);
    expect(engine.driven.length).toBe(2);
    expect(outcome).toMatchObject({ endedBy: "budget", left: [{ cell: { axes: all[2]!.axes } }] });
    expect(outcome.spentUsd).toBeLessThanOrEqual(maxUsd);
    expect(exitCodeOfOutcome(outcome)).toBe(1);
    const text = outcomeText(outcome, { maxUsd });
    expect(text).toContain("left: 1 runs");
    const suggested = Number(/--max-usd (\S+)/.exec(text)![1]);
    const rest = stack();
    const second = await runner(rest, { maxUsd: suggested }).run(all);
    expect([rest.driven.length, second.finished.length, second.left.length]).toEqual([1, 3, 0]);
  });

  it("counts what is under way at its predicted price: with a budget for two, never three at one time", async () => {
    const all = cells({ "algorithm.compressor.k": [31, 32, 33, 34] });
    const expected = (await embedded.run(all)).map(({ result }) => totals(result));
    let now = 0;
    let most = 0;
    const engine = stack();
    const slow: Engine = {
      ...engine,
      drive: async (control, told) => {
        most = Math.max(most, ++now);
        // All that are to be started together are, before the first one ends.
        await new Promise((resolve) => setImmediate(resolve));
        const result = await engine.drive(control, told);
        now--;
        return result;
      },
    };
    const maxUsd = 2.5 * Math.max(...expected);
    const outcome = await runner(slow, { maxUsd, jobs: 4 }).run(all);
    expect(most).toBe(2);
    expect(outcome.finished.length).toBe(2);
  });

  it("stops what costs more than was predicted when the budget is spent, and can go on from there", async () => {
    const all = cells({}, { stop: { rounds: 400 } }, [41]);
    const [real] = await embedded.run(all);
    const optimist: CellRunner = {
      ...embedded,
      run: async (asked) =>
        (await embedded.run(asked)).map(({ cell, result }) => ({
          cell,
          result: { ...result, usd: result.usd / 1000, evaluationUsd: 0 },
        })),
    };
    const maxUsd = totals(real!.result) / 10;
    const outcome = await runner(stack(), { embedded: optimist, maxUsd }).run(all);
    expect(outcome).toMatchObject({ finished: [], endedBy: "budget" });
    expect(outcome.spentUsd).toBeLessThan(totals(real!.result) / 2);
    const second = await runner(stack()).run(all);
    expect(second.finished[0]!.deployed!.sameBits).toBe(true);
    expect(second.finished[0]!.result.rounds).toBe(400);
  });

  it("is interrupted at a round boundary, from which it goes on to the same bits", async () => {
    const all = cells({}, { stop: { rounds: 300 } }, [51, 52]);
    const engine = stack();
    let interrupted: StackRunner;
    const pressed: Engine = {
      ...engine,
      drive: (control, told) =>
        engine.drive(control, {
          ...told,
          round: (record) => {
            told.round(record);
            if (record.round === 20) interrupted.interrupt();
          },
        }),
    };
    interrupted = runner(pressed);
    const outcome = await interrupted.run(all);
    expect(outcome).toMatchObject({ endedBy: "interrupt", finished: [] });
    expect([outcome.left.length, engine.driven.length, exitCodeOfOutcome(outcome)]).toEqual([2, 1, 130]);
    const rest = await runner(stack()).run(all);
    expect(rest.finished.map(({ deployed }) => deployed!.sameBits)).toEqual([true, true]);
  });

  it("refuses cells for functions that the stack does not have", () => {
    const check = (cell: Cell): void => checkConfiguration(cell, DEFAULT_CONFIGURATION);
    expect(() => cells({ "cloud.workerMemoryMb": [512] }, {}, [1], check)).toThrow(
      /expected cloud.workerMemoryMb 1769.*got 512/,
    );
  });

  it("that an error ends tells what is done, what is left and why", async () => {
    const all = cells({ "algorithm.compressor.k": [61, 62, 63] });
    const engine = stack();
    const failing: Engine = {
      ...engine,
      drive: async (control, told) => {
        if (engine.driven.length === 1) throw new Error("the network is gone");
        return engine.drive(control, told);
      },
    };
    const outcome = await runner(failing).run(all);
    expect([outcome.finished.length, outcome.left.length, outcome.endedBy]).toEqual([1, 2, "failure"]);
    expect(outcome.failure?.error).toMatchObject({ message: "the network is gone" });
    expect(outcomeText(outcome, { maxUsd: Infinity })).toMatch(/^1 runs done.*\n.*\nleft: 2 runs.*an error/);
  });

  it("whose predictions fail begins nothing and says so", async () => {
    const error = new Error("no prediction");
    const engine = stack();
    const blind: CellRunner = { ...embedded, run: () => Promise.reject(error) };
    const outcome = await runner(engine, { embedded: blind }).run(cells({ "algorithm.compressor.k": [64] }));
    expect(outcome).toMatchObject({ finished: [], endedBy: "failure", failure: { error } });
    expect([engine.driven.length, outcome.left.length]).toEqual([0, 1]);
  });
});

describe("a cell's run on a stack", () => {
  it("is called after its method, its data set and its digest, within the length of names", () => {
    const [cell] = cells({ data: ["d".repeat(64)] });
    const name = stackRunName(cell!);
    expect(name).toMatch(/^marina-d+-[0-9a-f]{16}$/);
    expect(name.length).toBe(64);
  });

  it("has bits that depend on the engine only where it ends or changes by seconds or dollars", () => {
    const verdict = (change: object) => isSameOnEveryEngine(cells({}, change)[0]!.spec);
    expect(verdict({})).toBe(true);
    expect(verdict({ workers: [{ workers: 2 }, { fromRound: 5, workers: 4 }] })).toBe(true);
    expect(verdict({ stop: { rounds: 9, usd: 1 } })).toBe(false);
    expect(verdict({ stop: { rounds: 9, seconds: 1 } })).toBe(false);
    expect(verdict({ workers: [{ workers: 2 }, { fromSeconds: 5, workers: 4 }] })).toBe(false);
    expect(verdict({ workers: { usdPerRound: 1, atLeast: 2, atMost: 4 } })).toBe(false);
  });
});
