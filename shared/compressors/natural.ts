/** Natural compression: random rounding to powers of two, so that only sign and exponent travel. */
import * as z from "zod";
import { MessageError } from "../base/index.ts";
import { powerOfTwo } from "../math/index.ts";
import { BitReader, BitWriter, bytesFor } from "./bits.ts";
import { requireBytes, requireTarget, requireUniforms, requireVector, tooLarge } from "./check.ts";
import {
  type CompressorSetting,
  defineCompressor,
  type UnbiasedCompressor,
  type Wire,
} from "./compressor.ts";
import { drawUniforms } from "./uniforms.ts";

const KIND = "natural";
/** Bias of the exponent field in IEEE 754 binary64. */
const DOUBLE_BIAS = 1023;

/** The exponent field of one wire: width, bias, and 2^(field - bias) by field. */
interface ExponentField {
  readonly width: number;
  readonly bias: number;
  /** Largest field of a finite number; the one above stands for infinity. */
  readonly largest: number;
  /** Index: field, plus 2^width for negative numbers. Field 0 is zero. */
  readonly values: Float64Array;
}

const FIELDS: Record<Wire, ExponentField> = { float32: exponentField(8), float64: exponentField(11) };

/**
 * For 2^e <= |x_j| < 2^(e+1): Q(x)_j = sign(x_j) 2^(e+1) if U_j < |x_j|/2^e - 1, else sign(x_j) 2^e; 0 stays 0.
 * omega = 1/8 (attained at |x_j| = (4/3) 2^e); zeta = d.
 *
 * Message: for each coordinate the exponent field of the wire's format (8 or 11 bits, field 0 for zero), then the sign
 * (1 = minus). Bits: 9 d with wire float32, 12 d with float64.
 *
 * Below the smallest normal number m of the wire (2^-126, 2^-1022) the neighbours are 0 and m, up if U_j < |x_j|/m: still
 * unbiased, but not within omega. Above the largest power of two of the wire (2^127, 2^1023) there is no neighbour: an
 * error, since no run that converges comes there.
 *
 * @see Horvath, Ho, Horvath, Sahu, Canini, Richtarik, "Natural compression for distributed deep learning", 2019.
 * @example { "kind": "natural" }
 */
export const natural = defineCompressor({
  schema: z.strictObject({ kind: z.literal(KIND) }),
  example: { kind: "natural" },
  told: {
    equation:
      "For 2^e <= |x_j| < 2^(e+1): Q(x)_j = sign(x_j) 2^(e+1) if U_j < |x_j|/2^e - 1, else sign(x_j) 2^e; 0 stays 0",
    constants: "omega = 1/8 (attained at |x_j| = (4/3) 2^e); zeta = d",
    bits: "9 d with wire float32, 12 d with float64",
  },
  label: () => KIND,
  promises: "unbiased",
  joint: false,
  create: (_spec, setting) => rounding(setting),
});

function rounding({ dimension, wire }: CompressorSetting): UnbiasedCompressor {
  const field = FIELDS[wire];
  const { width, values, largest } = field;
  const fieldBits = width + 1;
  const bits = dimension * fieldBits;
  const smallestNormal = values[1]!;
  const largestPower = values[largest]!;
  const shift = field.bias - DOUBLE_BIAS;
  // One number's bits at a time, to read its exponent from.
  const number = new Float64Array(1);
  const words = new Uint32Array(number.buffer);
  return {
    promises: "unbiased",
    dimension,
    omega: 1 / 8,
    zeta: dimension,
    expectedBits: bits,
    receiverDraws: false,
    draw: (streams) => drawUniforms(streams, dimension),
    encode(x, draw) {
      requireVector(x, dimension, KIND);
      const uniforms = requireUniforms(draw, dimension, KIND);
      const bytes = new Uint8Array(bytesFor(bits));
      const writer = new BitWriter(bytes, 0);
      for (let j = 0; j < dimension; j++) {
        const magnitude = Math.abs(x[j]!);
        if (magnitude > largestPower) {
          throw tooLarge(`${KIND}: entry ${j}`, x[j]!, `2^${largest - field.bias}`, wire);
        }
        let code = 0;
        if (magnitude < smallestNormal) {
          if (uniforms[j]! < magnitude / smallestNormal) code = 1;
        } else {
          number[0] = magnitude;
          code = (words[1]! >>> 20) + shift;
          if (uniforms[j]! < magnitude / values[code]! - 1) code++;
        }
        if (x[j]! < 0 && code > 0) code |= 1 << width;
        writer.write(code, fieldBits);
      }
      writer.finish();
      return { bytes, bits };
    },
    accumulate(bytes, _draw, into) {
      requireTarget(into, dimension, KIND);
      requireBytes(bytes, bytesFor(bits), KIND);
      check(bytes, dimension, field);
      const reader = new BitReader(bytes, 0);
      for (let j = 0; j < dimension; j++) into[j] = into[j]! + values[reader.read(fieldBits)]!;
    },
  };
}

function check(bytes: Uint8Array, dimension: number, { width, largest }: ExponentField): void {
  const reader = new BitReader(bytes, 0);
  const minusZero = 1 << width;
  const infinity = largest + 1;
  for (let j = 0; j < dimension; j++) {
    const code = reader.read(width + 1);
    if ((code & infinity) === infinity || code === minusZero) {
      const came = code === minusZero ? "minus zero" : "the exponent of infinity";
      throw new MessageError(`${KIND} message: entry ${j} is ${came}, expected zero or a power of two`);
    }
  }
  if (!reader.onlyPadding())
    throw new MessageError(`${KIND} message: expected zero bits after the last entry`);
}

function exponentField(width: number): ExponentField {
  const bias = powerOfTwo(width - 1) - 1;
  const largest = 2 * bias;
  const signed = powerOfTwo(width);
  const values = new Float64Array(2 * signed);
  // By exact halving and doubling: a power by `**` may be off in the last bit on some engine.
  for (let field = bias, power = 1; field >= 1; field--, power /= 2) values[field] = power;
  for (let field = bias, power = 1; field <= largest; field++, power *= 2) values[field] = power;
  for (let field = 1; field <= largest; field++) values[signed + field] = -values[field]!;
  return { width, bias, largest, values };
}
