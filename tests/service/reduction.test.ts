/** Dense vectors added by reducers: the same bits as by the aggregator, whatever is lost on the way. */
import { describe, expect, it } from "vitest";
import type { ServiceAlteration } from "../../embedded/service/service.ts";
import type { ObjectStore } from "../../shared/cloud/ports.ts";
import { parseUsage } from "../../shared/cost/usage.ts";
import { leftoverPrefixes } from "../../shared/protocol/keys.ts";
import type { RunSpecInput } from "../../shared/protocol/spec/spec.ts";
import { DATA, recordsOf, runToEnd, serviceWith } from "../fixtures/service.ts";

const WORKERS = 9;
const compressor = { kind: "rand-k", k: 10 } as const;

async function outcome(change: Partial<RunSpecInput>, alteration?: ServiceAlteration) {
  const service = await serviceWith(alteration === undefined ? {} : { alteration });
  const spec: RunSpecInput = {
    data: DATA,
    workers: WORKERS,
    problem: { kind: "nonconvex-binary" },
    algorithm: { kind: "gd" },
    stop: { rounds: 12 },
    evaluateEvery: 5,
    ...change,
  };
  const result = await runToEnd(service, "r", spec);
  expect(result.status).toBe("done");
  const records = await recordsOf(service, "r");
  const { objects } = service.cloud.client;
  for (const prefix of leftoverPrefixes("r")) expect(await objects.list(prefix), prefix).toEqual([]);
  return {
    result,
    usage: parseUsage(result.usage),
    trajectory: {
      ...{ iterateSha256: result.iterateSha256, loss: result.loss },
      gradientNormSquared: result.gradientNormSquared,
      curve: records.map(({ round, dense, loss, gradientNormSquared, uplinkBitsPerWorker }) => ({
        ...{ round, dense, loss, gradientNormSquared, uplinkBitsPerWorker },
      })),
    },
  };
}

const ALGORITHMS: readonly RunSpecInput["algorithm"][] = [
  { kind: "gd" },
  { kind: "qgd", compressor: { kind: "natural" }, stepSize: 0.1 },
  { kind: "diana", compressor },
  { kind: "marina", compressor, probability: 0.4 },
  { kind: "vr-marina", compressor, batchSize: 17, probability: 0.4 },
  { kind: "vr-marina-online", compressor, batchSize: 17, largeBatchSize: 300, probability: 0.4 },
  { kind: "pp-marina", compressor, participants: 4, probability: 0.4 },
  { kind: "ef21", compressor: { kind: "top-k", k: 10 } },
  { kind: "dasha", compressor, shift: "carried" },
];

describe("reducers give the bits that the aggregator gives", () => {
  for (const algorithm of ALGORITHMS) {
    for (const wire of ["float32", "float64"] as const) {
      it(`to ${algorithm.kind}, ${wire}`, async () => {
        const whole = await outcome({ algorithm, wire, reduction: "aggregator" });
        const reduced = await outcome({ algorithm, wire, reduction: "workers" });
        expect(reduced.trajectory).toEqual(whole.trajectory);
        expect(
          reduced.usage.method.objects.putRequests + reduced.usage.evaluation.objects.putRequests,
        ).not.toBe(whole.usage.method.objects.putRequests + whole.usage.evaluation.objects.putRequests);
      });
    }
  }

  it.each<[string, Partial<RunSpecInput>]>([
    ["packed tasks", { shardsPerTask: 4 }],
    ["one pack of all", { shardsPerTask: 100 }],
    ["no evaluation", { evaluateEvery: 0 }],
    ["each round evaluated", { evaluateEvery: 1 }],
    [
      "workers that change",
      {
        algorithm: { kind: "marina", compressor, probability: 0.4 },
        workers: [{ workers: 4 }, { fromRound: 5, workers: WORKERS, denseRound: "force" }],
      },
    ],
    ["one worker", { workers: 1 }],
  ])("with %s", async (_name, change) => {
    const whole = await outcome({ ...change, reduction: "aggregator" });
    const reduced = await outcome({ ...change, reduction: "workers" });
    expect(reduced.trajectory).toEqual(whole.trajectory);
  });

  it("and watching a run takes none of its time and none of its money there, too", async () => {
    const never = await outcome({ reduction: "workers", evaluateEvery: 0 });
    const always = await outcome({ reduction: "workers", evaluateEvery: 1 });
    expect(always.result.evaluationBytesMeasured).toBeGreaterThan(4 * never.result.evaluationBytesMeasured);
    expect(Math.abs(always.result.seconds - never.result.seconds)).toBeLessThan(1e-3);
    expect(always.result.usd / never.result.usd - 1).toBeCloseTo(0, 3);
  });

  it("by requests that the bill has: n S reads and S sums a round, besides n vectors", async () => {
    const rounds = 12;
    const whole = await outcome({ reduction: "aggregator", evaluateEvery: 0 });
    const reduced = await outcome({ reduction: "workers", evaluateEvery: 0 });
    const more = (count: "getRequests" | "putRequests"): number =>
      reduced.usage.method.objects[count] - whole.usage.method.objects[count];
    // Two reducers of nine vectors, and the aggregator's reads of their sums; more where tasks were hedged.
    expect(more("getRequests")).toBeGreaterThanOrEqual(rounds * (2 * WORKERS + 2));
    expect(more("getRequests")).toBeLessThan(1.2 * rounds * (2 * WORKERS + 2));
    expect(more("putRequests")).toBeGreaterThanOrEqual(rounds * (WORKERS + 2));
    expect(more("putRequests")).toBeLessThan(1.2 * rounds * (WORKERS + 2));
  });
});

