/** Iterates that travel as deltas: the environments make them themselves, to the bits of a plain loop. */
import { describe, expect, it } from "vitest";
import { AWS_LATENCIES } from "../../embedded/latency/latencies.ts";
import type { ServiceOptions } from "../../embedded/service/service.ts";
import { COMPRESSOR_KINDS, type CompressorSpec } from "../../shared/compressors/registry.ts";
import { leftoverPrefixes } from "../../shared/protocol/keys.ts";
import type { RunSpecInput } from "../../shared/protocol/spec/spec.ts";
import {
  DIMENSION,
  methodNames,
  methods,
  oracleOf,
  oracleOfSpec,
  ROUNDS,
  specOf,
} from "../fixtures/methods.ts";
import { checkpointOf, recordsOf, requestStop, resume, runToEnd, serviceWith } from "../fixtures/service.ts";
import { isTask, watching, watchingIterates } from "../fixtures/watching.ts";

const deltas = { downlink: "deltas" } as const;
/** A method's compressor, K of d kept. */
const compressors: Readonly<Record<(typeof COMPRESSOR_KINDS)[number], CompressorSpec>> = {
  identity: { kind: "identity" },
  "rand-k": { kind: "rand-k", k: 7 },
  "l2-quantization": { kind: "l2-quantization" },
  qsgd: { kind: "qsgd", levels: 3 },
  natural: { kind: "natural" },
  "perm-k": { kind: "perm-k" },
  "top-k": { kind: "top-k", k: 7 },
  composed: { kind: "composed", first: { kind: "rand-k", k: 7 }, then: { kind: "natural" } },
};

describe.each(methodNames)("%s with deltas", (method) => {
  it("has the bits of a plain loop, and its tasks hold no point", async () => {
    const { sha256 } = await oracleOf(method);
    const { options, tasks } = watching();
    const service = await serviceWith({ ...options, latencies: "aws" });
    const result = await runToEnd(service, "r", specOf(method, deltas));
    expect(result).toMatchObject({ status: "done", rounds: ROUNDS, iterateSha256: sha256 });
    const own = tasks().filter(({ kind }) => kind !== "evaluate" && kind !== "calibrate");
    expect(own.length).toBeGreaterThan(ROUNDS);
    for (const { points } of own) expect(points.every(({ kind }) => kind === "held")).toBe(true);
    const { objects } = service.cloud.client;
    for (const prefix of leftoverPrefixes("r")) expect(await objects.list(prefix)).toEqual([]);
  });
});

describe.each(COMPRESSOR_KINDS)("deltas of %s", (kind) => {
  const compressor = compressors[kind];
  const algorithm = (
    kind === "top-k"
      ? { kind: "ef21", compressor, stepSize: 0.02 }
      : { kind: "marina", compressor, probability: 0.2, stepSize: 0.05 }
  ) as RunSpecInput["algorithm"];

  it.each(["float32", "float64"] as const)("have the same bits as points, on %s", async (wire) => {
    const spec = { ...specOf("marina"), algorithm, wire };
    const digestOf = async (change: Partial<RunSpecInput>) =>
      (await runToEnd(await serviceWith({ latencies: "aws" }), "r", { ...spec, ...change })).iterateSha256;
    const full = await digestOf({ downlink: "full" });
    expect(await digestOf(deltas)).toBe(full);
    if (wire === "float64") expect((await oracleOfSpec(spec)).sha256).toBe(full);
  });
});

