/** The worker side of every method: one order in, one compressed message out. Pure: what it must remember it returns. */
import { type Compressor, type Draw, type Encoded, NO_DRAW } from "../compressors/index.ts";
import type { Order, Rows } from "./method.ts";

/** A gradient with the loss at the same point. The vector belongs to whoever made it: never written to here. */
export interface Gradient {
  readonly vector: Float64Array;
  readonly loss: number;
}

/** The local gradients that a worker can compute (or still holds from before: the same bits). */
export interface Gradients {
  /** grad f_i(x) over all rows. */
  full(x: Float64Array): Gradient;
  /** grad f_i at both points over all rows. */
  pair(x: Float64Array, w: Float64Array): { readonly x: Gradient; readonly w: Gradient };
  /** Mini-batch estimate over these rows, scaled as the full gradient is. */
  batch(x: Float64Array, rows: Uint32Array): Gradient;
}

/** What a DIANA or VR-DIANA worker remembers from round to round. */
export interface WorkerMemory {
  /** h_i^t */
  readonly shift: Float64Array;
  /** VR-DIANA: grad f_i(w) at the reference point of the round that wrote this. */
  readonly referenceGradient?: Float64Array;
  /** VR-DIANA: that reference point. */
  readonly reference?: Float64Array;
}

/** The worker's random choices for one slot of one round. */
export interface WorkerDraws {
  compressor(): Draw;
  /** Row indices of the shard for the mini-batch (or the large batch of an online method's dense round). */
  batch(rows: Exclude<Rows, "all">): Uint32Array;
}

export interface Estimate {
  readonly encoded: Encoded;
  /** f_i(x^t) over all rows; null when only a batch was looked at. */
  readonly loss: number | null;
  /** grad f_i(x^t) over all rows where it was computed anyway, else null. */
  readonly gradient: Float64Array | null;
  /** What to remember for round t + 1; absent for methods without memory. */
  readonly memory?: WorkerMemory;
}

export interface WorkerSetting {
  readonly gradients: Gradients;
  readonly compressor: Compressor;
  /** Sends vectors dense: the identity on the same wire. */
  readonly dense: Compressor;
  /** alpha = 1/(1 + omega) */
  readonly shiftStep: number;
}

/**
 * Answers one order.
 * @throws NonFiniteError when a gradient has a NaN or an infinity.
 * @throws RangeError when a method with memory is given none: a defect of the caller.
 */
export function estimate(
  order: Order,
  setting: WorkerSetting,
  draws: WorkerDraws,
  memory: WorkerMemory | undefined,
): Estimate {
  const { gradients, compressor, dense } = setting;
  switch (order.kind) {
    case "full": {
      const g =
        order.rows === "all" ? gradients.full(order.x) : gradients.batch(order.x, draws.batch(order.rows));
      const encoded = order.compressed
        ? compressor.encode(g.vector, draws.compressor())
        : dense.encode(g.vector, NO_DRAW);
      const exact = order.rows === "all";
      return { encoded, loss: exact ? g.loss : null, gradient: exact ? g.vector : null };
    }
    case "difference": {
      if (order.rows === "all") {
        const { x, w } = gradients.pair(order.x, order.w);
        const encoded = compressor.encode(minus(x.vector, w.vector), draws.compressor());
        return { encoded, loss: x.loss, gradient: x.vector };
      }
      const rows = draws.batch(order.rows);
      const x = gradients.batch(order.x, rows);
      const w = gradients.batch(order.w, rows);
      return {
        encoded: compressor.encode(minus(x.vector, w.vector), draws.compressor()),
        loss: null,
        gradient: null,
      };
    }
    case "shifted": {
      const { shift } = required(memory);
      const g = gradients.full(order.x);
      const message = send(minus(g.vector, shift), setting, draws);
      return {
        encoded: message.encoded,
        loss: g.loss,
        gradient: g.vector,
        memory: { shift: movedShift(shift, setting.shiftStep, message.decoded) },
      };
    }
    case "shifted-reduced": {
      const { shift, reference, referenceGradient } = required(memory);
      const known = reference !== undefined && referenceGradient !== undefined && same(reference, order.w);
      const full = known ? referenceGradient : gradients.full(order.w).vector;
      const rows = draws.batch("batch");
      const x = gradients.batch(order.x, rows);
      const w = gradients.batch(order.w, rows);
      const v = new Float64Array(shift.length);
      for (let j = 0; j < v.length; j++) v[j] = x.vector[j]! - w.vector[j]! + full[j]! - shift[j]!;
      const message = send(v, setting, draws);
      return {
        encoded: message.encoded,
        loss: null,
        gradient: null,
        memory: {
          shift: movedShift(shift, setting.shiftStep, message.decoded),
          reference: order.w,
          referenceGradient: full,
        },
      };
    }
  }
}

/** Compresses v and decodes its own bytes again: worker and server apply the same rounded message. */
function send(v: Float64Array, { compressor }: WorkerSetting, draws: WorkerDraws) {
  const draw = draws.compressor();
  const encoded = compressor.encode(v, draw);
  const decoded = new Float64Array(v.length);
  compressor.accumulate(encoded.bytes, draw, decoded);
  return { encoded, decoded };
}

/** Differences are compressed at once and never kept: one memory serves them all. */
let differenceScratch = new Float64Array(0);

/** a - b, valid until the next call. */
function minus(a: Float64Array, b: Float64Array): Float64Array {
  if (differenceScratch.length !== a.length) differenceScratch = new Float64Array(a.length);
  const difference = differenceScratch;
  for (let j = 0; j < difference.length; j++) difference[j] = a[j]! - b[j]!;
  return difference;
}

/** h_i^{t+1} = h_i^t + alpha m_i */
export function movedShift(shift: Float64Array, alpha: number, message: Float64Array): Float64Array {
  const next = new Float64Array(shift.length);
  for (let j = 0; j < next.length; j++) next[j] = shift[j]! + alpha * message[j]!;
  return next;
}

function same(a: Float64Array, b: Float64Array): boolean {
  if (a === b) return true;
  for (let j = 0; j < a.length; j++) if (a[j] !== b[j]) return false;
  return a.length === b.length;
}

function required(memory: WorkerMemory | undefined): WorkerMemory {
  if (memory === undefined) throw new RangeError("this method's worker needs its memory of the round before");
  return memory;
}