describe("what reducers need and make is made again", () => {
  /** Alters what workers see of the store. */
  const workersWith = (alter: (objects: ObjectStore) => Partial<ObjectStore>): ServiceAlteration => ({
    worker: (ports, create) => create({ ...ports, objects: { ...ports.objects, ...alter(ports.objects) } }),
  });
  /** Loses the first three of what is put under such keys, as soon as it is there. */
  const losing = (keys: RegExp): ServiceAlteration => {
    let left = 3;
    return workersWith((objects) => ({
      put: async (key, body, condition) => {
        const etag = await objects.put(key, body, condition);
        if (keys.test(key) && left-- > 0) await objects.delete(key);
        return etag;
      },
    }));
  };
  /** Stores the first three with a changed byte. */
  const damaging = (keys: RegExp): ServiceAlteration => {
    let left = 3;
    return workersWith((objects) => ({
      put: (key, body, condition) => {
        if (!keys.test(key) || left-- <= 0) return objects.put(key, body, condition);
        const damaged = new Uint8Array(body);
        damaged[damaged.length - 1]! ^= 1;
        return objects.put(key, damaged, condition);
      },
    }));
  };
  const spec = { reduction: "workers", algorithm: { kind: "marina", compressor, probability: 0.4 } } as const;

  /** What at least travels more: bytes of an entry of the method's messages, and of exact gradients. */
  it.each<[string, ServiceAlteration, wire: number, exact: number]>([
    ["a worker's vector that is gone", losing(/contributions\/0\/\d+\/\d+$/), 4, 0],
    ["an exact gradient that is gone", losing(/contributions\/observed-\d+\/\d+\/\d+$/), 0, 8],
    ["a sum that is gone", losing(/contributions\/0\/\d+\/sum-/), 0, 0],
    ["a sum of exact gradients that is gone", losing(/contributions\/observed-\d+\/\d+\/sum-/), 0, 0],
    ["a worker's vector that is damaged", damaging(/contributions\/0\/\d+\/\d+$/), 4, 0],
    ["a sum that is damaged", damaging(/contributions\/0\/\d+\/sum-/), 0, 0],
  ])("%s", async (_name, alteration, wire, exact) => {
    const [plain, disturbed] = [await outcome(spec), await outcome(spec, alteration)];
    expect(disturbed.trajectory).toEqual(plain.trajectory);
    expect(
      disturbed.usage.method.worker.invocations + disturbed.usage.evaluation.worker.invocations,
    ).toBeGreaterThan(plain.usage.method.worker.invocations + plain.usage.evaluation.worker.invocations);
    const more = (count: "uplinkBytesMeasured" | "evaluationBytesMeasured"): number =>
      disturbed.result[count] - plain.result[count];
    const { dimension } = plain.result.constants!;
    expect(more("uplinkBytesMeasured")).toBeGreaterThanOrEqual(3 * wire * dimension);
    expect(more("evaluationBytesMeasured")).toBeGreaterThanOrEqual(3 * exact * dimension);
  });

  it("but not for ever: the run fails and says what to look into", async () => {
    const service = await serviceWith({
      alteration: workersWith((objects) => ({
        put: async (key, body, condition) => {
          const etag = await objects.put(key, body, condition);
          if (/\/sum-\d+$/.test(key)) await objects.delete(key);
          return etag;
        },
      })),
    });
    const { status, error } = await runToEnd(service, "r", {
      data: DATA,
      workers: 3,
      problem: { kind: "nonconvex-binary" },
      stop: { rounds: 3 },
      ...spec,
    });
    expect(status).toBe("failed");
    expect(error).toMatch(
      /run r, round 0, reducer 0: .*lost 10 times; look into what deletes or changes runs\/r\/contributions\/; everything is kept/,
    );
  });
});
