/**
 * What an honest worker's message can be at most. A compressed difference of gradients obeys
 *
 *   |m_i| <= D_Q L_i |x^t - x^{t-1}|,
 *
 * D_Q of the compressor, L_i by calibration (L_rowmax for mini-batches); after a hand-over L_max >= L_i stands in. A message beyond that
 * is damaged whatever its checksum says. No honest one is refused: the bound leaves room for rounding, on the wire and in the
 * sums that gradients are.
 */
import { MarinaError } from "../../../shared/base/index.ts";
import type { Draw } from "../../../shared/compressors/index.ts";
import { norm } from "../../../shared/math/index.ts";
import type { RequestDefinition } from "../../../shared/methods/index.ts";
import { hasBoundedSlope } from "../../../shared/problems/index.ts";
import type { Constants, RunSpec } from "../../../shared/protocol/index.ts";
import type { Answer } from "../exchange/contribution-table.ts";
import type { Encoding } from "./decode.ts";

/** A reason not to count a message; undefined where there is none. */
export type Certificate = (message: Answer) => string | undefined;

/** A float32's relative rounding, of each number and of a norm, generously. */
const WIRE_ROUNDING = 1e-6;
/** Relative rounding of a sum over a shard's rows, generously: 2^-53 times the square root of their number, or all of it. */
const SUM_ROUNDING = 1e-9;
/** Numbers below the wire's smallest normal one may become that one. */
const SMALLEST = 1e-37;
/** |loss'(z)| is no more than this for the losses whose derivatives are bounded, |a|^2 no more than 7 L_row. */
const BOUNDED_GRADIENT = 7;

export interface CertificateSetting {
  readonly request: RequestDefinition;
  /** x^t and x^{t-1} */
  readonly points: readonly Float64Array[];
  readonly encoding: Encoding;
  readonly constants: Constants;
  readonly problem: RunSpec["problem"];
  /** Slots of the method; what answers behind them tell is for the record. */
  readonly slots: number;
}

/** What is known of a round's compressed differences. */
interface Honest {
  /** L_i of a slot's worker, or an upper bound of it. */
  readonly smoothnessOf: (worker: number) => number;
  readonly Lrow: number;
  /** |x^t - x^{t-1}| */
  readonly length: number;
  /** |x^t| + |x^{t-1}| */
  readonly lengths: number;
}

/**
 * Undefined where nothing is known: other requests than differences; constants that are estimates, or none; mini-batches of
 * unbounded losses, whose rounding can't be told from outside.
 */
function honestOf({ request, points, constants, problem }: CertificateSetting): Honest | undefined {
  const { Lmax, Lrow, Li, measured, workers, rows } = constants;
  if (request.differenceOf === undefined || measured === true) return undefined;
  if (Lmax === undefined || Lrow === undefined) return undefined;
  if (request.differenceOf === "rows" && !hasBoundedSlope(problem)) return undefined;
  // f_i is scaled by n m_i/N, m_i at most ceil(N/n).
  const largestShare = (workers * Math.ceil(rows / workers)) / rows;
  const L = request.differenceOf === "shard" ? Lmax : largestShare * Lrow;
  const own = request.differenceOf === "shard" ? Li : undefined;
  const [x, w] = [points[0]!, points[1]!];
  return {
    smoothnessOf: (worker) => own?.[worker] ?? L,
    Lrow,
    length: norm(x.map((value, j) => value - w[j]!)),
    lengths: norm(x) + norm(w),
  };
}

/**
 * D_Q L_max |x^t - x^{t-1}|: to what a message is clipped where its sender need not be honest, who may lie about a loss as well.
 * Undefined where nothing is known, as for `certificateOf`.
 */
export function clippingLevel(setting: CertificateSetting): number | undefined {
  // A worker that lies may have lied of its own L_i; the largest one of all is what a sound one can need.
  const { Li: _, ...constants } = setting.constants;
  const honest = honestOf({ ...setting, constants });
  if (honest === undefined) return undefined;
  const { growth, dimension } = setting.encoding.compressor;
  return growth * honest.smoothnessOf(0) * honest.length * (1 + WIRE_ROUNDING) + SMALLEST * dimension;
}

/** Undefined where nothing is known of honest messages. */
export function certificateOf(setting: CertificateSetting): Certificate | undefined {
  const { encoding, slots } = setting;
  const { compressor } = encoding;
  const { growth, dimension } = compressor;
  const honest = honestOf(setting);
  if (honest === undefined) return undefined;
  const { smoothnessOf, Lrow, length, lengths } = honest;
  const decoded = new Float64Array(dimension);
  let kept = new Float64Array(0);
  // Of a sparse message the entries that may be there, so that a look at it costs what its fold does.
  const sizeOf = (payload: Uint8Array, draw: Draw): number => {
    if (draw.kind !== "indices") {
      compressor.accumulate(payload, draw, decoded.fill(0));
      return norm(decoded);
    }
    const { indices } = draw;
    compressor.accumulate(payload, draw, decoded);
    if (kept.length !== indices.length) kept = new Float64Array(indices.length);
    for (let i = 0; i < indices.length; i++) {
      const j = indices[i]!;
      kept[i] = decoded[j]!;
      decoded[j] = 0;
    }
    return norm(kept);
  };
  return (message) => {
    if (message.kind !== "contribution" || message.slot >= slots) return undefined;
    const { slot, worker, loss } = message;
    let size: number;
    try {
      size = sizeOf(message.payload, encoding.drawOf(slot));
    } catch (error) {
      if (!(error instanceof MarinaError)) throw error;
      return error.message;
    }
    // What rounding makes of two gradients that are nearly the same: of their own size, not of their difference's.
    const residual = Math.max(BOUNDED_GRADIENT, Math.sqrt(2 * Math.max(0, loss ?? 0)));
    const L = smoothnessOf(worker);
    const gradient = L * lengths + Math.sqrt(Lrow) * residual;
    const bound =
      growth * L * length * (1 + WIRE_ROUNDING) + growth * SUM_ROUNDING * gradient + SMALLEST * dimension;
    if (size <= bound) return undefined;
    return `its message has norm ${size}, and an honest worker's has ${bound} at most: wrong numbers with the right checksum`;
  };
}
