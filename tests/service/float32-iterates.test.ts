/** Iterates that are kept in float32: the bits of a plain loop that rounds each x^t - gamma g^t once, whatever way they take. */
import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { FaultPlan } from "../../embedded/faults/faults.ts";
import { AWS_LATENCIES } from "../../embedded/latency/latencies.ts";
import type { ServiceOptions } from "../../embedded/service/service.ts";
import { importLibsvm } from "../../shared/data/import.ts";
import { leftoverPrefixes } from "../../shared/protocol/keys.ts";
import { parseRunSpec, type RunSpecInput } from "../../shared/protocol/spec/spec.ts";
import { DIMENSION, methodNames, oracleOf, oracleOfSpec, specOf } from "../fixtures/methods.ts";
import { digitsService, networkOracle, networkSpec } from "../fixtures/networks.ts";
import {
  checkpointOf,
  DATA,
  recordsOf,
  requestStop,
  resume,
  runToEnd,
  serviceWith,
} from "../fixtures/service.ts";
import { elastic, passingFaults, ways } from "../fixtures/vector-ways.ts";
import { isTask, watching, watchingIterates } from "../fixtures/watching.ts";

const float32 = { iterate: "float32", start: { uniform: 0.3 } } as const;
const ROUNDS = 40;
const short = { ...float32, stop: { rounds: ROUNDS }, evaluateEvery: 7 } as const;

/** The run ends as done, at these float32 numbers, and leaves nothing. */
async function digestOf(spec: RunSpecInput, options: Partial<ServiceOptions> = {}): Promise<string> {
  const service = await serviceWith({ latencies: "aws", ...options });
  const { status, iterateSha256 } = await runToEnd(service, "r", spec);
  expect(status).toBe("done");
  const x = (await checkpointOf(service, "r")).state["iterate"]!;
  if (spec.iterate === "float32") expect(x).toEqual(x.map(Math.fround));
  if (options.plan !== undefined) return iterateSha256;
  const { objects } = service.cloud.client;
  for (const prefix of leftoverPrefixes("r")) expect(await objects.list(prefix), prefix).toEqual([]);
  return iterateSha256;
}

describe.each(methodNames)("%s with iterates in float32", (method) => {
  const spec = specOf(method, short);

  it("has the bits of a plain loop with Math.fround, which are others than those of float64, whichever way vectors go", async () => {
    const { sha256 } = await oracleOfSpec(spec);
    const { iterate: _, ...double } = spec;
    expect((await oracleOfSpec(double)).sha256).not.toBe(sha256);
    for (const way of ways) {
      expect(await digestOf({ ...spec, ...way })).toBe(sha256);
      expect(await digestOf({ ...spec, ...way, shardsPerTask: 2, heldOut: { data: DATA, every: 6 } })).toBe(
        sha256,
      );
    }
  });

  it("has them with faults, killed aggregators among them, and stopped and resumed", async () => {
    const watched = { ...spec, checkpointEvery: 5 };
    const { sha256 } = await oracleOfSpec(spec);
    let killed = 0;
    for (const way of ways) {
      const plan = new FaultPlan({
        seed: 11 + ways.indexOf(way),
        ratios: { ...passingFaults, aggregatorKilled: 0.003 },
      });
      expect(await digestOf({ ...watched, ...way }, { plan })).toBe(sha256);
      killed += plan.struck.filter((fault) => fault.startsWith("aggregatorKilled")).length;

      const service = await serviceWith({
        latencies: { ...AWS_LATENCIES, coldChance: 0.25 },
        observer: { round: (run, { round }) => void (round === 17 && requestStop(service, run)) },
      });
      expect((await runToEnd(service, "r", { ...watched, ...way })).status).toBe("stopped");
      expect(await resume(service, "r")).toMatchObject({ status: "done", iterateSha256: sha256 });
    }
    expect(killed).toBeGreaterThan(0);
  });
});

it("has one trajectory where workers change", async () => {
  for (const method of ["marina", "pp-marina", "qgd"] as const) {
    const spec = specOf(method, {
      ...short,
      ...elastic,
    });
    const seen = [];
    for (const way of ways) seen.push(await digestOf({ ...spec, ...way, shardsPerTask: 2 }));
    expect(new Set(seen).size).toBe(1);
  }
});

it("a network has the bits of a plain loop with kernels in TypeScript, also in its records", async () => {
  const { sha256, points } = networkOracle("marina", Math.fround);
  expect(sha256).not.toBe(networkOracle("marina").sha256);
  const service = await digitsService();
  const result = await runToEnd(service, "r", networkSpec("marina", { iterate: "float32" }));
  expect(result).toMatchObject({ status: "done", iterateSha256: sha256 });
  const seen = (await recordsOf(service, "r")).map(({ loss }) => loss);
  expect(seen).toEqual(points.slice(0, seen.length).map(({ loss }) => loss));
});

it("float64, said or not, is what it was", async () => {
  const { sha256 } = await oracleOf("marina");
  expect(await digestOf(specOf("marina", { iterate: "float64" }))).toBe(sha256);
});

