/** Runs in which some workers lie: what a plain mean makes of it, what a robust rule does, and that its bits are a function of the spec. */
import { createReadStream } from "node:fs";
import { describe, expect, it } from "vitest";
import { aggregatorMemoryBytes } from "../../client/aggregator-memory.ts";
import { type Attack, attackKinds } from "../../embedded/faults/liars.ts";
import { DEFAULT_CONFIGURATION } from "../../embedded/service/configuration.ts";
import type { ServiceOptions } from "../../embedded/service/service.ts";
import { importLibsvm } from "../../shared/data/import.ts";
import { shippedFile } from "../../shared/data/testing/load.ts";
import { parseRunSpec, type RunSpecInput } from "../../shared/protocol/spec/spec.ts";
import { DATA, recordsOf, requestStop, resume, runToEnd, serviceWith } from "../fixtures/service.ts";

const SHUFFLED = "shuffled";
const compressor = { kind: "rand-k", k: 10 } as const;
const marina = { kind: "marina", compressor, stepSize: 0.1 } as const;
const rules = [
  { kind: "centered-clip", tolerate: 0.2 },
  { kind: "geometric-median", tolerate: 0.2 },
  { kind: "geometric-median", tolerate: 0.2, bucket: 2 },
] as const;

function specOf(algorithm: RunSpecInput["algorithm"], change: Partial<RunSpecInput> = {}): RunSpecInput {
  return {
    data: SHUFFLED,
    workers: 15,
    problem: { kind: "nonconvex-binary" },
    algorithm,
    stop: { rounds: 300 },
    evaluateEvery: 50,
    ...change,
  };
}

/** With mushrooms in random order: every worker's rows are a sample of all. */
async function shuffled(attack: Attack | "none", options: Partial<ServiceOptions> = {}) {
  const configuration = { ...DEFAULT_CONFIGURATION, attack };
  const service = await serviceWith({ configuration, ...options });
  const reading = { format: "libsvm", order: { by: "shuffle", seed: 1 } } as const;
  const named = { name: SHUFFLED, sourceName: `${DATA}.gz`, labels: "binary", reading } as const;
  const { objects } = service.cloud.client;
  await importLibsvm(createReadStream(shippedFile(DATA)), { ...named, objects });
  return service;
}

const outcome = async (attack: Attack | "none", spec: RunSpecInput, options: Partial<ServiceOptions> = {}) =>
  runToEnd(await shuffled(attack, options), "r", spec);

