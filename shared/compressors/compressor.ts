/** What a compressor is. Each has a file of its own; `registry.ts` lists them and makes them of specs. */
import type * as z from "zod";
import type { Stream, Workspace } from "../math/index.ts";

/** How a real number travels: 4 or 8 bytes. The paper's accounting counts 32 bits a float whichever it is. */
export type Wire = "float32" | "float64";

/**
 * What a compressor promises of Q : R^d -> R^d.
 *
 * - `unbiased`: E Q(x) = x and E|Q(x) - x|^2 <= omega |x|^2.
 * - `contractive`: E|Q(x) - x|^2 <= (1 - alpha)|x|^2, 0 < alpha <= 1; its mean may be anything.
 */
export type Promised = "unbiased" | "contractive";

/** The outcome of a compressor's randomness for one message, drawn before the vector is seen. */
export type Draw =
  | { readonly kind: "none" }
  /** Coordinates kept by a sparsifier: strictly increasing, length K. */
  | { readonly kind: "indices"; readonly indices: Uint32Array }
  /** One uniform of [0, 1) for each coordinate, length d. */
  | { readonly kind: "uniforms"; readonly uniforms: Float64Array }
  /** That of a sparsifier, and that of the quantiser of what it keeps. */
  | { readonly kind: "composed"; readonly first: Draw; readonly then: Draw };

/** The draw of whatever draws nothing. */
export const NO_DRAW: Draw = { kind: "none" };

/** Makes the streams that one message may be drawn from: functions of their keys, so sender and receiver read the same. */
export interface DrawStreams {
  /** The run's: with the round it tells shared streams apart, so that a joint draw need not be made for every slot anew. */
  readonly seed: number;
  /** The slot's own: draws of different slots are independent. */
  own(): Stream;
  /** The round's, the same for all of its slots: for compressors that are drawn jointly. */
  shared(): Stream;
}

/** Whose message is drawn. */
export interface Place {
  readonly round: number;
  readonly slot: number;
  /** n: a joint draw is shared out among so many slots. */
  readonly slots: number;
}

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

interface CompressorBase {
  /** d, the length of every vector. */
  readonly dimension: number;
  /** Expected density zeta >= sup_x E(non-zeros of Q(x)), 0 < zeta <= d. */
  readonly zeta: number;
  /** D_Q: |Q(x)| <= D_Q |x| whatever is drawn, but for rounding and for numbers below the wire's smallest normal one. */
  readonly growth: number;
  /** b_Q: expected bits of a message (for data-dependent sizes an upper bound of the expectation, said where it is). */
  readonly expectedBits: number;
  /** True when the receiver must be given the sender's draw (it draws it again from the same streams). */
  readonly receiverDraws: boolean;
  /** What sends the kept coordinates, where they are quantised: a compressor of R^K. */
  readonly quantiser?: Compressor;
  /** Draws the randomness of one message. */
  draw(streams: DrawStreams, place: Place): Draw;
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

export interface UnbiasedCompressor extends CompressorBase {
  readonly promises: "unbiased";
  /** Variance constant omega >= 0. */
  readonly omega: number;
  /**
   * Where the slots of a round are drawn jointly: E|mean_i Q_i(a_i) - abar|^2 <= A mean_i |a_i|^2 - B |abar|^2 for all
   * a_i. Absent: they are independent, A = omega/n and B = 0.
   */
  readonly joint?: { readonly A: number; readonly B: number };
}

export interface ContractiveCompressor extends CompressorBase {
  readonly promises: "contractive";
  /** Contraction constant, 0 < alpha <= 1. */
  readonly alpha: number;
}

export type Compressor = UnbiasedCompressor | ContractiveCompressor;

/** The constant that a compressor promises, under its symbol's name. */
export function promiseOf(compressor: Compressor): { readonly omega: number } | { readonly alpha: number } {
  return compressor.promises === "unbiased" ? { omega: compressor.omega } : { alpha: compressor.alpha };
}

/** What a compressor is made for, besides its own parameters. */
export interface CompressorSetting {
  /** d, integer, 1 <= d < 2^32 - 1. */
  readonly dimension: number;
  readonly wire: Wire;
  /** n: what is drawn jointly depends on it; undefined where the caller can't know, and then nothing joint can be made. */
  readonly workers: number | undefined;
  /** Memory of the environment. */
  readonly workspace: Workspace;
}

/** The schema of a compressor in a run's spec: an object told by its `kind`. */
export type CompressorSchema = z.ZodObject<{ kind: z.ZodLiteral<string> } & z.core.$ZodLooseShape>;

/** A compressor as its file defines it: one value, listed in `registry.ts`. */
export interface CompressorDefinition<
  Schema extends CompressorSchema = CompressorSchema,
  P extends Promised = Promised,
> {
  /** As people write it in a run's spec. */
  readonly schema: Schema;
  /** A spec that makes sense with any data set; the docstring shows it. */
  readonly example: z.output<Schema>;
  /** What it does, what it promises and what a message takes, as in its docstring. */
  readonly told: { readonly equation: string; readonly constants: string; readonly bits: string };
  /** In a few words: "rand-k 10". */
  label(spec: z.output<Schema>): string;
  readonly promises: P;
  /** Drawn for all slots of a round at once: then it can't serve methods whose rounds have other slots than all workers. */
  readonly joint: boolean;
  /** @throws MarinaError `spec`, with the field's path, when a parameter is out of range in R^d. */
  create(spec: z.output<Schema>, setting: CompressorSetting): Extract<Compressor, { promises: P }>;
}

/** Checks a definition against its own schema, and keeps its exact type. */
export function defineCompressor<Schema extends CompressorSchema, P extends Promised>(
  definition: CompressorDefinition<Schema, P>,
): CompressorDefinition<Schema, P> {
  return definition;
}
