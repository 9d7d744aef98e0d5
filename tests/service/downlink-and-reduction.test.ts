/**
 * How iterates come to the workers and who adds dense vectors are no part of what a run computes: one table of methods, ways and
 * troubles.
 */
import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { FaultPlan } from "../../embedded/faults/faults.ts";
import { AWS_LATENCIES } from "../../embedded/latency/latencies.ts";
import type { EmbeddedService, ServiceOptions } from "../../embedded/service/service.ts";
import { mostChainBytes } from "../../lambdas/aggregator/round/downlink.ts";
import { importLibsvm } from "../../shared/data/import.ts";
import { leftoverPrefixes } from "../../shared/protocol/keys.ts";
import type { RunSpecInput } from "../../shared/protocol/spec/spec.ts";
import { DIMENSION, methods, oracleOfSpec, specOf } from "../fixtures/methods.ts";
import { DATA, recordsOf, requestStop, resume, runToEnd, serviceWith } from "../fixtures/service.ts";
import { elastic, passingFaults, ways } from "../fixtures/vector-ways.ts";
import { watching, watchingIterates } from "../fixtures/watching.ts";

type Algorithm = RunSpecInput["algorithm"];

const [plainly] = ways;

const robust = {
  ...methods.marina,
  aggregation: { kind: "centered-clip", tolerate: 0.2 },
} as Algorithm;
const algorithms: Readonly<Record<string, Algorithm>> = {
  ...methods,
  "marina with a robust rule": robust,
};

/** What a run computes: everything but bytes, time and money. */
async function trajectoryOf(service: EmbeddedService, finished: Promise<{ readonly iterateSha256: string }>) {
  const { iterateSha256 } = await finished;
  const curve = (await recordsOf(service, "r")).map(
    ({ round, dense, slots, loss, gradientNormSquared, uplinkBitsPerWorker, heldOut, measuredLpm }) => ({
      ...{ round, dense, slots, loss, gradientNormSquared, uplinkBitsPerWorker, heldOut, measuredLpm },
    }),
  );
  const { objects } = service.cloud.client;
  for (const prefix of leftoverPrefixes("r")) expect(await objects.list(prefix), prefix).toEqual([]);
  return { iterateSha256, curve };
}

async function trajectory(spec: RunSpecInput, options: Partial<ServiceOptions> = {}) {
  const service = await serviceWith({ latencies: "aws", ...options });
  const finished = runToEnd(service, "r", spec);
  expect((await finished).status).toBe("done");
  return trajectoryOf(service, finished);
}

describe.each(Object.entries(algorithms))("%s", (name, algorithm) => {
  const spec = { ...specOf("marina"), algorithm, evaluateEvery: 7, stop: { rounds: 40 } };

  it("has one trajectory, whichever way its vectors go", async () => {
    const seen = await Promise.all(ways.map((way) => trajectory({ ...spec, ...way })));
    for (const other of seen) expect(other).toEqual(seen[0]);
    if (name in methods) {
      const oracle = await oracleOfSpec({ ...specOf("marina"), algorithm });
      const whole = await trajectory({ ...specOf("marina"), algorithm, ...ways.at(-1) });
      expect(whole.iterateSha256).toBe(oracle.sha256);
    }
  });

  it("has it packed, stopped and resumed, with held-out data and with faults", async () => {
    const watched = { ...spec, heldOut: { data: DATA, every: 6 }, checkpointEvery: 5 };
    const expected = await trajectory({ ...watched, ...plainly });
    let killed = 0;
    for (const way of ways) {
      expect(await trajectory({ ...watched, ...way, shardsPerTask: 2 })).toEqual(expected);

      const service = await serviceWith({
        latencies: "aws",
        observer: { round: (run, { round }) => void (round === 17 && requestStop(service, run)) },
      });
      expect((await runToEnd(service, "r", { ...watched, ...way })).status).toBe("stopped");
      expect(await trajectoryOf(service, resume(service, "r"))).toEqual(expected);

      const plan = new FaultPlan({
        seed: 5 + ways.indexOf(way),
        ratios: passingFaults,
      });
      expect(await trajectory({ ...watched, ...way }, { plan })).toEqual(expected);
      killed += plan.struck.filter((fault) => fault.startsWith("aggregatorKilled")).length;
    }
    expect(killed).toBeGreaterThan(0);
  });
});

