/** No honest message is objected to, on float32, for every compressor and problem; one with a number too large always is. */
import { describe, expect, it } from "vitest";
import type { Compressor } from "../../../shared/compressors/compressor.ts";
import { createCompressor } from "../../../shared/compressors/registry.ts";
import { specsIn } from "../../../shared/compressors/testing/specs.ts";
import { Purpose, Stream } from "../../../shared/math/streams.ts";
import { compressorDraw } from "../../../shared/methods/draws.ts";
import { difference, differenceBatch } from "../../../shared/methods/marina-family.ts";
import { full } from "../../../shared/methods/requests.ts";
import { type Row, shardOf, weightsOf } from "../../../shared/methods/testing/least-squares.ts";
import type { LinearSpec } from "../../../shared/problems/linear/losses.ts";
import { createObjective } from "../../../shared/problems/linear/objective.ts";
import { importanceWeights, rowImportance } from "../../../shared/problems/linear/row-importance.ts";
import { smoothness } from "../../../shared/problems/linear/smoothness.ts";
import { shardSpectrum } from "../../../shared/problems/linear/spectrum.ts";
import type { Answer } from "../exchange/contribution-table.ts";
import { type CertificateSetting, certificateOf, clippingLevel } from "./certificate.ts";
import { Encoding } from "./decode.ts";

const D = 7;
const WORKERS = 3;
const SEED = 9;
const regularizers = [undefined, { kind: "l2", lambda: 0.1 }, { kind: "nonconvex", lambda: 0.1 }] as const;
const problems = (["nonconvex-binary", "logistic", "least-squares"] as const).flatMap((kind) =>
  regularizers.map((regularizer): LinearSpec => ({ kind, ...(regularizer && { regularizer }) })),
);
/** Steps from x^{t-1} to x^t: from as long as iterates are to less than rounding leaves of them, and none at all. */
const LENGTHS = [3, 1e-2, 1e-6, 1e-10, 1e-14, 1e-17, 0];

function setting(problem: LinearSpec, scale: number, seed: number) {
  const stream = new Stream({ seed, purpose: Purpose.start, round: 0, index: 0 });
  const number = () => 2 * stream.nextUniform() - 1;
  const real = problem.kind === "least-squares";
  const shards = [40, 41, 41].map((rows) =>
    shardOf(
      Array.from({ length: rows }, (): Row => {
        const features = Array.from({ length: D }, () => scale * number());
        return [features, real ? 1e4 * number() : number() < 0 ? -1 : 1];
      }),
    ),
  );
  const weights = weightsOf(shards);
  const { Li, L, Lmax, Lrow } = smoothness(problem, shards.map(shardSpectrum));
  const constants = {
    ...{ L, Lmax, Lrow, zeta: 1, stepSize: 1, probability: 1, shiftStep: 1 },
    ...{ workers: WORKERS, dimension: D, rows: 122 },
  };
  const objectives = shards.map((shard, i) => createObjective(problem, shard, weights[i]!));
  return { shards, objectives, constants, number, Li };
}

describe.each(problems)("of $kind with $regularizer.kind", (problem) => {
  const compressors = specsIn(D).map((spec) => createCompressor(spec, D, "float32", { workers: WORKERS }));

  it("every honest message is taken, whatever the step, the sampling and the draw", () => {
    let checked = 0;
    for (const scale of [1e-3, 1, 50]) {
      const { shards, objectives, constants, number, Li } = setting(problem, scale, 1 + scale);
      for (const [round, length] of LENGTHS.entries()) {
        const w = Float64Array.from({ length: D }, () => 3 * number());
        const x = w.map((value) => value + length * number());
        for (const [slot, objective] of objectives.entries()) {
          const batch = Uint32Array.from({ length: 4 }, () => Math.floor(20 * (number() + 1)));
          const importance = importanceWeights(rowImportance(shards[slot]!), batch);
          for (const [request, rowWeights] of [
            [difference, undefined],
            [differenceBatch, undefined],
            [differenceBatch, importance],
          ] as const) {
            const at = (point: Float64Array): [Float64Array, number] => {
              const out = new Float64Array(D);
              const loss =
                request === difference
                  ? objective.gradient(point, out)
                  : objective.batchGradient(point, batch, out, rowWeights);
              return [out, loss];
            };
            const [gx, loss] = at(x);
            const [gw] = at(w);
            const message = gx.map((value, j) => value - gw[j]!);
            for (const compressor of compressors) {
              const place = { round, slot, slots: WORKERS };
              const draw = compressorDraw(SEED, place, compressor);
              const bounding = {
                ...{ request, constants, problem, points: [x, w], slots: WORKERS },
                encoding: new Encoding(compressor, SEED, round, WORKERS),
              };
              const certificate = certificateOf(bounding);
              if (certificate === undefined) {
                expect(request === differenceBatch && problem.kind === "least-squares").toBe(true);
                continue;
              }
              checked++;
              const { bytes } = compressor.encode(message, draw);
              const honest = answer(slot, bytes, request === difference ? loss : null);
              expect(certificate(honest)).toBeUndefined();
              // By the worker's own L_i, where a run keeps those.
              const own = certificateOf({ ...bounding, constants: { ...constants, Li } });
              expect(own?.(honest)).toBeUndefined();
              // Beside the rounding of gradients, which clipping may cut off, it is not clipped.
              const decoded = new Float64Array(D);
              compressor.accumulate(bytes, draw, decoded);
              const longest = clippingLevel(bounding)! + 1e-9 * constants.Lrow * (1 + norms(x, w));
              expect(Math.hypot(...decoded)).toBeLessThanOrEqual(longest * (1 + 1e-9));
            }
          }
        }
      }
    }
    expect(checked).toBeGreaterThan(500);
  });
});

