/** Held-out data: what is seen on it is right, and looking changes nothing. */
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { EmbeddedService, ServiceOptions } from "../../embedded/service/service.ts";
import { importLibsvm } from "../../shared/data/import.ts";
import { shippedFile } from "../../shared/data/testing/load.ts";
import type { RunSpecInput } from "../../shared/protocol/spec/spec.ts";
import { methodNames, ROUNDS, specOf } from "../fixtures/methods.ts";
import {
  checkpointOf,
  createRun,
  recordsOf,
  requestStop,
  resultOf,
  resume,
  runToEnd,
  serviceWith,
} from "../fixtures/service.ts";

const HELD = "mushrooms-held-out";

interface Row {
  readonly y: 1 | -1;
  readonly entries: readonly (readonly [number, number])[];
}

/** Every 9th row of mushrooms, read by a parser of the test's own. */
const lines = (async () => {
  const text = gunzipSync(await readFile(shippedFile("mushrooms"))).toString("latin1");
  return text
    .trim()
    .split("\n")
    .filter((_, l) => l % 9 === 0);
})();

async function heldRows(): Promise<Row[]> {
  return (await lines).map((line) => {
    const [label, ...entries] = line.trim().split(/\s+/);
    return {
      y: Number(label) === 2 ? 1 : -1,
      entries: entries.map((entry) => entry.split(":").map(Number) as [number, number]),
    };
  });
}

async function serviceWithHeldOut(
  options: Partial<ServiceOptions> = {},
  rows?: number,
): Promise<EmbeddedService> {
  const service = await serviceWith(options);
  const text = (await lines).slice(0, rows).join("\n");
  async function* chunks() {
    yield new TextEncoder().encode(text);
  }
  const { objects } = service.cloud.client;
  await importLibsvm(chunks(), { name: HELD, sourceName: "held", labels: "binary", dimension: 112, objects });
  return service;
}

const heldOut = (every: number): Pick<RunSpecInput, "heldOut"> => ({ heldOut: { data: HELD, every } });

/** By the formula, one row after the other. */
async function expectedAt(x: ArrayLike<number>, count?: number): Promise<{ loss: number; correct: number }> {
  const rows = (await heldRows()).slice(0, count);
  let [loss, correct] = [0, 0];
  for (const { y, entries } of rows) {
    let z = 0;
    for (const [index, value] of entries) z += x[index - 1]! * value;
    loss += (1 - 1 / (1 + Math.exp(-y * z))) ** 2;
    if (y * z > 0) correct++;
  }
  return { loss: loss / rows.length, correct };
}

async function finalIterate(service: EmbeddedService): Promise<Float64Array> {
  return (await checkpointOf(service, "r")).state["iterate"]!;
}