it.each<[string, RunSpecInput]>(
  (["marina", "vr-marina", "pp-marina", "qgd", "gd"] as const).map((method) => [
    method,
    specOf(method, {
      ...elastic,
      shardsPerTask: 2,
      evaluateEvery: 3,
    }),
  ]),
)("%s has one trajectory also where its workers change", async (_name, spec) => {
  const seen = await Promise.all(ways.map((way) => trajectory({ ...spec, ...way })));
  for (const other of seen) expect(other).toEqual(seen[0]);
});

/** Imports a few rows of many features, as "wide". */
async function importWide({ cloud }: EmbeddedService, dimension: number): Promise<void> {
  const text = Array.from({ length: 24 }, (_, row) => {
    const indices = Array.from({ length: 5 }, (_, e) => 1 + ((7919 * (5 * row + e)) % dimension));
    const entries = indices.sort((a, b) => a - b).map((index, e) => `${index}:${0.5 + e + row / 10}`);
    return `${row % 2 === 0 ? 1 : -1} ${entries.join(" ")}\n`;
  }).join("");
  const named = { name: "wide", sourceName: "wide.txt", labels: "binary", dimension } as const;
  await importLibsvm(Readable.from([Buffer.from(text)]), { ...named, objects: cloud.client.objects });
}

const wideSpec = {
  data: "wide",
  workers: 5,
  problem: { kind: "logistic", regularizer: { kind: "l2", lambda: 0.1 } },
  start: { uniform: 0.5 },
  wire: "float64",
} as const;

describe("vectors that fit into no task and no message", () => {
  const compressor = { kind: "rand-k", k: 1000 } as const;

  async function wideTrajectory(spec: Partial<RunSpecInput> & { readonly algorithm: Algorithm }) {
    const service = await serviceWith({ latencies: "aws" });
    // 8 d bytes in base64 are more than 1 MiB.
    await importWide(service, 100_003);
    const finished = runToEnd(service, "r", {
      ...wideSpec,
      stop: { rounds: 8 },
      evaluateEvery: 1,
      heldOut: { data: "wide", every: 2 },
      checkpointEvery: 3,
      ...spec,
    });
    expect((await finished).status).toBe("done");
    return trajectoryOf(service, finished);
  }

  it.each<[string, Partial<RunSpecInput> & { readonly algorithm: Algorithm }]>([
    [
      "of who only watches",
      {
        algorithm: { kind: "pp-marina", compressor, participants: 2, probability: 0.3, stepSize: 0.05 },
        hessianVariance: { every: 1 },
      },
    ],
    [
      "that are looked at one by one",
      {
        algorithm: {
          ...{ kind: "marina", compressor, probability: 0.3, stepSize: 0.05 },
          aggregation: { kind: "geometric-median", tolerate: 0.2 },
        } as Algorithm,
      },
    ],
    [
      "that are compressed, and long all the same",
      { algorithm: { kind: "qgd", compressor: { kind: "rand-k", k: 99_000 }, stepSize: 0.05 } },
    ],
  ])("have one trajectory: those %s", async (_name, spec) => {
    const seen = [];
    for (const way of ways) seen.push(await wideTrajectory({ ...spec, ...way }));
    for (const other of seen) expect(other).toEqual(seen[0]);
    expect(seen[0]!.curve.every(({ gradientNormSquared }) => gradientNormSquared !== null)).toBe(true);
  });
});

/** What queues accept, in its order. */
const both = { downlink: "deltas", reduction: "workers" } as const;

