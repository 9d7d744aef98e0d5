/** What a run is charged: the paper's bits by formula, measured bytes within their bounds, evaluation apart. */
import { describe, expect, it } from "vitest";
import { CONTRIBUTION_OVERHEAD_BYTES } from "../../shared/protocol/messages/run-message.ts";
import {
  DIMENSION,
  isDense,
  K,
  type MethodName,
  methodNames,
  ROUNDS,
  specOf,
  WORKERS,
} from "../fixtures/methods.ts";
import { recordsOf, runToEnd, serviceWith } from "../fixtures/service.ts";

const PARTICIPANTS = 2;
/** ceil(log2 112) */
const INDEX_BITS = 7;

/**
 * Uplink bits of message round t, mean over the workers: 32 a float, 32 d dense, 32 K compressed, and the indices of Top-K; r of n
 * taking part.
 */
function bitsOfRound(method: MethodName, round: number): number {
  if (isDense(method, round)) return 32 * DIMENSION;
  return (bitsOfMessage(method) * (method === "pp-marina" ? PARTICIPANTS : WORKERS)) / WORKERS;
}

/** U_t: everything sent before x^t could be formed. */
function uplinkBits(method: MethodName, rounds: number): number {
  let bits = 0;
  for (let round = 0; round < rounds; round++) bits += bitsOfRound(method, round);
  return bits;
}

/** Bits of one compressed message. */
function bitsOfMessage(method: MethodName): number {
  return method === "ef21" ? K * (32 + INDEX_BITS) : 32 * K;
}

function answersOf(method: MethodName, round: number): number {
  return method === "pp-marina" && !isDense(method, round) ? PARTICIPANTS : WORKERS;
}

describe.each(methodNames)("%s", (method) => {
  it("counts the paper's bits: U_T and every U_t", async () => {
    const service = await serviceWith();
    const result = await runToEnd(service, "r", specOf(method));
    expect(result.uplinkBitsPerWorker).toBeCloseTo(uplinkBits(method, ROUNDS), 6);
    for (const record of await recordsOf(service, "r")) {
      expect(record.uplinkBitsPerWorker).toBeCloseTo(uplinkBits(method, record.round), 6);
      expect(record.dense).toBe(isDense(method, record.round));
      expect(record.slots).toBe(answersOf(method, record.round));
    }
  });

  it("measures bytes between the payload's and the payload's with the stated overhead, in base64", async () => {
    const result = await runToEnd(
      await serviceWith(),
      "r",
      specOf(method, { wire: "float32", evaluateEvery: 0 }),
    );
    let [least, most] = [0, 0];
    for (let round = 0; round < ROUNDS; round++) {
      const payload = isDense(method, round) ? 4 * DIMENSION : Math.ceil(bitsOfMessage(method) / 8);
      const answers = answersOf(method, round);
      least += answers * 4 * Math.ceil(payload / 3);
      most += answers * 4 * Math.ceil((payload + CONTRIBUTION_OVERHEAD_BYTES) / 3);
    }
    expect(result.uplinkBytesMeasured).toBeGreaterThan(least);
    expect(result.uplinkBytesMeasured).toBeLessThanOrEqual(most);
    // A task carries one point or two of 8 d bytes, and less than 400 bytes besides.
    const tasks = Array.from({ length: ROUNDS }, (_, round) => answersOf(method, round)).reduce(
      (a, b) => a + b,
    );
    const points = { one: (8 * DIMENSION * 4) / 3, two: (16 * DIMENSION * 4) / 3 + 400 };
    expect(result.downlinkBytesMeasured).toBeGreaterThan(tasks * points.one);
    expect(result.downlinkBytesMeasured).toBeLessThan(tasks * points.two);
  });

  it("takes the same seconds, dollars and traffic however often it is evaluated", async () => {
    const charged = async (evaluateEvery: number) => {
      const service = await serviceWith({ latencies: "aws" });
      const result = await runToEnd(service, "r", specOf(method, { evaluateEvery }));
      expect(result.gradientNormSquared).not.toBeNull();
      const { uplinkBitsPerWorker, uplinkBytesMeasured, downlinkBytesMeasured, resentTasks } = result;
      const counts = { uplinkBitsPerWorker, uplinkBytesMeasured, downlinkBytesMeasured, resentTasks };
      const { seconds, usd, rounds, evaluationBytesMeasured: evaluation } = result;
      return { counts, seconds, usd, rounds, evaluation };
    };
    const every = await charged(1);
    const seldom = await charged(10);
    const never = await charged(0);
    for (const other of [seldom, never]) {
      expect(other.counts).toEqual(every.counts);
      // Checkpoints hold the evaluation's own counts, whose digits take some bytes and so less than a microsecond to store.
      expect(Math.abs(other.seconds - every.seconds)).toBeLessThan(1e-6 * every.rounds);
      expect(Math.abs(other.usd / every.usd - 1)).toBeLessThan(1e-5);
    }
    expect(every.evaluation).toBeGreaterThan(seldom.evaluation);
    expect(seldom.evaluation).toBeGreaterThan(never.evaluation);
  });
});

