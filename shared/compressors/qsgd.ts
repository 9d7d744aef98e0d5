/** QSGD: random dithering to s levels of the Euclidean norm. */
import * as z from "zod";
import { MessageError } from "../base/index.ts";
import { norm } from "../math/index.ts";
import { BitReader, BitWriter, bitsFor, bytesFor } from "./bits.ts";
import {
  COMPRESSOR_PATH,
  requireBytes,
  requireInteger,
  requireTarget,
  requireUniforms,
  requireVector,
} from "./check.ts";
import { type CompressorSetting, defineCompressor, type UnbiasedCompressor } from "./compressor.ts";
import { bytesPerFloat, readNorm, writeNorm } from "./floats.ts";
import { drawUniforms } from "./uniforms.ts";

const KIND = "qsgd";
/** Codes 0 .. 2s then have at most 16 bits; finer levels are a dense vector in all but name. */
const MAX_LEVELS = 32_767;

/**
 * Q(x)_j = |x| sign(x_j) l_j / s with u_j = s |x_j|/|x| in [0, s] and l_j = floor(u_j), plus 1 if U_j < u_j - floor(u_j).
 * omega = sqrt(d) - 1 for s = 1, else min(d/(4 s^2), sqrt(d)/s); zeta = min(d, s sqrt(d)).
 *
 * Message: |x| as one wire float (all that is rounded), then ceil(log2(2s + 1)) bits a coordinate: l_j for a positive
 * one, s + l_j for a negative one, 0 for zero. Bits: 32 + d ceil(log2(2s + 1)).
 * With wire float32 a vector of norm below 7e-46 is sent as zero.
 *
 * @see Alistarh, Grubic, Li, Tomioka, Vojnovic, "QSGD", NeurIPS 2017. Their omega is min(d/s^2, sqrt(d)/s): the variance
 * of one coordinate is at most (|x|/s)^2/4, which gives the factor 4.
 * @example { "kind": "qsgd", "levels": 4 }
 */
export const qsgd = defineCompressor({
  schema: z.strictObject({
    kind: z.literal(KIND),
    levels: z.int().min(1).max(MAX_LEVELS).describe("Quantisation levels s >= 1 besides zero."),
  }),
  example: { kind: "qsgd", levels: 4 },
  told: {
    equation:
      "Q(x)_j = |x| sign(x_j) l_j / s with u_j = s |x_j|/|x| in [0, s] and l_j = floor(u_j), plus 1 if U_j < u_j - floor(u_j)",
    constants: "omega = sqrt(d) - 1 for s = 1, else min(d/(4 s^2), sqrt(d)/s); zeta = min(d, s sqrt(d))",
    bits: "32 + d ceil(log2(2s + 1))",
  },
  label: ({ levels }) => `${KIND} ${levels}`,
  promises: "unbiased",
  joint: false,
  create({ levels }, setting) {
    requireInteger(levels, MAX_LEVELS, `${COMPRESSOR_PATH}.levels`);
    return dithering(levels, setting);
  },
});

function dithering(levels: number, { dimension, wire }: CompressorSetting): UnbiasedCompressor {
  const normBytes = bytesPerFloat(wire);
  const width = bitsFor(2 * levels + 1);
  const messageBytes = normBytes + bytesFor(dimension * width);
  const bits = 32 + dimension * width;
  const root = Math.sqrt(dimension);
  return {
    promises: "unbiased",
    dimension,
    omega: levels === 1 ? root - 1 : Math.min(dimension / (4 * levels * levels), root / levels),
    zeta: Math.min(dimension, levels * root),
    expectedBits: bits,
    receiverDraws: false,
    draw: (streams) => drawUniforms(streams, dimension),
    encode(x, draw) {
      requireVector(x, dimension, KIND);
      const uniforms = requireUniforms(draw, dimension, KIND);
      const bytes = new Uint8Array(messageBytes);
      const exact = norm(x);
      if (writeNorm(exact, wire, bytes, KIND) === 0) return { bytes, bits };
      const writer = new BitWriter(bytes, normBytes);
      for (let j = 0; j < dimension; j++) {
        // At most s even as rounded: sums of squares and roots are monotone, and the root of a rounded square is exact.
        const position = levels * (Math.abs(x[j]!) / exact);
        const below = Math.floor(position);
        const level = uniforms[j]! < position - below ? below + 1 : below;
        writer.write(x[j]! < 0 && level > 0 ? levels + level : level, width);
      }
      writer.finish();
      return { bytes, bits };
    },
    accumulate(bytes, _draw, into) {
      requireTarget(into, dimension, KIND);
      requireBytes(bytes, messageBytes, KIND);
      const size = readNorm(bytes, wire, KIND);
      check(bytes, normBytes, dimension, levels, width);
      const reader = new BitReader(bytes, normBytes);
      for (let j = 0; j < dimension; j++) {
        const code = reader.read(width);
        // l/s first: |x| l could overflow.
        if (code !== 0) into[j] = into[j]! + size * ((code > levels ? levels - code : code) / levels);
      }
    },
  };
}

function check(bytes: Uint8Array, start: number, dimension: number, levels: number, width: number): void {
  const reader = new BitReader(bytes, start);
  for (let j = 0; j < dimension; j++) {
    const code = reader.read(width);
    if (code > 2 * levels) {
      throw new MessageError(
        `${KIND} message: entry ${j} has code ${code}, expected at most 2 s = ${2 * levels}`,
      );
    }
  }
  if (!reader.onlyPadding())
    throw new MessageError(`${KIND} message: expected zero bits after the last entry`);
}