it("deltas have the same bits with slots that come again, by importance and where workers change", async () => {
  const specs: RunSpecInput[] = [
    specOf("pp-marina", {
      algorithm: { ...methods["pp-marina"], participants: 9, replacement: true } as never,
    }),
    specOf("pp-marina", { algorithm: { ...methods["pp-marina"], sampling: "importance" } as never }),
    specOf("marina", {
      remainder: "spread",
      workers: [
        { workers: 4 },
        { fromRound: 9, workers: 11, denseRound: "force" },
        { fromRound: 20, workers: 3 },
      ],
    }),
    specOf("qgd", { remainder: "spread", workers: [{ workers: 4 }, { fromRound: 9, workers: 11 }] }),
    specOf("diana", { shardsPerTask: 2, algorithm: { ...methods.diana, shift: "carried" } as never }),
    specOf("vr-marina", { shardsPerTask: 3 }),
    specOf("marina", { evaluateEvery: 0, checkpointEvery: 7, durability: "strict" }),
  ];
  for (const spec of specs) {
    const outcome = async (downlink: "full" | "deltas") => {
      const service = await serviceWith({ latencies: "aws" });
      const { iterateSha256, status } = await runToEnd(service, "r", { ...spec, downlink });
      const curve = (await recordsOf(service, "r")).map(
        ({ loss, gradientNormSquared, uplinkBitsPerWorker }) => ({
          ...{ loss, gradientNormSquared, uplinkBitsPerWorker },
        }),
      );
      return { iterateSha256, status, curve };
    };
    const full = await outcome("full");
    expect(full.status).toBe("done");
    expect(await outcome("deltas")).toEqual(full);
  }
});

describe("an environment that holds nothing", () => {
  // Every fourth invocation gets a new environment.
  const latencies = { ...AWS_LATENCIES, coldChance: 0.25 };

  it("makes the state of an earlier one that the task names, and asks for nothing", async () => {
    const { sha256 } = await oracleOf("marina");
    const { options, tasks, needs } = watching();
    const service = await serviceWith({ ...options, latencies });
    const result = await runToEnd(service, "r", specOf("marina", deltas));
    expect(result.iterateSha256).toBe(sha256);
    const named = tasks().filter(({ downlink, round }) => (downlink?.base?.round ?? round) < round);
    expect(named.length).toBeGreaterThan(4 * ROUNDS);
    // In the first rounds there is no earlier one yet.
    expect(needs()).toBeLessThan(8);
  });

  it("is sent the state where that is lost, without a failure and without a pause", async () => {
    const { sha256 } = await oracleOf("marina");
    const { options, tasks, needs } = watching();
    const alteration: ServiceOptions["alteration"] = {
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
    };
    const service = await serviceWith({ ...options, latencies, alteration });
    const result = await runToEnd(service, "r", specOf("marina", deltas));
    expect(result.iterateSha256).toBe(sha256);
    expect(needs()).toBeGreaterThan(ROUNDS / 2);
    const whole = tasks().filter(({ downlink, round }) => round > 0 && downlink?.base?.round === round);
    expect(whole.length).toBe(needs());
    const { resent, hedged } = (await checkpointOf(service, "r")).totals;
    expect(resent).toBe(hedged);
  });
});

it("a stopped run goes on with deltas, and environments that are ahead of it are of no harm", async () => {
  const { sha256 } = await oracleOf("marina");
  const service = await serviceWith({
    latencies: "aws",
    observer: {
      round: (run, { round }) => {
        if (round === 20 || round === 40) void requestStop(service, run);
      },
    },
  });
  const spec = specOf("marina", { ...deltas, checkpointEvery: 6 });
  expect((await runToEnd(service, "r", spec)).status).toBe("stopped");
  expect((await resume(service, "r")).status).toBe("stopped");
  expect(await resume(service, "r")).toMatchObject({ status: "done", iterateSha256: sha256 });
});

it("what is said to have gone down is what was put, sent and read", async () => {
  const { options, sent, put, got } = watchingIterates();
  const service = await serviceWith(options);
  const result = await runToEnd(service, "r", specOf("marina", { ...deltas, evaluateEvery: 0 }));
  const tasks = sent.filter(({ what }) => isTask(what));
  expect(tasks.length).toBeGreaterThan(0);
  expect(put()).toBeGreaterThan(8 * DIMENSION);
  const telling = tasks.filter(({ what }) => isTask(what) && what.downlink !== undefined);
  const bytes = telling.reduce((sum, { body }) => sum + body.length, 0);
  expect(result.downlinkBytesMeasured).toBe(bytes + put() + got());
});
