/** Quantisation to three values, -|x|, 0 and |x|: random dithering with one level. */
import * as z from "zod";
import { MessageError } from "../base/index.ts";
import { norm } from "../math/index.ts";
import { BitReader, BitWriter, bitsFor, bytesFor } from "./bits.ts";
import { requireTarget, requireUniforms, requireVector } from "./check.ts";
import { type CompressorSetting, defineCompressor, type UnbiasedCompressor } from "./compressor.ts";
import { bytesPerFloat, readNorm, writeNorm } from "./floats.ts";
import { drawUniforms } from "./uniforms.ts";

const KIND = "l2-quantization";
const PLUS = 1;
const MINUS = 2;

/**
 * Q(x)_j = |x| sign(x_j) xi_j, xi_j in {0, 1} independent, P(xi_j = 1) = |x_j|/|x|: up if U_j < |x_j|/|x|.
 * E|Q(x) - x|^2 = |x| |x|_1 - |x|^2, so omega = sqrt(d) - 1 (attained at constant |x_j|); zeta = sqrt(d).
 *
 * Message: |x| as one wire float (all that is rounded), then the shorter of
 *   fixed:  2 bits a coordinate: 0 zero, 1 plus, 2 minus;
 *   sparse: for each non-zero in increasing order its sign (1 = minus) and its index in ceil(log2 d) bits.
 * No header tells which: a message of the fixed length is fixed, a shorter one is sparse (where both would take the
 * same number of bytes the fixed one is sent). Nor is the number of entries sent: less than a byte of zeros follows
 * the last one, and if those could be read as an entry, then as index 0, which can only come first.
 *
 * Bits: 32 + min(2d, nnz (1 + ceil(log2 d))); since E nnz = |x|_1/|x| <= sqrt(d) and the minimum is concave, the
 * expectation is at most `expectedBits` = 32 + min(2d, sqrt(d) (1 + ceil(log2 d))).
 * With wire float32 a vector of norm below 7e-46 is sent as zero.
 *
 * @see Alistarh, Grubic, Li, Tomioka, Vojnovic, "QSGD", NeurIPS 2017; Mishchenko et al., "Distributed learning with
 * compressed gradient differences", 2019.
 * @example { "kind": "l2-quantization" }
 */
export const l2Quantization = defineCompressor({
  schema: z.strictObject({ kind: z.literal(KIND) }),
  example: { kind: "l2-quantization" },
  told: {
    equation: "Q(x)_j = |x| sign(x_j) xi_j, xi_j in {0, 1} independent, P(xi_j = 1) = |x_j|/|x|",
    constants: "omega = sqrt(d) - 1 (attained at constant |x_j|); zeta = sqrt(d)",
    bits: "32 + min(2d, nnz (1 + ceil(log2 d)))",
  },
  label: () => KIND,
  promises: "unbiased",
  joint: false,
  create: (_spec, setting) => ternary(setting),
});

function ternary({ dimension, wire }: CompressorSetting): UnbiasedCompressor {
  const normBytes = bytesPerFloat(wire);
  const indexBits = bitsFor(dimension);
  const entryBits = 1 + indexBits;
  const fixedBytes = bytesFor(2 * dimension);
  const root = Math.sqrt(dimension);
  return {
    promises: "unbiased",
    dimension,
    omega: root - 1,
    zeta: root,
    expectedBits: 32 + Math.min(2 * dimension, root * entryBits),
    receiverDraws: false,
    draw: (streams) => drawUniforms(streams, dimension),
    encode(x, draw) {
      requireVector(x, dimension, KIND);
      const uniforms = requireUniforms(draw, dimension, KIND);
      const message = new Uint8Array(normBytes + fixedBytes);
      const exact = norm(x);
      const sent = writeNorm(exact, wire, message, KIND);
      const codes = new Uint8Array(dimension);
      let count = 0;
      if (sent > 0) {
        for (let j = 0; j < dimension; j++) {
          if (uniforms[j]! < Math.abs(x[j]!) / exact) {
            codes[j] = x[j]! > 0 ? PLUS : MINUS;
            count++;
          }
        }
      }
      const bits = 32 + Math.min(2 * dimension, count * entryBits);
      const sparseBytes = bytesFor(count * entryBits);
      const writer = new BitWriter(message, normBytes);
      if (sparseBytes >= fixedBytes) {
        for (let j = 0; j < dimension; j++) writer.write(codes[j]!, 2);
        writer.finish();
        return { bytes: message, bits };
      }
      for (let j = 0; j < dimension; j++) {
        if (codes[j] === 0) continue;
        writer.write(codes[j] === MINUS ? 1 : 0, 1);
        writer.writeWide(j, indexBits);
      }
      writer.finish();
      return { bytes: message.slice(0, normBytes + sparseBytes), bits };
    },
    accumulate(bytes, _draw, into) {
      requireTarget(into, dimension, KIND);
      if (bytes.length < normBytes || bytes.length > normBytes + fixedBytes) {
        throw new MessageError(
          `${KIND} message: expected ${normBytes} to ${normBytes + fixedBytes} bytes, got ${bytes.length}`,
        );
      }
      const size = readNorm(bytes, wire, KIND);
      if (bytes.length === normBytes + fixedBytes) {
        checkFixed(bytes, normBytes, dimension);
        const reader = new BitReader(bytes, normBytes);
        for (let j = 0; j < dimension; j++) {
          const code = reader.read(2);
          if (code !== 0) into[j] = into[j]! + (code === PLUS ? size : -size);
        }
        return;
      }
      const count = checkSparse(bytes, normBytes, indexBits, dimension);
      const reader = new BitReader(bytes, normBytes);
      for (let i = 0; i < count; i++) {
        const minus = reader.read(1) === 1;
        const j = reader.readWide(indexBits);
        into[j] = into[j]! + (minus ? -size : size);
      }
    },
  };
}

function checkFixed(bytes: Uint8Array, start: number, dimension: number): void {
  for (let at = start; at < bytes.length; at++) {
    const four = bytes[at]!;
    if ((four & (four >>> 1) & 0b01010101) !== 0) {
      throw new MessageError(
        `${KIND} message: byte ${at} holds the code 3, expected 0 (zero), 1 (plus) or 2 (minus)`,
      );
    }
  }
  const used = 2 * (dimension % 4);
  if (used !== 0 && bytes[bytes.length - 1]! >>> used !== 0) throw badPadding();
}

/** Returns the number of entries. */
function checkSparse(bytes: Uint8Array, start: number, indexBits: number, dimension: number): number {
  const entryBits = 1 + indexBits;
  const reader = new BitReader(bytes, start);
  let count = 0;
  let previous = -1;
  while (reader.left >= entryBits) {
    const minus = reader.read(1) === 1;
    const index = reader.readWide(indexBits);
    if (index === 0 && !minus && count > 0) break;
    if (index >= dimension || index <= previous) {
      throw new MessageError(
        `${KIND} message: entry ${count} has index ${index}, expected more than ${previous} and less than ${dimension}`,
      );
    }
    previous = index;
    count++;
  }
  // Whether the loop stopped at what looked like an entry of zeros or before too few bits for one: all that follows the
  // entries must be zeros, and must be less than a byte.
  if (bytesFor(count * entryBits) !== bytes.length - start) throw badPadding();
  const used = (count * entryBits) % 8;
  if (used !== 0 && bytes[bytes.length - 1]! >>> used !== 0) throw badPadding();
  return count;
}

function badPadding(): MessageError {
  return new MessageError(`${KIND} message: expected less than a byte of zero bits after the last field`);
}
