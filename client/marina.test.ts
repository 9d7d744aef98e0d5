/** What a program does with the service, on the embedded cloud. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { shippedFile } from "../shared/data/testing/load.ts";
import { folderReader } from "./engines/folder-reader.ts";
import { MarinaError, openMarina, type RoundRecord, type RunSpecInput } from "./library.ts";
import { readRounds } from "./rounds/read-rounds.ts";

const spec: RunSpecInput = {
  data: "mushrooms",
  workers: 4,
  problem: { kind: "nonconvex-binary" },
  algorithm: { kind: "marina", compressor: { kind: "rand-k", k: 10 } },
  stop: { rounds: 200 },
};
const folders: string[] = [];
let imported: string;

/** A home of its own, with mushrooms. */
function home(): string {
  const folder = mkdtempSync(join(tmpdir(), "marina-library-"));
  folders.push(folder);
  if (imported !== undefined) cpSync(imported, folder, { recursive: true });
  return folder;
}

beforeAll(async () => {
  const folder = home();
  await using marina = await openMarina({ home: folder });
  const manifest = await marina.importData(shippedFile("mushrooms"));
  expect([manifest.name, manifest.rows]).toEqual(["mushrooms", 8124]);
  imported = folder;
});
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

async function all(rounds: AsyncIterable<RoundRecord>): Promise<RoundRecord[]> {
  const found: RoundRecord[] = [];
  for await (const round of rounds) found.push(round);
  return found;
}