const norms = (...vectors: Float64Array[]) => vectors.reduce((sum, v) => sum + Math.hypot(...v), 0);

function answer(slot: number, payload: Uint8Array, loss: number | null): Answer {
  return {
    ...{ kind: "contribution", runDigest: "", phase: 0, round: 3, slot, worker: slot, payload, loss },
    ...{ bits: 0, evaluation: null, reused: false, computeMilliseconds: 0, cold: false },
  } as Answer;
}

describe("a message with wrong numbers", () => {
  const problem: LinearSpec = { kind: "logistic" };
  const { constants } = setting(problem, 1, 4);
  const x = Float64Array.of(1, 2, 3, 4, 5, 6, 7);
  const w = x.map((value) => value + 0.01);
  const base: Omit<CertificateSetting, "encoding"> = {
    ...{ request: difference, points: [x, w], constants, problem, slots: WORKERS },
  };

  const of = (compressor: Compressor) => new Encoding(compressor, SEED, 3, WORKERS);

  it.each(specsIn(D).filter(({ kind }) => kind !== "perm-k"))(
    "is objected to as soon as it is beyond the bound: %j",
    (spec) => {
      const compressor = createCompressor(spec, D, "float32", { workers: WORKERS });
      const certificate = certificateOf({ ...base, encoding: of(compressor) })!;
      const draw = compressorDraw(SEED, { round: 3, slot: 0, slots: WORKERS }, compressor);
      const distance = Math.sqrt(D) * 0.01;
      const send = (size: number) => {
        const { bytes } = compressor.encode(
          Float64Array.from({ length: D }, () => size / Math.sqrt(D)),
          draw,
        );
        const decoded = new Float64Array(D);
        compressor.accumulate(bytes, draw, decoded);
        return { objection: certificate(answer(0, bytes, 1)), norm: Math.hypot(...decoded) };
      };
      const bound = compressor.growth * constants.Lmax * distance;
      for (const factor of [1e-3, 0.5, 0.999, 1.001, 2, 1e3, 1e12]) {
        const { objection, norm } = send(factor * bound);
        if (norm > 1.0001 * bound) expect(objection).toMatch(/an honest worker's has .* at most/);
        if (norm <= bound) expect(objection).toBeUndefined();
      }
      expect(send(1e6 * bound).objection).toBeDefined();
    },
  );

  it("is objected to by a worker's own L_i where another's is larger", () => {
    const compressor = createCompressor({ kind: "rand-k", k: 2 }, D, "float32");
    const encoding = of(compressor);
    const { Lmax } = constants;
    const own = { ...constants, Li: [Lmax / 100, Lmax, Lmax] };
    const message = (slot: number) =>
      compressor.encode(
        Float64Array.from({ length: D }, () => (Lmax * 0.01) / 10),
        compressorDraw(SEED, { round: 3, slot, slots: WORKERS }, compressor),
      ).bytes;
    const verdict = (known: typeof constants, slot: number) =>
      certificateOf({ ...base, encoding, constants: known })!(answer(slot, message(slot), 1));
    expect(verdict(constants, 0)).toBeUndefined();
    expect(verdict(own, 0)).toMatch(/an honest worker's has/);
    expect(verdict(own, 1)).toBeUndefined();
    // Whoever may lie may have lied of that, too: clipping goes by the largest.
    expect(clippingLevel({ ...base, encoding, constants: own })).toBe(
      clippingLevel({ ...base, encoding, constants }),
    );
  });

  it("is objected to as well where its bytes are none of this compressor", () => {
    const compressor = createCompressor({ kind: "rand-k", k: 2 }, D, "float32");
    const certificate = certificateOf({ ...base, encoding: of(compressor) })!;
    expect(certificate(answer(0, new Uint8Array(5), 1))).toBeDefined();
    // Behind the slots of the method others answer, for the record.
    expect(certificate(answer(WORKERS, new Uint8Array(5), 1))).toBeUndefined();
  });

  it("can't be told where constants are estimates or unknown, or where no difference was asked for", () => {
    const compressor = createCompressor({ kind: "rand-k", k: 2 }, D, "float32");
    const { Lmax: _, ...unknown } = constants;
    expect(certificateOf({ ...base, encoding: of(compressor), constants: unknown })).toBeUndefined();
    expect(
      certificateOf({ ...base, encoding: of(compressor), constants: { ...constants, measured: true } }),
    ).toBeUndefined();
    expect(certificateOf({ ...base, encoding: of(compressor), request: full })).toBeUndefined();
  });
});