describe("held-out data", () => {
  it("has the mean loss and the right predictions of the formula, at the rounds asked for and at the end", async () => {
    const service = await serviceWithHeldOut();
    const result = await runToEnd(service, "r", specOf("marina", heldOut(25)));
    const rows = (await heldRows()).length;
    const expected = await expectedAt(await finalIterate(service));
    expect(result.heldOut?.rows).toBe(rows);
    expect(result.heldOut?.correct).toBe(expected.correct);
    expect(expected.correct).toBeGreaterThan(0.8 * rows);
    expect(result.heldOut?.loss).toBeCloseTo(expected.loss, 12);
    const records = await recordsOf(service, "r");
    const seen = records.filter((record) => record.heldOut !== undefined);
    expect(seen.map(({ round }) => round)).toEqual([0, 25, 50]);
    // x^0 = 0: half the loss's range, and a margin of 0 predicts nothing.
    expect(seen[0]?.heldOut).toEqual({ rows, loss: 0.25, correct: 0 });
  });

  it.each(methodNames)(
    "changes nothing of %s: neither iterates nor bits, bytes, seconds and dollars",
    async (method) => {
      const plain = await runToEnd(await serviceWithHeldOut({ latencies: "aws" }), "r", specOf(method));
      const watched = await serviceWithHeldOut({ latencies: "aws" });
      const result = await runToEnd(watched, "r", specOf(method, heldOut(7)));
      const { seconds, usd, iterateSha256, evaluationBytesMeasured: bytes, heldOut: seen } = result;
      expect(iterateSha256).toBe(plain.iterateSha256);
      for (const count of ["uplinkBitsPerWorker", "uplinkBytesMeasured", "downlinkBytesMeasured"] as const) {
        expect(result[count], count).toBe(plain[count]);
      }
      expect([result.resentTasks, result.hedgedTasks]).toEqual([plain.resentTasks, plain.hedgedTasks]);
      // Checkpoints hold what was seen: some bytes more, which take a microsecond or two to store.
      expect(Math.abs(seconds - plain.seconds)).toBeLessThan(3e-6 * ROUNDS);
      expect(Math.abs(usd / plain.usd - 1)).toBeLessThan(2e-5);
      expect(bytes).toBeGreaterThan(plain.evaluationBytesMeasured);
      expect(seen?.correct).toBe((await expectedAt(await finalIterate(watched))).correct);
    },
  );

  it("is seen by whoever takes part: more workers than rows, packs, and workers that change", async () => {
    const x = async (change: Partial<RunSpecInput>, rows?: number) => {
      const service = await serviceWithHeldOut({}, rows);
      const result = await runToEnd(service, "r", specOf("marina", { ...heldOut(20), ...change }));
      const expected = await expectedAt(await finalIterate(service), rows);
      expect(result.heldOut?.correct).toBe(expected.correct);
      expect(result.heldOut?.loss).toBeCloseTo(expected.loss, 12);
      return (await recordsOf(service, "r")).map((record) => record.heldOut);
    };
    await x({ workers: 40 }, 7);
    expect(await x({ workers: 40, shardsPerTask: 8 })).toEqual(await x({ workers: 40 }));
    await x({ remainder: "spread", workers: [{ workers: 5 }, { fromRound: 20, workers: 12 }] });
  });

  it("has the same figures in a run that was stopped and gone on with", async () => {
    const spec = specOf("diana", heldOut(5));
    const whole = await serviceWithHeldOut();
    const expected = await runToEnd(whole, "r", spec);
    const service = await serviceWithHeldOut({ latencies: "aws" });
    await createRun(service, "r", spec);
    await service.control({ version: 1, run: "r", action: "start", tenure: 0 });
    const stopped = await service.cloud.run(
      (async () => {
        await service.cloud.clock.sleep(3000);
        await requestStop(service, "r");
        return resultOf(service, "r");
      })(),
    );
    expect(stopped.status).toBe("stopped");
    expect(stopped.rounds).toBeLessThan(ROUNDS);
    const result = await resume(service, "r");
    expect(result.heldOut).toEqual(expected.heldOut);
    const figures = async (of: EmbeddedService) => (await recordsOf(of, "r")).map((record) => record.heldOut);
    expect(await figures(service)).toEqual(await figures(whole));
  });

  it("tells only what was asked for", async () => {
    const service = await serviceWithHeldOut();
    const spec = specOf("gd", { heldOut: { data: HELD, every: 1000, metrics: ["accuracy"] } });
    const { heldOut: seen } = await runToEnd(service, "r", { ...spec, stop: { rounds: 2 } });
    expect(seen).toMatchObject({ loss: null, correct: expect.any(Number) });
  });

  it("that was replaced since the run began ends it with an error that says so", async () => {
    const service = await serviceWithHeldOut();
    await createRun(service, "r", specOf("gd", heldOut(5)));
    const { objects } = service.cloud.client;
    const source = createReadStream(shippedFile("mushrooms"));
    await importLibsvm(source, { name: HELD, sourceName: "m", labels: "binary", objects, replace: true });
    await service.control({ version: 1, run: "r", action: "start", tenure: 0 });
    const result = await service.cloud.run(resultOf(service, "r"));
    expect(result.status).toBe("failed");
    expect(result.error).toMatch(/data set "mushrooms-held-out" was replaced since the run began/);
  });
});