describe("a run in a program", () => {
  it("gives every round once, in order, as it is stored, and then its result", async () => {
    const folder = home();
    await using marina = await openMarina({ home: folder });
    const run = await marina.createRun(spec);
    const rounds = await all(run.rounds());
    const result = await run.result();
    expect([run.name, result.status, result.rounds]).toEqual(["marina-mushrooms", "done", 200]);
    expect(rounds.map(({ round }) => round)).toEqual(Array.from({ length: 200 }, (_, i) => i));
    expect(rounds).toEqual(await readRounds(folderReader(folder), run.name));
    expect(await marina.runNames()).toEqual(["marina-mushrooms"]);
  });

  it("gives them again to who comes late, comes twice, or is slow", async () => {
    await using marina = await openMarina({ home: home() });
    const run = await marina.createRun(spec);
    const slow = (async () => {
      const found: number[] = [];
      for await (const { round } of run.rounds()) {
        found.push(round);
        if (round % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      }
      return found;
    })();
    const [first, second] = await Promise.all([all(run.rounds()), slow]);
    expect(second).toEqual(first.map(({ round }) => round));
    const late = await marina.findRun(run.name);
    expect(await all(late.rounds())).toEqual(first);
    expect((await late.state()).state).toBe("ended");
  });

  it("takes as long and costs as much as on a cloud of its own, however many there are", async () => {
    const alone = async (): Promise<unknown> => {
      await using marina = await openMarina({ home: home() });
      const { seconds, usd, iterateSha256 } = await (await marina.createRun(spec)).result();
      return [seconds, usd, iterateSha256];
    };
    await using marina = await openMarina({ home: home() });
    const runs = await Promise.all([marina.createRun(spec), marina.createRun(spec)]);
    const results = await Promise.all(runs.map((run) => run.result()));
    expect(results.map(({ run }) => run)).toEqual(["marina-mushrooms", "marina-mushrooms-2"]);
    // The second finds the spectra that the first has found, or not: its bits do not depend on it.
    expect(new Set(results.map(({ iterateSha256 }) => iterateSha256)).size).toBe(1);
    const [seconds, usd, digest] = (await alone()) as [number, number, string];
    expect(results[0]!.iterateSha256).toBe(digest);
    expect(results[0]!.usd).toBeCloseTo(usd, 4);
    expect(results[0]!.seconds).toBeCloseTo(seconds, 0);
  });

  it("stops at a round boundary when its service is closed, and goes on with the same bits", async () => {
    const long = { ...spec, stop: { rounds: 1200 } };
    const whole = await (async () => {
      await using marina = await openMarina({ home: home() });
      // Awaited: the service is closed when this returns.
      return await (await marina.createRun(long)).result();
    })();
    const folder = home();
    const seen: number[] = [];
    {
      await using marina = await openMarina({ home: folder });
      const run = await marina.createRun(long);
      for await (const { round } of run.rounds()) {
        seen.push(round);
        if (round === 50) break;
      }
    }
    expect(seen.at(-1)).toBe(50);
    await using marina = await openMarina({ home: folder });
    const stopped = await (await marina.findRun("marina-mushrooms")).result();
    expect(stopped.status).toBe("stopped");
    expect(stopped.rounds).toBeLessThan(1200);
    const resumed = await marina.resumeRun("marina-mushrooms");
    const rounds = await all(resumed.rounds());
    const result = await resumed.result();
    expect(result.status).toBe("done");
    expect(result.iterateSha256).toBe(whole.iterateSha256);
    expect(rounds.map(({ round }) => round)).toEqual(Array.from({ length: 1200 }, (_, i) => i));
  });

  it("is told to stop, and to go on with more workers", async () => {
    await using marina = await openMarina({ home: home() });
    const elastic = await marina.createRun({ ...spec, name: "elastic", stop: { rounds: 1200 } });
    let asked = false;
    for await (const { round } of elastic.rounds()) {
      if (round < 20 || asked) continue;
      asked = true;
      await elastic.scale({ workers: 8, now: true });
    }
    const { phases } = await elastic.result();
    expect(phases.map(({ workers }) => workers)).toEqual([4, 8]);
    const run = await marina.createRun({ ...spec, name: "stopped", stop: { rounds: 100_000 } });
    await run.stop();
    expect((await run.result()).status).toBe("stopped");
  });

  it("is followed by another that finds it under way", async () => {
    const folder = home();
    await using driver = await openMarina({ home: folder });
    await using other = await openMarina({ home: folder });
    const run = await driver.createRun({ ...spec, stop: { rounds: 5000 } });
    for await (const { round } of run.rounds()) if (round === 10) break;
    const followed = await other.findRun(run.name);
    expect((await followed.state()).state).toBe("live");
    expect(await other.resumeRun(run.name)).not.toBe(run);
    const rounds = all(followed.rounds());
    const result = await run.result();
    expect(await followed.result()).toEqual(result);
    expect((await rounds).map(({ round }) => round)).toEqual(Array.from({ length: 5000 }, (_, i) => i));
  });

  it("is refused before anything is stored, with the field", async () => {
    await using marina = await openMarina({ home: home() });
    await expect(marina.createRun({ ...spec, workers: 0 })).rejects.toThrow(/workers: expected/);
    await expect(marina.createRun({ ...spec, data: "mushroom" })).rejects.toThrow(/did you mean "?mushrooms/);
    await expect(marina.findRun("nothing")).rejects.toThrow(MarinaError);
    expect(await marina.runNames()).toEqual([]);
  });
});

describe("the service in a program", () => {
  it("predicts what a run takes and costs", async () => {
    await using marina = await openMarina({ home: home() });
    const prediction = (await marina.predict({ ...spec, evaluateEvery: 0 }))!;
    const result = await (await marina.createRun({ ...spec, evaluateEvery: 0 })).result();
    // The trial is the run's first 60 rounds; its mean round includes the start.
    expect(prediction.usdAtMost / result.usd).toBeGreaterThan(0.7);
    expect(prediction.usdAtMost / result.usd).toBeLessThan(1.5);
    expect(await marina.preflight(spec)).toEqual([]);
  });

  it("takes a run from one home to another", async () => {
    const file = join(home(), "run.marina");
    const digest = await (async () => {
      await using marina = await openMarina({ home: home() });
      const run = await marina.createRun(spec);
      const { iterateSha256 } = await run.result();
      writeFileSync(file, await marina.exportRun(run.name));
      return iterateSha256;
    })();
    const empty = mkdtempSync(join(tmpdir(), "marina-library-"));
    folders.push(empty);
    await using marina = await openMarina({ home: empty });
    const name = await marina.importRun(readFileSync(file));
    expect(await marina.dataNames()).toEqual(["mushrooms"]);
    expect((await (await marina.findRun(name)).result()).iterateSha256).toBe(digest);
  });
});