describe("totals", () => {
  it("of the records grow from round to round and end at the result's", async () => {
    const service = await serviceWith({ latencies: "aws" });
    const result = await runToEnd(service, "r", specOf("marina"));
    const records = await recordsOf(service, "r");
    for (const column of ["uplinkBitsPerWorker", "uplinkBytes", "downlinkBytes", "seconds", "usd"] as const) {
      const values = records.map((record) => record[column]);
      expect(
        values.every((value, t) => t === 0 || value > values[t - 1]!),
        column,
      ).toBe(true);
    }
    const last = records.at(-1)!;
    expect(last.uplinkBytes).toBeLessThan(result.uplinkBytesMeasured);
    expect(last.seconds).toBeLessThan(result.seconds);
    expect(last.usd).toBeLessThan(result.usd);
    expect(result.usd).toBeGreaterThan(0);
  });

  it("start at nothing: row 0 is x^0", async () => {
    const service = await serviceWith();
    await runToEnd(service, "r", specOf("marina"));
    expect((await recordsOf(service, "r"))[0]).toMatchObject({
      round: 0,
      uplinkBitsPerWorker: 0,
      uplinkBytes: 0,
      downlinkBytes: 0,
      loss: 0.25,
    });
  });
});

describe("stopping rules", () => {
  it("hold at the first evaluated iterate that meets them, and not before", async () => {
    const service = await serviceWith();
    const target = 0.5;
    const spec = specOf("marina", {
      stop: { rounds: ROUNDS, relativeGradientNormSquared: target },
      evaluateEvery: 5,
    });
    const result = await runToEnd(service, "r", spec);
    expect(result).toMatchObject({ status: "done", stoppedBy: "relativeGradientNormSquared" });
    expect(result.rounds % 5).toBe(0);
    const initial = result.initialGradientNormSquared!;
    expect(result.relativeGradientNormSquared).toBe(result.gradientNormSquared! / initial);
    const evaluated = (await recordsOf(service, "r")).filter(({ round }) => round % 5 === 0);
    for (const { round, gradientNormSquared } of evaluated) {
      expect(gradientNormSquared! <= target * initial).toBe(round === result.rounds);
    }
    expect(result.uplinkBitsPerWorker).toBeCloseTo(uplinkBits("marina", result.rounds), 6);
  });

  it("on the norm itself hold too", async () => {
    const spec = specOf("gd", { stop: { rounds: ROUNDS, gradientNormSquared: 0.02 } });
    const result = await runToEnd(await serviceWith(), "r", spec);
    expect(result).toMatchObject({ status: "done", stoppedBy: "gradientNormSquared" });
    expect(result.gradientNormSquared).toBeLessThanOrEqual(0.02);
    expect(result.rounds).toBeLessThan(ROUNDS);
  });
});

describe("calibration", () => {
  it("by the workers gives the constants that the data set has", async () => {
    // L and L_f of mushrooms, five shards, by an independent implementation in float64.
    const algorithm = { kind: "gd", stepSize: "theory" } as const;
    const spec = specOf("gd", { algorithm, stop: { rounds: 1 } });
    const { constants } = await runToEnd(await serviceWith(), "r", spec);
    const near = (actual: number | undefined, expected: number) =>
      expect(Math.abs(actual! / expected - 1)).toBeLessThan(1e-9);
    near(constants.L, 1.891852751);
    near(constants.Lf, 1.593937978);
    near(constants.cL, 3.235229973);
    near(constants.stepSize, 1 / 1.593937978);
    expect(constants).toMatchObject({ rows: 8120, dimension: DIMENSION, workers: WORKERS });
  });
});

describe("reuse of the gradient at the older point", () => {
  const compressed = (method: MethodName): number =>
    Array.from({ length: ROUNDS }, (_, round) => round).filter((round) => !isDense(method, round)).length;

  it("is counted in every compressed round where one worker stays in one environment", async () => {
    const result = await runToEnd(await serviceWith(), "r", specOf("marina", { workers: 1 }));
    expect(result.pairedGradients).toBe(compressed("marina"));
    expect(result.reusedGradients).toBe(result.pairedGradients);
  });

  it("is possible for every contribution of a compressed round over all rows, and for no others", async () => {
    const marina = await runToEnd(await serviceWith(), "r", specOf("marina"));
    expect(marina.pairedGradients).toBe(WORKERS * compressed("marina"));
    expect(marina.reusedGradients).toBeLessThanOrEqual(marina.pairedGradients);
    for (const method of ["gd", "diana", "vr-marina"] as const) {
      const result = await runToEnd(await serviceWith(), "r", specOf(method));
      expect([result.pairedGradients, result.reusedGradients]).toEqual([0, 0]);
    }
  });
});
