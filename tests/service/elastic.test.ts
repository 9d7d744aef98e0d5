/** Runs whose workers change while they go on: the same function, the same theory, the same bits everywhere. */
import { describe, expect, it } from "vitest";
import { AWS_LATENCIES } from "../../embedded/latency/latencies.ts";
import type { EmbeddedService } from "../../embedded/service/service.ts";
import { vectorSha256 } from "../../shared/protocol/digest.ts";
import type { ScaleRequest } from "../../shared/protocol/messages/run-message.ts";
import type { RunSpecInput } from "../../shared/protocol/spec/spec.ts";
import type { RunResult } from "../../shared/protocol/stored/result.ts";
import { createCrashingService } from "../fixtures/crashing.ts";
import { elasticLoop } from "../fixtures/elastic-loop.ts";
import { specOf } from "../fixtures/methods.ts";
import {
  checkpointOf,
  command,
  createRun,
  recordsOf,
  requestStop,
  resultOf,
  resume,
  runToEnd,
  serviceWith,
} from "../fixtures/service.ts";

const ROUNDS = 60;
const SCHEDULE = [{ workers: 5 }, { fromRound: 15, workers: 50 }, { fromRound: 35, workers: 10 }];

const elastic = (change: Partial<RunSpecInput> = {}): RunSpecInput =>
  specOf("marina", { remainder: "spread", workers: SCHEDULE, ...change });

const plan = (changes: Parameters<typeof elasticLoop>[0]["changes"]) => ({
  ...{ stepSize: 0.1, probability: 0.2, seed: 3, rounds: ROUNDS },
  changes,
});
const loop = elasticLoop(
  plan([
    { from: 0, workers: 5 },
    { from: 15, workers: 50 },
    { from: 35, workers: 10 },
  ]),
);

const shapes = ({ phases }: RunResult) => phases.map(({ round, workers, cause }) => [round, workers, cause]);

/** Waits, by the virtual clock, until the run has come to a round. */
async function atRound(service: EmbeddedService, run: string, round: number): Promise<void> {
  for (;;) {
    const found = await checkpointOf(service, run).catch(() => undefined);
    if (found !== undefined && found.round >= round) return;
    await service.cloud.clock.sleep(10);
  }
}

/** Runs a spec, and in round 10 or so asks for other workers. */
async function scaled(
  service: EmbeddedService,
  spec: RunSpecInput,
  request: Pick<ScaleRequest, "workers" | "now">,
): Promise<RunResult> {
  await createRun(service, "r", spec);
  await service.control({ version: 1, run: "r", action: "start", tenure: 0 });
  return service.cloud.run(
    (async () => {
      await atRound(service, "r", 10);
      await command(service, "r", { kind: "scale", request: 1, participants: null, ...request });
      return resultOf(service, "r");
    })(),
  );
}

