/** Vectors that fit into no message: points and contributions travel through the object store. */
import { describe, expect, it } from "vitest";
import { createEmbeddedService } from "../../embedded/service/service.ts";
import { createCompressor } from "../../shared/compressors/registry.ts";
import { importLibsvm } from "../../shared/data/import.ts";
import { openShard, shardRange } from "../../shared/data/index.ts";
import { partition } from "../../shared/data/partition.ts";
import { Purpose, Stream } from "../../shared/math/streams.ts";
import { keyedDraws } from "../../shared/methods/testing/keyed-draws.ts";
import { simulate } from "../../shared/methods/testing/simulate.ts";
import { workerNumbers } from "../../shared/methods/theory.ts";
import type { LinearSpec } from "../../shared/problems/linear/losses.ts";
import { createObjective } from "../../shared/problems/linear/objective.ts";
import { vectorSha256 } from "../../shared/protocol/digest.ts";
import { leftoverPrefixes } from "../../shared/protocol/keys.ts";
import { algorithmOf, startingMembership } from "../../shared/protocol/spec/membership.ts";
import { parseRunSpec, type RunSpecInput } from "../../shared/protocol/spec/spec.ts";
import { requestStop, resume, runToEnd } from "../fixtures/service.ts";

/** 8 d bytes in base64 are more than 1 MiB. */
const DIMENSION = 100_003;
const ROWS = 24;
const WORKERS = 3;
const ROUNDS = 8;

/** Rows of five entries, spread over all coordinates. */
function text(): string {
  const lines = Array.from({ length: ROWS }, (_, row) => {
    const indices = Array.from({ length: 5 }, (_, e) => 1 + ((7919 * (5 * row + e)) % DIMENSION)).sort(
      (a, b) => a - b,
    );
    return `${row % 2 === 0 ? 1 : -1} ${indices.map((index, e) => `${index}:${0.5 + e + row / 10}`).join(" ")}`;
  });
  return `${lines.join("\n")}\n`;
}

async function* chunks(): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(text());
}

const compressor = { kind: "rand-k", k: 70_000 } as const;

describe.each<[string, RunSpecInput["algorithm"]]>([
  ["gd", { kind: "gd", stepSize: 0.1 }],
  ["marina", { kind: "marina", compressor, probability: 0.3, stepSize: 0.05 }],
  ["vr-diana", { kind: "vr-diana", compressor, batchSize: 3, probability: 0.5, stepSize: 0.01 }],
])("%s with vectors that fit into no message", (_name, algorithm) => {
  it("has the bits of a plain loop, stopped and resumed on the way, and leaves none of them behind", async () => {
    const service = createEmbeddedService({
      seed: 1,
      observer: {
        round: (run, { round }) => {
          if (round === 3) void requestStop(service, run);
        },
      },
    });
    const { objects } = service.cloud.client;
    const manifest = await importLibsvm(chunks(), {
      name: "wide",
      sourceName: "wide.txt",
      labels: "binary",
      dimension: DIMENSION,
      objects,
    });
    const spec: RunSpecInput = {
      data: "wide",
      workers: WORKERS,
      problem: { kind: "logistic", regularizer: { kind: "l2", lambda: 0.1 } },
      start: { uniform: 0.5 },
      algorithm,
      stop: { rounds: ROUNDS },
      wire: "float64",
    };
    const stopped = await runToEnd(service, "r", spec);
    expect(stopped.status).toBe("stopped");
    const result = await resume(service, "r");
    expect(result).toMatchObject({ status: "done", rounds: ROUNDS });

    const complete = parseRunSpec(spec, "test");
    const { body } = await objects.get(manifest.object.key);
    const parts = partition(ROWS, WORKERS, "spread");
    const q = createCompressor(
      "compressor" in algorithm ? algorithm.compressor : { kind: "identity" },
      DIMENSION,
      "float64",
    );
    const method = algorithmOf(complete, startingMembership(complete));
    const { points } = simulate({
      spec: method,
      numbers: {
        workers: WORKERS,
        stepSize: result.constants.stepSize,
        probability: result.constants.probability,
        ...workerNumbers(q),
      },
      objectives: parts.map(({ first, count }) => {
        const range = shardRange(manifest, first, count);
        const bytes = body.subarray(range.start, range.end);
        const shard = openShard(manifest, first, count, bytes, range);
        return createObjective(complete.problem as LinearSpec, shard, {
          rowWeight: WORKERS / ROWS,
          regularizerWeight: (WORKERS * count) / ROWS,
        });
      }),
      x0: startOf(DIMENSION, complete.seed),
      rounds: ROUNDS,
      draws: keyedDraws(
        complete.seed,
        method,
        q,
        parts.map(({ count }) => count),
      ),
    });
    expect(result.iterateSha256).toBe(vectorSha256(points.at(-1)!.x));
    for (const prefix of leftoverPrefixes("r")) expect(await objects.list(prefix), prefix).toEqual([]);
  });
});

/** x^0 as the spec's `uniform: 0.5` asks for. */
function startOf(dimension: number, seed: number): Float64Array {
  const stream = new Stream({ seed, purpose: Purpose.start, round: 0, index: 0 });
  return Float64Array.from({ length: dimension }, () => 0.5 * (2 * stream.nextUniform() - 1));
}
