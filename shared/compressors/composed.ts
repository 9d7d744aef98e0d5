/** A sparsifier whose kept values are quantised: two unbiased compressors, one after the other. */
import * as z from "zod";
import { MarinaError } from "../base/index.ts";
import { COMPRESSOR_PATH, requireComposed, requireInteger, requireTarget, requireVector } from "./check.ts";
import {
  type CompressorDefinition,
  type CompressorSchema,
  type CompressorSetting,
  defineCompressor,
  type UnbiasedCompressor,
} from "./compressor.ts";
import { l2Quantization } from "./l2-quantization.ts";
import { natural } from "./natural.ts";
import { qsgd } from "./qsgd.ts";
import { randK } from "./rand-k.ts";

const KIND = "composed";

const QUANTISERS = [natural, qsgd, l2Quantization] as const;
const thenSchema = z.discriminatedUnion("kind", [natural.schema, qsgd.schema, l2Quantization.schema]);
type ThenSpec = z.output<typeof thenSchema>;

/**
 * Q(x)_S = (d/K) Q_2(x_S), else 0; S uniform among the K-subsets of {0 .. d-1}, Q_2 on R^K independent of S.
 * 1 + omega = (1 + omega_1)(1 + omega_2) with omega_1 = d/K - 1; zeta = that of Q_2 on R^K.
 *
 * Message: that of Q_2 for x_S, the entries in increasing order of their coordinates. Bits: those of Q_2 on R^K; with natural
 * compression and wire float32 9 bits an entry instead of 32. The receiver draws S again, and multiplies by d/K, once.
 *
 * K = d is Q_2 alone.
 *
 * @see Horvath, Ho, Horvath, Sahu, Canini, Richtarik, "Natural compression for distributed deep learning", 2019, on
 * compositions.
 * @example { "kind": "composed", "first": { "kind": "rand-k", "k": 10 }, "then": { "kind": "natural" } }
 */
export const composed = defineCompressor({
  schema: z.strictObject({
    kind: z.literal(KIND),
    first: randK.schema.describe("The sparsifier: which coordinates are kept."),
    then: thenSchema.describe("The quantiser of what is kept."),
  }),
  example: { kind: KIND, first: { kind: "rand-k", k: 10 }, then: { kind: "natural" } },
  told: {
    equation:
      "Q(x)_S = (d/K) Q_2(x_S), else 0; S uniform among the K-subsets of {0 .. d-1}, Q_2 on R^K independent of S",
    constants: "1 + omega = (1 + omega_1)(1 + omega_2) with omega_1 = d/K - 1; zeta = that of Q_2 on R^K",
    bits: "those of Q_2 on R^K",
  },
  label: ({ first, then }) => `${KIND} ${randK.label(first)}, ${quantiserOf(then).label(then)}`,
  promises: "unbiased",
  joint: false,
  create({ first, then }, setting) {
    requireInteger(
      first.k,
      setting.dimension,
      `${COMPRESSOR_PATH}.first.k`,
      " (the dimension of the data set)",
    );
    const quantiser = quantiserOf(then).create(then, { ...setting, dimension: first.k });
    return first.k === setting.dimension ? quantiser : quantised(first.k, quantiser, setting);
  },
});

function quantiserOf({ kind }: ThenSpec): CompressorDefinition<CompressorSchema, "unbiased"> {
  const definition = QUANTISERS.find(({ schema }) => schema.shape.kind.value === kind)!;
  return definition as unknown as CompressorDefinition<CompressorSchema, "unbiased">;
}

function quantised(k: number, quantiser: UnbiasedCompressor, setting: CompressorSetting): UnbiasedCompressor {
  const { dimension, workspace } = setting;
  const sparsifier = randK.create({ kind: "rand-k", k }, setting);
  const factor = dimension / k;
  return {
    promises: "unbiased",
    dimension,
    omega: (1 + sparsifier.omega) * (1 + quantiser.omega) - 1,
    zeta: quantiser.zeta,
    growth: factor * quantiser.growth,
    expectedBits: quantiser.expectedBits,
    receiverDraws: true,
    quantiser,
    draw(streams, place) {
      // One stream for both, in this order: a second one of the same keys would say the same again.
      const stream = streams.own();
      const one = { ...streams, own: () => stream };
      return { kind: KIND, first: sparsifier.draw(one, place), then: quantiser.draw(one, place) };
    },
    encode(x, draw) {
      requireVector(x, dimension, KIND);
      const { indices, then } = requireComposed(draw, k, dimension, KIND);
      const kept = workspace.vector(KIND, k);
      for (let i = 0; i < k; i++) kept[i] = x[indices[i]!]!;
      try {
        return quantiser.encode(kept, then);
      } catch (error) {
        if (!(error instanceof MarinaError)) throw error;
        throw new MarinaError(error.code, `${KIND}: of the ${k} entries kept, ${error.message}`);
      }
    },
    accumulate(bytes, draw, into) {
      requireTarget(into, dimension, KIND);
      const { indices, then } = requireComposed(draw, k, dimension, KIND);
      const values = workspace.vector(KIND, k);
      values.fill(0);
      quantiser.accumulate(bytes, then, values);
      for (let i = 0; i < k; i++) {
        const j = indices[i]!;
        into[j] = into[j]! + factor * values[i]!;
      }
    },
  };
}
