/** What a compressor is. The kinds live in files of their own; `createCompressor` in `registry.ts` makes them. */
import type { Stream } from "../math/index.ts";

/** How a real number travels: 4 or 8 bytes. The paper's accounting counts 32 bits a float whichever it is. */
export type Wire = "float32" | "float64";

export type CompressorSpec =
  | { readonly kind: "identity" }
  | { readonly kind: "rand-k"; readonly k: number }
  | { readonly kind: "l2-quantization" }
  | { readonly kind: "qsgd"; readonly levels: number }
  | { readonly kind: "natural" };

/** The outcome of a compressor's randomness for one message, drawn before the vector is seen. */
export type Draw =
  | { readonly kind: "none" }
  /** Coordinates kept by RandK: strictly increasing, length K. */
  | { readonly kind: "indices"; readonly indices: Uint32Array }
  /** One uniform of [0, 1) for each coordinate, length d. */
  | { readonly kind: "uniforms"; readonly uniforms: Float64Array };

/**
 * A message on the wire: nothing but the payload, no header. With wire float32 `bytes.length === Math.ceil(bits / 8)`;
 * with float64 each float takes 4 bytes more than the 32 bits that it is counted as (natural compression counts what it
 * sends).
 */
export interface Encoded {
  readonly bytes: Uint8Array;
  /** The paper's accounting: 32 bits a float whatever the wire, indices from the shared seed are free. */
  readonly bits: number;
}

/**
 * An unbiased compressor Q : R^d -> R^d with E Q(x) = x and E|Q(x) - x|^2 <= omega |x|^2, expected density
 * zeta >= sup_x E(non-zeros of Q(x)), and the expected bits b_Q of one message.
 */
export interface Compressor {
  readonly spec: CompressorSpec;
  /** d, the length of every vector. */
  readonly dimension: number;
  /** Variance constant omega >= 0. */
  readonly omega: number;
  /** Expected density zeta, 0 < zeta <= d. */
  readonly zeta: number;
  /** b_Q: expected bits of a message (for data-dependent sizes an upper bound of the expectation, said where it is). */
  readonly expectedBits: number;
  /** True when the receiver must be given the sender's draw (it draws it again from the same stream). */
  readonly receiverDraws: boolean;
  /** Draws the randomness of one message from its stream. */
  draw(stream: Stream): Draw;
  /**
   * Q(x) for this draw, as bytes. Numbers are rounded to the wire's precision here and nowhere else.
   * @throws NonFiniteError when an entry of x is NaN or infinite.
   * @throws MarinaError `non-finite` when a number of the message is too large for the wire: the run diverges.
   * @throws MarinaError `usage` when x or the draw is not of this compressor's dimension and kind.
   */
  encode(x: Float64Array, draw: Draw): Encoded;
  /**
   * into += Q(x), as decoded from the bytes (so sender and receiver agree bit for bit). All of the message is checked
   * before any of it is added: when this throws, `into` is as it was.
   * @param draw the sender's draw where `receiverDraws`, else ignored.
   * @throws MessageError when the bytes can't be a message of this compressor.
   * @throws MarinaError `usage` when `into` or the draw is not of this compressor's dimension and kind.
   */
  accumulate(bytes: Uint8Array, draw: Draw, into: Float64Array): void;
}