describe("a schedule of workers", () => {
  it("5 -> 50 -> 10 gives the bits of a plain loop that changes its partition at dense rounds", async () => {
    const service = await serviceWith();
    const result = await runToEnd(service, "r", elastic());
    const { points, last } = await loop;
    expect(result).toMatchObject({ status: "done", iterateSha256: vectorSha256(last) });
    const records = await recordsOf(service, "r");
    expect(records.map(({ dense }) => dense)).toEqual(points.map(({ dense }) => dense));
    expect(records.map(({ slots }) => slots)).toEqual(points.map(({ workers }) => workers));
    const changed = points.flatMap(({ workers }, t) => (workers === points[t - 1]?.workers ? [] : [t]));
    expect(shapes(result)).toEqual([
      [0, 5, "start"],
      [changed[1], 50, "schedule"],
      [changed[2], 10, "schedule"],
    ]);
    expect(changed[1]).toBeGreaterThanOrEqual(15);
    expect(changed[2]).toBeGreaterThanOrEqual(35);
  });

  it("has the exact gradient of f as its estimate, to 1e-12, at each change", async () => {
    const { points } = await loop;
    const changes = points.filter(({ workers }, t) => workers !== points[t - 1]?.workers);
    expect(changes.length).toBe(3);
    for (const { estimate, gradient } of changes) {
      const size = Math.hypot(...gradient);
      expect(Math.hypot(...estimate.map((value, j) => value - gradient[j]!))).toBeLessThan(1e-12 * size);
    }
    // Between changes it is an estimate only: the test above means something.
    const drifted = points.filter(({ dense }) => !dense);
    const worst = Math.max(
      ...drifted.map(({ estimate, gradient }) => Math.hypot(...estimate.map((v, j) => v - gradient[j]!))),
    );
    expect(worst).toBeGreaterThan(1e-4);
  });

  it("forced, changes at its round, whatever the coin says", async () => {
    const forced = [{ workers: 5 }, { fromRound: 16, workers: 8, denseRound: "force" as const }];
    const { points, last } = await elasticLoop(
      plan([
        { from: 0, workers: 5 },
        { from: 16, workers: 8, forced: true },
      ]),
    );
    const unforced = await elasticLoop(plan([{ from: 0, workers: 5 }]));
    expect(unforced.points[16]!.dense).toBe(false);
    const result = await runToEnd(await serviceWith(), "r", elastic({ workers: forced }));
    expect(points[16]).toMatchObject({ dense: true, workers: 8 });
    expect(shapes(result)[1]).toEqual([16, 8, "schedule"]);
    expect(result.iterateSha256).toBe(vectorSha256(last));
  });

  it("takes step size and probability of each number of workers from the theory", async () => {
    const marina = { kind: "marina", compressor: { kind: "rand-k", k: 10 } } as const;
    const result = await runToEnd(await serviceWith(), "r", elastic({ algorithm: marina }));
    expect(result.phases.map(({ workers }) => workers)).toEqual([5, 50, 10]);
    for (const { workers, stepSize, probability } of result.phases) {
      const spec = elastic({ algorithm: marina, workers, stop: { rounds: 1 } });
      const { constants } = await runToEnd(await serviceWith(), "r", spec);
      expect([stepSize, probability]).toEqual([constants.stepSize, constants.probability]);
    }
    expect(new Set(result.phases.map(({ stepSize }) => stepSize)).size).toBe(3);
  });

  it("waits for the gradient norm", async () => {
    const workers = [{ workers: 5 }, { fromRelativeGradientNormSquared: 0.5, workers: 10 }];
    const service = await serviceWith();
    const result = await runToEnd(service, "r", elastic({ workers }));
    const records = await recordsOf(service, "r");
    const first = records.findIndex(
      ({ gradientNormSquared }) => gradientNormSquared! <= 0.5 * records[0]!.gradientNormSquared!,
    );
    const { round } = result.phases[1]!;
    expect(round).toBeGreaterThan(first);
    expect(records.slice(first + 1, round).every(({ dense }) => !dense)).toBe(true);
    expect(records[round]).toMatchObject({ dense: true, slots: 10 });
  });

  it("waits for the clock", async () => {
    const workers = [{ workers: 5 }, { fromSeconds: 3, workers: 10, denseRound: "force" as const }];
    const service = await serviceWith({ latencies: "aws" });
    const result = await runToEnd(service, "r", elastic({ workers }));
    const records = await recordsOf(service, "r");
    const { round, seconds } = result.phases[1]!;
    expect(seconds).toBeGreaterThanOrEqual(3);
    expect(records[round - 1]!.seconds).toBeLessThan(3);
    expect(records[round]!.slots).toBe(10);
  });

  it("gives the same bits packed", async () => {
    const packed = await runToEnd(await serviceWith(), "r", elastic({ shardsPerTask: 4 }));
    expect(packed.iterateSha256).toBe(vectorSha256((await loop).last));
  });

  it("counts bits per worker by the workers of each round", async () => {
    const service = await serviceWith();
    await runToEnd(service, "r", elastic({ wire: "float32" }));
    const records = await recordsOf(service, "r");
    for (const [t, { dense, uplinkBitsPerWorker }] of records.slice(0, -1).entries()) {
      expect(records[t + 1]!.uplinkBitsPerWorker - uplinkBitsPerWorker).toBe(32 * (dense ? 112 : 10));
    }
  });
});

describe("a schedule of participants", () => {
  const pp = (participants: unknown) =>
    specOf("pp-marina", {
      algorithm: {
        ...{ kind: "pp-marina", compressor: { kind: "rand-k", k: 10 } },
        ...{ participants, probability: 0.2, stepSize: 0.05 },
      } as RunSpecInput["algorithm"],
    });

  it("takes effect at its round, dense or not, and changes the slots of compressed rounds alone", async () => {
    const service = await serviceWith();
    const spec = pp([{ participants: 2 }, { fromRound: 21, participants: 4 }]);
    const result = await runToEnd(service, "r", spec);
    expect(result.phases.map(({ round, participants, dense }) => [round, participants, dense])).toEqual([
      [0, 2, false],
      [21, 4, false],
    ]);
    const records = await recordsOf(service, "r");
    for (const { round, dense, slots } of records) expect(slots).toBe(dense ? 5 : round < 21 ? 2 : 4);
    expect(records[21]!.dense).toBe(false);
  });

  it("with one entry is the same as a number, bit for bit", async () => {
    const [one, number] = [
      await runToEnd(await serviceWith(), "r", pp([{ participants: 2 }])),
      await runToEnd(await serviceWith(), "r", pp(2)),
    ];
    expect(one.iterateSha256).toBe(number.iterateSha256);
  });
});