describe("points in float32", () => {
  it("have 4 d bytes in tasks, which say so: those of calibration alone are float64", async () => {
    const size = async (change: Partial<RunSpecInput>) => {
      const { options, tasks } = watching();
      const service = await serviceWith({ ...options, latencies: "aws" });
      const spec = specOf("gd", { ...change, algorithm: { kind: "gd" }, stop: { rounds: 3 } });
      const result = await runToEnd(service, "r", spec);
      return { tasks: tasks(), bytes: result.downlinkBytesMeasured };
    };
    const single = await size(float32);
    const double = await size({ start: float32.start });
    for (const { kind, points } of single.tasks)
      for (const point of points)
        expect(point).toMatchObject({ kind: "inline", ...(kind === "gram" ? {} : { precision: "float32" }) });
    expect(double.tasks.every(({ points }) => points.every((point) => !("precision" in point)))).toBe(true);
    // 3 rounds, 5 workers, 4 d bytes in base64; hedges may come on top.
    const saved = double.bytes - single.bytes;
    expect(saved).toBeGreaterThanOrEqual(3 * 5 * 4 * Math.floor((4 * DIMENSION - 4) / 3));
  });

  /** Rows of many features, as "wide". */
  async function wideService(dimension: number, options: Partial<ServiceOptions>) {
    const service = await serviceWith(options);
    const text = Array.from({ length: 24 }, (_, row) => {
      const indices = Array.from({ length: 5 }, (_, e) => 1 + ((7919 * (5 * row + e)) % dimension));
      const entries = indices.sort((a, b) => a - b).map((index, e) => `${index}:${0.5 + e + row / 10}`);
      return `${row % 2 === 0 ? 1 : -1} ${entries.join(" ")}\n`;
    }).join("");
    const named = { name: "wide", sourceName: "wide.txt", labels: "binary", dimension } as const;
    const { objects } = service.cloud.client;
    await importLibsvm(Readable.from([Buffer.from(text)]), { ...named, objects });
    return service;
  }

  /** What a run over so many features sends, and stores of iterates: the sizes by the last part of the key. */
  async function travelOf(dimension: number, change: Partial<RunSpecInput>) {
    const sizes = new Map<string, Set<number>>();
    const { options, sent, put, got } = watchingIterates();
    const { watcher } = options;
    const service = await wideService(dimension, {
      ...options,
      latencies: "aws",
      watcher: {
        ...watcher,
        stored(key, body, requestId) {
          watcher.stored(key, body, requestId);
          const name = /^runs\/r\/iterates\/(?:\d+\/\d+$|base-.*\/(\w+)$)/.exec(key);
          if (name === null) return;
          const part = name[1] ?? "point";
          sizes.set(part, (sizes.get(part) ?? new Set()).add(body.length));
        },
      },
    });
    const spec: RunSpecInput = {
      ...specOf("marina", { ...float32, ...change, evaluateEvery: 0, stop: { rounds: 12 } }),
      ...{ data: "wide", remainder: "spread" },
    };
    const { downlinkBytesMeasured } = await runToEnd(service, "r", spec);
    const asking = sent.flatMap(({ body, what }) =>
      isTask(what) && what.points.length > 0 && what.kind !== "evaluate" ? [{ body, what }] : [],
    );
    const sentBytes = asking.reduce((sum, { body }) => sum + body.length, 0);
    return {
      sizes,
      tasks: asking.map(({ what }) => what),
      downlinkBytesMeasured,
      counted: sentBytes + put() + got(),
    };
  }

  it("have 4 d bytes as objects, a header and no more; of the state g alone has 8 d; and what went down is counted so", async () => {
    const d = 9000;
    const points = new Set([16 + 4 + 4 * d]);
    const full = await travelOf(d, { downlink: "full" });
    expect(full.sizes).toEqual(new Map([["point", points]]));
    expect(full.downlinkBytesMeasured).toBe(full.counted);
    const double = await travelOf(d, { downlink: "full", iterate: "float64" });
    expect(double.sizes).toEqual(new Map([["point", new Set([16 + 8 + 8 * d])]]));
    const deltas = await travelOf(d, { downlink: "deltas" });
    const estimate = new Set([16 + 8 + 8 * d]);
    expect(deltas.sizes).toEqual(
      new Map([
        ...["point", "iterate", "previous"].map((name) => [name, points] as const),
        ["estimate", estimate],
      ]),
    );
    expect(deltas.downlinkBytesMeasured).toBe(deltas.counted);
  });

  it("fit into tasks of one unit where two of float64 do not", async () => {
    const kindsOf = async (iterate: "float32" | "float64") =>
      new Set(
        (await travelOf(4000, { downlink: "full", iterate })).tasks.flatMap(({ kind, points }) =>
          kind === "difference" ? points.map((point) => point.kind) : [],
        ),
      );
    expect(await kindsOf("float64")).toEqual(new Set(["stored"]));
    expect(await kindsOf("float32")).toEqual(new Set(["inline"]));
  });
});

it.each([
  [
    "a range beyond float32",
    { start: { uniform: 1e39 } },
    /start.uniform: expected at most 3.4e38.*got 1e\+39/,
  ],
  [
    "a third precision",
    { iterate: "float16" as never },
    /iterate: expected one of "float64"\|"float32", got "float16"/,
  ],
])("%s is refused", (_name, change, message) => {
  const spec = specOf("marina", { iterate: "float32", ...change });
  expect(() => parseRunSpec(spec, "spec.json")).toThrow(message);
});

it("an iterate that float32 can't hold is one that diverges", async () => {
  const service = await serviceWith();
  const algorithm = { kind: "gd", stepSize: 1e39 } as const;
  const spec = specOf("gd", { ...float32, algorithm, problem: { kind: "logistic" }, stop: { rounds: 20 } });
  const { status, stoppedBy, error } = await runToEnd(service, "r", spec);
  expect({ status, stoppedBy }).toEqual({ status: "diverged", stoppedBy: "divergence" });
  expect(error).toMatch(/iterate/);
});