it("a worker that lacks the state while vectors are collected again for a reducer is sent it", async () => {
  const { options, sent } = watching();
  const lost = new Set<string>();
  const service = await serviceWith({
    ...options,
    // Environments are new at every other invocation, and there is no base that they could go on from.
    latencies: { ...AWS_LATENCIES, coldChance: 0.5 },
    alteration: {
      aggregatorPorts: (ports) => ({
        ...ports,
        objects: {
          ...ports.objects,
          put: (key, body, condition) =>
            key.includes("/iterates/base-")
              ? Promise.resolve("lost")
              : ports.objects.put(key, body, condition),
        },
      }),
      worker: (ports, create) =>
        create({
          ...ports,
          objects: {
            ...ports.objects,
            // Each round's vectors of the first three workers are lost once.
            async put(key, body, condition) {
              const etag = await ports.objects.put(key, body, condition);
              if (/contributions\/0\/\d+\/000000000[012]$/.test(key) && !lost.has(key)) {
                lost.add(key);
                await ports.objects.delete(key);
              }
              return etag;
            },
          },
        }),
    },
  });
  const spec = specOf("marina", { ...both, algorithm: { ...methods.marina, probability: 0.4 } as Algorithm });
  const { sha256 } = await oracleOfSpec(spec);
  expect(await runToEnd(service, "r", spec)).toMatchObject({ status: "done", iterateSha256: sha256 });
  expect(lost.size).toBeGreaterThan(10);
  const reduced = new Set<number>();
  let needsAfter = 0;
  for (const { what } of sent) {
    if (what.kind === "reduce") reduced.add(what.round);
    if (what.kind === "need-state" && reduced.has(what.round)) needsAfter++;
  }
  expect(needsAfter).toBeGreaterThan(5);
});

it("of contributions that lie in the store by ranges what was read is told and counted, too", async () => {
  const { options, sent, put, got } = watchingIterates();
  const service = await serviceWith(options);
  const spec = specOf("marina", { ...both, evaluateEvery: 5, shardsPerTask: 2 });
  const result = await runToEnd(service, "r", spec);
  const told = sent.flatMap(({ what }) =>
    what.kind === "contribution" || what.kind === "pack" ? [what] : [],
  );
  expect(told.some((message) => (message.bytesRead ?? 0) > 8 * DIMENSION)).toBe(true);
  // Tasks of the method: those that tell of the state, and reducers' of its messages.
  const tasks = sent.filter(({ what }) => ("downlink" in what && what.downlink) || what.kind === "reduce");
  const bytes = tasks.reduce((sum, { body }) => sum + body.length, 0);
  expect(tasks.some(({ what }) => what.kind === "reduce")).toBe(true);
  expect(got()).toBeGreaterThan(0);
  expect(result.downlinkBytesMeasured).toBe(bytes + put() + got());
});

it("no more deltas lead on from one another than estimates of memory count", async () => {
  const dimension = 20_003;
  const sizes = new Map<number, number>();
  const { options, sent } = watching((key, body) => {
    const round = /\/iterates\/delta-0\/(\d+)$/.exec(key)?.[1];
    if (round !== undefined) sizes.set(Number(round), body.length);
  });
  const service = await serviceWith({ ...options, latencies: "aws" });
  await importWide(service, dimension);
  const compressor = { kind: "rand-k", k: 1500 } as const;
  const algorithm = { kind: "marina", compressor, probability: 0.2, stepSize: 0.05 } as const;
  await runToEnd(service, "r", { ...wideSpec, ...both, algorithm, stop: { rounds: 40 } });
  let longest = 0;
  for (const { what } of sent) {
    if (!("downlink" in what) || what.downlink === undefined) continue;
    let bytes = 0;
    for (let round = what.downlink.first; round < what.round; round++) bytes += sizes.get(round)!;
    longest = Math.max(longest, bytes);
  }
  // x^t, x^{t-1} and g^t.
  const most = mostChainBytes(dimension, 3);
  expect(longest).toBeLessThan(1.01 * most);
  expect(longest).toBeGreaterThan(0.4 * most);
});