describe("a target of dollars per round", () => {
  it("is approached from the fewest workers, and the rounds then cost about that", async () => {
    const service = await serviceWith({ latencies: "aws" });
    const fixed = await runToEnd(service, "fixed", elastic({ workers: 20, stop: { rounds: 100 } }));
    const usdPerRound = fixed.usd / 100;
    const workers = { usdPerRound, atLeast: 2, atMost: 500 };
    const result = await runToEnd(service, "r", elastic({ workers, stop: { rounds: 300 } }));
    expect(result.phases[0]).toMatchObject({ workers: 2, cause: "start" });
    expect(result.phases.length).toBeGreaterThan(1);
    const last = result.phases.at(-1)!;
    expect(last).toMatchObject({ cause: "usd-per-round", dense: true });
    const mean = (result.usd - last.usd) / (result.rounds - last.round);
    expect(Math.abs(mean / usdPerRound - 1)).toBeLessThan(0.35);
  });
});

describe("a request to scale", () => {
  it("changes the workers at the next dense round, as the schedule does that the result tells", async () => {
    const service = await serviceWith({ latencies: "aws" });
    const result = await scaled(service, elastic({ workers: 5 }), { workers: 12, now: false });
    const { round, workers, cause } = result.phases[1]!;
    expect([workers, cause]).toEqual([12, "user"]);
    expect(round).toBeGreaterThan(10);
    const same = elastic({
      workers: [{ workers: 5 }, { fromRound: round, workers: 12, denseRound: "force" }],
    });
    expect((await runToEnd(await serviceWith(), "r", same)).iterateSha256).toBe(result.iterateSha256);
  });

  it("now makes the next round a dense one", async () => {
    const service = await serviceWith({ latencies: "aws" });
    const result = await scaled(service, elastic({ workers: 5, algorithm: rare }), {
      workers: 12,
      now: true,
    });
    const dense = (await recordsOf(service, "r")).filter((record) => record.dense).map(({ round }) => round);
    expect(dense).toEqual([0, result.phases[1]!.round]);
  });

  it("that the run can't follow changes nothing", async () => {
    const service = await serviceWith({ latencies: "aws" });
    const result = await scaled(service, specOf("diana"), { workers: 12, now: true });
    expect(result).toMatchObject({ status: "done" });
    expect(result.phases.length).toBe(1);
  });

  const rare = { ...specOf("marina").algorithm, probability: 1e-9 } as RunSpecInput["algorithm"];
});

describe("a change of workers loses nothing", () => {
  it.each([5.3, 6.1, 7.7, 9.2])("when the aggregator is killed every %f s", async (lifeSeconds) => {
    const profile = {
      ...AWS_LATENCIES,
      dispatchStandard: { p10: 300, p50: 400, p90: 600, p99: 900, max: 1000 },
      objectPut: { p10: 200, p50: 400, p90: 600, p99: 900, max: 1000 },
      queueCall: { p10: 100, p50: 200, p90: 300, p99: 500, max: 600 },
    };
    const service = createCrashingService({ seed: 11, latencies: profile }, lifeSeconds);
    const filled = await serviceWith();
    for (const key of await filled.cloud.client.objects.list("")) {
      await service.cloud.client.objects.put(key, (await filled.cloud.client.objects.get(key)).body);
    }
    const result = await runToEnd(service, "r", elastic());
    expect(service.tenures()).toBeGreaterThan(3);
    expect(result).toMatchObject({ status: "done", iterateSha256: vectorSha256((await loop).last) });
    expect(shapes(result).map(([, workers]) => workers)).toEqual([5, 50, 10]);
  });

  it.each([
    [15, 5, 50],
    [25, 50, null],
    [45, 10, null],
  ])(
    "when the run is stopped in round %i or so (n = %i, aims at %i), and goes on in another process",
    async (round, n, aim) => {
      const service = await serviceWith({ latencies: "aws" });
      await createRun(service, "r", elastic());
      await service.control({ version: 1, run: "r", action: "start", tenure: 0 });
      const { points, last } = await loop;
      await service.cloud.run(
        (async () => {
          await atRound(service, "r", round);
          await requestStop(service, "r");
          return resultOf(service, "r");
        })(),
      );
      const before = await checkpointOf(service, "r");
      expect(before).toMatchObject({ status: "stopped", constants: { workers: n } });
      expect(before.elastic.pending?.workers ?? null).toBe(aim);
      expect(points[before.round - 1]!.workers).toBe(n);
      const other = await serviceWith();
      for (const key of await service.cloud.client.objects.list("runs/")) {
        await other.cloud.client.objects.put(key, (await service.cloud.client.objects.get(key)).body);
      }
      const result = await resume(other, "r");
      expect(result.iterateSha256).toBe(vectorSha256(last));
    },
  );
});
