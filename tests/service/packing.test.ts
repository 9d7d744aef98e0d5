import { describe, expect, it } from "vitest";
import { parseUsage } from "../../shared/cost/usage.ts";
import type { RunSpecInput } from "../../shared/protocol/spec/spec.ts";
import { DATA, recordsOf, runToEnd, serviceWith } from "../fixtures/service.ts";

const WORKERS = 22;

function specOf(algorithm: RunSpecInput["algorithm"], shardsPerTask?: number | "auto"): RunSpecInput {
  return {
    data: DATA,
    workers: WORKERS,
    problem: { kind: "nonconvex-binary" },
    algorithm,
    stop: { rounds: 25 },
    evaluateEvery: 6,
    ...(shardsPerTask === undefined ? {} : { shardsPerTask }),
  };
}

const compressor = { kind: "rand-k", k: 10 } as const;
const METHODS: readonly RunSpecInput["algorithm"][] = [
  { kind: "marina", compressor },
  { kind: "pp-marina", compressor, participants: 9, probability: 0.2 },
  { kind: "diana", compressor: { kind: "qsgd", levels: 4 }, stepSize: 0.1 },
  { kind: "vr-marina", compressor, batchSize: 17 },
];

async function outcome(algorithm: RunSpecInput["algorithm"], shardsPerTask?: number | "auto") {
  const service = await serviceWith();
  const result = await runToEnd(service, "r", specOf(algorithm, shardsPerTask));
  const records = await recordsOf(service, "r");
  const curve = records.map(({ round, loss, gradientNormSquared, uplinkBitsPerWorker }) => ({
    round,
    loss,
    gradientNormSquared,
    uplinkBitsPerWorker,
  }));
  return { result, curve, method: parseUsage(result.usage).method };
}

describe("packed tasks", () => {
  for (const algorithm of METHODS) {
    it(`give ${algorithm.kind} the same bits as unpacked ones, with 4 and with 20 workers a task`, async () => {
      const single = await outcome(algorithm);
      expect(single.result.status).toBe("done");
      for (const size of [1, 4, 20]) {
        const packed = await outcome(algorithm, size);
        expect(packed.result.iterateSha256).toBe(single.result.iterateSha256);
        expect(packed.curve).toEqual(single.curve);
      }
    });
  }

  it("are counted once for each task: invocations, messages and mapping requests fall by the number packed", async () => {
    const algorithm = { kind: "marina", compressor } as const;
    const single = await outcome(algorithm);
    const packed = await outcome(algorithm, 4);
    // 22 workers in 25 rounds: 22 tasks a round, or six (5 x 4 + 2).
    expect(single.method.worker.invocations).toBe(25 * 22);
    expect(packed.method.worker.invocations).toBe(25 * 6);
    expect(packed.method.standardMapping.receiveRequests).toBe(25 * 6);
    // The downlink shrinks with the tasks; the uplink carries the same payloads in fewer envelopes.
    expect(packed.result.downlinkBytesMeasured).toBeLessThan(0.35 * single.result.downlinkBytesMeasured);
    expect(packed.result.uplinkBitsPerWorker).toBe(single.result.uplinkBitsPerWorker);
  });

  it("cost less, and with little to compute take no longer", async () => {
    const run = async (shardsPerTask: number | "auto") => {
      const service = await serviceWith({ latencies: "aws" });
      return runToEnd(service, "r", specOf({ kind: "marina", compressor }, shardsPerTask));
    };
    const [single, auto] = [await run(1), await run("auto")];
    expect(auto.iterateSha256).toBe(single.iterateSha256);
    expect(auto.usd).toBeLessThan(0.5 * single.usd);
    expect(auto.seconds).toBeLessThan(1.1 * single.seconds);
  });

  it("survive shuffled and duplicated messages with the same bits", async () => {
    const clean = await outcome({ kind: "marina", compressor }, 4);
    const service = await serviceWith({ faults: { shuffle: true, duplicate: true } });
    const faulty = await runToEnd(service, "r", specOf({ kind: "marina", compressor }, 4));
    expect(faulty.iterateSha256).toBe(clean.result.iterateSha256);
  });
});
