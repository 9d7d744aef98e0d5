/**
 * Whatever is given to what reads specs, sweeps, price files, archives, programs of networks and orders of the watch page: it is read, or refused
 * by a MarinaError, never by another error. (Frames and stored JSON: shared/protocol/fuzz.test.ts.)
 */
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseScaleOrder } from "../monitor/controls.ts";
import { MarinaError } from "../shared/base/errors.ts";
import { parsePrices } from "../shared/cost/price-file.ts";
import { PRICES_US_EAST_1 } from "../shared/cost/prices.ts";
import { parseProgram } from "../shared/problems/network/index.ts";
import { networkProgram } from "../shared/problems/network/layers.ts";
import { networkSchema } from "../shared/problems/network/spec.ts";
import { parseRunSpec } from "../shared/protocol/spec/spec.ts";
import { parseSweep } from "../sweep/sweep-spec.ts";
import { packArchive, unpackArchive } from "./archive.ts";

const RUNS = 300;

/** Paths of everything within a value, the value itself first. */
function placesOf(value: unknown, at: readonly (string | number)[] = []): (readonly (string | number)[])[] {
  if (typeof value !== "object" || value === null) return [at];
  return [at, ...Object.entries(value).flatMap(([key, inner]) => placesOf(inner, [...at, key]))];
}

function replaced(value: unknown, [key, ...rest]: readonly (string | number)[], by: unknown): unknown {
  if (key === undefined) return by;
  const copy: Record<string, unknown> = Array.isArray(value)
    ? ([...value] as never)
    : { ...(value as object) };
  if (by === undefined && rest.length === 0) delete copy[key];
  else copy[key] = replaced(copy[key], rest, by);
  return copy;
}

const nasty = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom<unknown>(
    undefined,
    -1,
    0,
    1e308,
    Number.NaN,
    2 ** 53,
    "",
    "__proto__",
    [],
    {},
    null,
    "\u0000",
  ),
  fc.string({ maxLength: 20 }),
  fc.double(),
);

/** A valid value of which some parts are something else. */
const spoiled = (valid: unknown): fc.Arbitrary<unknown> =>
  fc
    .array(fc.tuple(fc.constantFrom(...placesOf(valid)), nasty), { minLength: 1, maxLength: 3 })
    .map((changes) =>
      changes.reduce<unknown>((value, [place, by]) => {
        try {
          return replaced(value, place, by);
        } catch {
          return value;
        }
      }, valid),
    );

/** It reads the value, or says what is wrong with it. */
async function readOrRefused(read: () => unknown): Promise<void> {
  try {
    await read();
  } catch (error) {
    if (!(error instanceof MarinaError)) throw error;
    expect(error.message).not.toBe("");
  }
}

const spec = {
  name: "a",
  data: "mushrooms",
  workers: [{ workers: 5 }, { fromRound: 8, workers: 50 }],
  problem: { kind: "nonconvex-binary", regularizer: { kind: "l2", lambda: 0.1 } },
  algorithm: {
    kind: "pp-marina",
    compressor: { kind: "rand-k", k: 10 },
    participants: [{ participants: 3 }, { fromRound: 6, participants: 8 }],
    probability: 0.2,
    stepSize: { times: 2 },
  },
  start: { uniform: 1 },
  seed: 3,
  stop: { rounds: 10, usd: 1, seconds: 10, relativeGradientNormSquared: 0.1 },
  evaluateEvery: 1,
  checkpointEvery: 4,
};
const sweep = {
  name: "s",
  base: "spec.json",
  grid: { "algorithm.compressor.k": [1, 2] },
  list: [{ label: "x", set: { workers: 5 } }],
  seeds: [1, 2],
};
const network = { layers: [{ dense: 3 }, { activation: "tanh" }, { dense: 1 }], loss: "logistic" };
const order = { run: "r", workers: 5, participants: 3, now: true };

describe("values that are nearly right", () => {
  it.each<[string, unknown, (value: unknown) => unknown]>([
    ["spec", spec, (value) => parseRunSpec(value, "spec.json")],
    [
      "spec of a network",
      { ...spec, problem: { kind: "network", ...network } },
      (value) => parseRunSpec(value, "spec.json"),
    ],
    ["sweep", sweep, (value) => parseSweep(value, "sweep.json")],
    ["price file", PRICES_US_EAST_1, (value) => parsePrices(value, "prices.json")],
    ["order of the watch page", order, (value) => parseScaleOrder(JSON.stringify(value) ?? "")],
  ])("as a %s are read or refused", async (_what, valid, read) => {
    await fc.assert(
      fc.asyncProperty(spoiled(valid), (value) => readOrRefused(() => read(value))),
      { numRuns: RUNS },
    );
  });

  it("as a network's program are read or refused, in the memory that its limits say", async () => {
    const program = JSON.parse(
      JSON.stringify(networkProgram(networkSchema.parse(network), { shape: [4], label: { kind: "binary" } })),
    ) as unknown;
    parseProgram(program, "program.json");
    const before = process.memoryUsage().rss;
    await fc.assert(
      fc.asyncProperty(spoiled(program), (value) => readOrRefused(() => parseProgram(value, "program.json"))),
      { numRuns: RUNS },
    );
    expect(process.memoryUsage().rss - before).toBeLessThan(400e6);
  });

  it("text as an order of the watch page is refused", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string(), (text) => readOrRefused(() => parseScaleOrder(text))),
      { numRuns: RUNS },
    );
  });
});

/** Bytes of which some are others, or are missing, or come twice. */
const damaged = (valid: Uint8Array): fc.Arbitrary<Uint8Array> =>
  fc
    .tuple(
      fc.array(fc.tuple(fc.nat(valid.length - 1), fc.integer({ min: 0, max: 255 })), { maxLength: 8 }),
      fc.nat(valid.length),
      fc.boolean(),
    )
    .map(([changes, cut, isCut]) => {
      const bytes = Uint8Array.from(valid);
      for (const [at, byte] of changes) bytes[at] = byte;
      return isCut ? bytes.slice(0, cut) : bytes;
    });

describe("files that are nearly right", () => {
  const archive = packArchive({
    run: "r",
    data: "d",
    objects: [{ key: "runs/r/spec.json", body: new TextEncoder().encode("{}") }],
  });

  it("as an archive are read or refused", async () => {
    const lines = fc.tuple(
      spoiled({
        format: "marina-run",
        version: 1,
        run: "r",
        data: "d",
        objects: [{ key: "k", bytes: 5, sha256: "0".repeat(64) }],
      }),
      fc.uint8Array({ maxLength: 50 }),
    );
    await fc.assert(
      fc.asyncProperty(damaged(archive), (bytes) => readOrRefused(() => unpackArchive(bytes, "a.marina"))),
      { numRuns: RUNS },
    );
    await fc.assert(
      fc.asyncProperty(lines, ([head, rest]) =>
        readOrRefused(() =>
          unpackArchive(
            gzipSync(Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), rest])),
            "a.marina",
          ),
        ),
      ),
      { numRuns: RUNS },
    );
  });
});
