/**
 * Real numbers on the wire: IEEE 754, 4 or 8 bytes each, little-endian. The host is taken to be little-endian too (all
 * of x86 and ARM as Node supports them), so that payloads are views and copies of typed arrays.
 */
import { MessageError } from "../base/index.ts";
import { firstNonFinite, type Workspace } from "../math/index.ts";
import { requireBytes, tooLarge } from "./check.ts";
import type { Wire } from "./compressor.ts";

const LARGEST: Record<Wire, string> = { float32: "3.4028235e38", float64: "1.7976931348623157e308" };

/** Up to so many numbers pass through the workspace: a short array's own buffer costs more than its numbers. */
const SHORT = 1024;

/** Bytes of one number on this wire. */
export function bytesPerFloat(wire: Wire): 4 | 8 {
  return wire === "float32" ? 4 : 8;
}

/**
 * The numbers rounded to the wire's precision (to nearest, ties to even), as bytes of their own.
 * @param values finite numbers.
 * @param coordinates where values[i] stands in the whole vector, for the error; absent when it is i.
 * @throws MarinaError `non-finite` when one is too large for the wire.
 */
export function encodeFloats(
  values: Float64Array,
  wire: Wire,
  kind: string,
  workspace: Workspace,
  coordinates?: Uint32Array,
): Uint8Array {
  const { length } = values;
  const bytes = bytesPerFloat(wire) * length;
  const short = length <= SHORT;
  const memory = short ? workspace.bytes(bytes) : new Uint8Array(bytes);
  const rounded = floatsAt(memory.buffer, 0, length, wire);
  rounded.set(values);
  const bad = wire === "float64" ? -1 : firstNonFinite(rounded);
  if (bad >= 0)
    throw tooLarge(`${kind}: entry ${coordinates?.[bad] ?? bad}`, values[bad]!, LARGEST[wire], wire);
  return short ? memory.slice(0, bytes) : memory;
}

function floatsAt(
  memory: ArrayBufferLike,
  offset: number,
  count: number,
  wire: Wire,
): Float32Array | Float64Array {
  return wire === "float32"
    ? new Float32Array(memory, offset, count)
    : new Float64Array(memory, offset, count);
}

/**
 * The numbers of a payload that holds nothing else: a view where the alignment allows it, else a copy in the workspace: to
 * be read before the next call.
 * @throws MessageError when the payload is not of this many numbers, or one is NaN or infinite.
 */
export function decodeFloats(
  bytes: Uint8Array,
  count: number,
  wire: Wire,
  kind: string,
  workspace: Workspace,
): Float32Array | Float64Array {
  const size = bytesPerFloat(wire);
  requireBytes(bytes, count * size, kind);
  const values = floatsAt(...aligned(bytes, size, workspace), count, wire);
  const bad = firstNonFinite(values);
  if (bad >= 0) {
    throw new MessageError(
      `${kind} message: number ${bad} of ${count} is ${values[bad]}, expected a finite number`,
    );
  }
  return values;
}

/** Memory and offset of the same bytes, at a multiple of `size`. New memory for each would cost more than the copy. */
function aligned(bytes: Uint8Array, size: number, workspace: Workspace): [ArrayBufferLike, number] {
  if (bytes.byteOffset % size === 0) return [bytes.buffer, bytes.byteOffset];
  const memory = workspace.bytes(bytes.length);
  memory.set(bytes);
  return [memory.buffer, 0];
}

/**
 * Writes a vector's norm at the start of a message and returns it as rounded to the wire.
 * @throws MarinaError `non-finite` when it is too large for the wire.
 */
export function writeNorm(norm: number, wire: Wire, message: Uint8Array, kind: string): number {
  const rounded = wire === "float32" ? Math.fround(norm) : norm;
  if (!(rounded < Infinity)) throw tooLarge(`${kind}: the norm of the vector`, norm, LARGEST[wire], wire);
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  if (wire === "float32") view.setFloat32(0, rounded, true);
  else view.setFloat64(0, rounded, true);
  return rounded;
}

/**
 * Reads the norm at the start of a message that is long enough to hold it.
 * @throws MessageError when it is negative, infinite or NaN.
 */
export function readNorm(message: Uint8Array, wire: Wire, kind: string): number {
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  const norm = wire === "float32" ? view.getFloat32(0, true) : view.getFloat64(0, true);
  if (!(norm >= 0 && norm < Infinity)) {
    throw new MessageError(`${kind} message: the norm is ${norm}, expected a finite number >= 0`);
  }
  return norm;
}