describe("three of fifteen workers that lie", () => {
  it("leave a robust run about where it is without them, whatever they send; a plain one not", async () => {
    const undisturbed = (await outcome("none", specOf(marina))).relativeGradientNormSquared!;
    expect(undisturbed).toBeLessThan(0.02);
    for (const attack of attackKinds) {
      const plain = await outcome(attack, specOf(marina));
      const lost = plain.status !== "done" || plain.relativeGradientNormSquared! > 1.8 * undisturbed;
      expect(lost, `${attack}: ${plain.status} ${plain.relativeGradientNormSquared}`).toBe(true);
      for (const aggregation of [rules[0], rules[2]]) {
        const { status, relativeGradientNormSquared } = await outcome(
          attack,
          specOf({ ...marina, aggregation }),
        );
        expect(status).toBe("done");
        expect(relativeGradientNormSquared, `${attack}, ${aggregation.kind}`).toBeLessThan(1.6 * undisturbed);
      }
    }
  });

  it("end a plain run that knows what honest messages are, with their names", async () => {
    const { status, error } = await outcome("scaling", specOf({ ...marina, probability: 1e-9 }));
    expect(status).toBe("failed");
    expect(error).toMatch(/worker 1[234].*an honest worker's has/);
  });
});

describe("a worker whose rows are small", () => {
  it("is held to its own L_i: thirty times its message is too much, though others may send as much", async () => {
    const service = await serviceWith({
      configuration: { ...DEFAULT_CONFIGURATION, attack: "scaling", attackFactor: 30, liars: 0.2 },
    });
    // The last of five workers has rows a tenth as long: L_i is a hundredth of the others'.
    const lines = Array.from({ length: 50 }, (_, row) => {
      const value = row < 40 ? 1 : 0.1;
      return `${row % 2} ${1 + (row % 7)}:${value} ${9 + (row % 3)}:${value}`;
    });
    const source = (async function* () {
      yield new TextEncoder().encode(`${lines.join("\n")}\n`);
    })();
    const named = { name: "small", sourceName: "small", labels: "binary" } as const;
    await importLibsvm(source, { ...named, objects: service.cloud.client.objects });
    const compressor = { kind: "identity" } as const;
    const spec = specOf(
      { kind: "marina", compressor, stepSize: 0.01, probability: 1e-9 },
      { data: "small", workers: 5, stop: { rounds: 5 } },
    );
    const { status, error, constants } = await runToEnd(service, "r", spec);
    expect(status).toBe("failed");
    expect(error).toMatch(/worker 4.*an honest worker's has/);
    const [, size, most] = error!.match(/has norm ([\d.e-]+), and an honest worker's has ([\d.e-]+)/)!;
    // By the largest L_i it would have been let through.
    expect(Number(size)).toBeLessThan(50 * Number(most));
    expect(constants.Li).toBeUndefined();
  });
});

describe.each<[string, RunSpecInput["algorithm"], Partial<RunSpecInput>]>([
  ["MARINA", { ...marina, aggregation: rules[0] }, {}],
  ["MARINA in buckets", { ...marina, aggregation: rules[2] }, { wire: "float64" }],
  [
    "VR-MARINA",
    { kind: "vr-marina", compressor, batchSize: 17, stepSize: 0.05, aggregation: rules[1] },
    { evaluateEvery: 7 },
  ],
  [
    "PP-MARINA",
    {
      kind: "pp-marina",
      compressor: { kind: "qsgd", levels: 4 },
      participants: 6,
      replacement: false,
      stepSize: 0.05,
      probability: 0.2,
      aggregation: rules[2],
    },
    {},
  ],
  [
    "MARINA, elastic",
    { ...marina, aggregation: rules[2] },
    { workers: [{ workers: 15 }, { fromRound: 9, workers: 10, denseRound: "force" }] },
  ],
  [
    "MARINA, a network",
    { ...marina, aggregation: rules[1] },
    {
      problem: {
        kind: "network",
        layers: [{ dense: 3 }, { activation: "tanh" }, { dense: 1 }],
        loss: "logistic",
      },
    },
  ],
])("%s, with a rule", (_name, algorithm, change) => {
  const spec = specOf(algorithm, { stop: { rounds: 24 }, evaluateEvery: 5, ...change });

  it("has the same bits with copies, in any order, packed, and after a stop", async () => {
    for (const attack of ["none", "inner-product"] as const) {
      const clean = await outcome(attack, spec);
      expect(clean.status).toBe("done");
      const copied = await outcome(attack, spec, { faults: { shuffle: true, duplicate: true } });
      expect(copied.iterateSha256).toBe(clean.iterateSha256);
      const packed = await outcome(attack, { ...spec, shardsPerTask: 4 });
      expect(packed.iterateSha256).toBe(clean.iterateSha256);
      const service = await shuffled(attack, { latencies: "aws" });
      const ending = runToEnd(service, "r", spec);
      await service.cloud.run(service.cloud.clock.sleep(1500));
      await requestStop(service, "r");
      expect(await ending).toMatchObject({ status: "stopped" });
      const whole = await resume(service, "r");
      expect(whole.iterateSha256).toBe(clean.iterateSha256);
    }
  });
});

describe("a rule that tolerates nobody", () => {
  it("gives the bits of the plain run", async () => {
    const service = await shuffled("none");
    const plain = await runToEnd(service, "plain", specOf(marina, { stop: { rounds: 30 } }));
    const aggregation = { kind: "geometric-median", tolerate: 0 } as const;
    const ruled = await runToEnd(
      service,
      "ruled",
      specOf({ ...marina, aggregation }, { stop: { rounds: 30 } }),
    );
    expect(ruled.iterateSha256).toBe(plain.iterateSha256);
    const curve = async (run: string) =>
      (await recordsOf(service, run)).map(({ loss, uplinkBitsPerWorker }) => [loss, uplinkBitsPerWorker]);
    expect(await curve("ruled")).toEqual(await curve("plain"));
  });
});

describe("a spec with a rule", () => {
  const parse = (change: Partial<RunSpecInput>) =>
    parseRunSpec(
      specOf({ ...marina, aggregation: { kind: "centered-clip", tolerate: 0.1 } }, change),
      "spec",
    );

  it("is refused where its share of the workers is not one of them", () => {
    expect(() => parse({ workers: 10 })).not.toThrow();
    expect(() => parse({ workers: 9 })).toThrow(
      "algorithm.aggregation.tolerate: expected 0, or at least 0.112 (one of 9 workers), got 0.1, which tolerates none of them",
    );
    expect(() => parse({ workers: [{ workers: 20 }, { fromRound: 5, workers: 4 }] })).toThrow(
      /one of 4 workers/,
    );
  });

  it("needs memory for all messages of a dense round at once", () => {
    const plain = parseRunSpec(specOf(marina, { downlink: "full" }), "spec");
    const more = aggregatorMemoryBytes(parse({ downlink: "full" }), 1e6) - aggregatorMemoryBytes(plain, 1e6);
    // Each of them as it came, which reducers would have added, and decoded with the buckets' means; instead of ten entries.
    expect(more).toBe(15 * ((4 + 16) * 1e6 - 4 * 10));
  });
});
