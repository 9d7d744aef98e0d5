/** A contribution's message, decoded with the random stream that its worker drew from. */

import { MarinaError } from "../../../shared/base/index.ts";
import { type Compressor, type Draw, NO_DRAW } from "../../../shared/compressors/index.ts";
import { compressorDraw } from "../../../shared/methods/index.ts";
import type { AcceptedContribution } from "../exchange/contribution-table.ts";

/** How a round's messages were encoded. */
export class Encoding {
  readonly compressor: Compressor;
  readonly #seed: number;
  readonly #round: number;
  readonly #workers: number;
  /** By slot. */
  readonly #draws = new Map<number, Draw>();

  /** @param workers n */
  constructor(compressor: Compressor, seed: number, round: number, workers: number) {
    this.compressor = compressor;
    this.#seed = seed;
    this.#round = round;
    this.#workers = workers;
  }

  /** What a slot's worker drew: drawn once, for all that look at the slot's message. */
  drawOf(slot: number): Draw {
    const { compressor } = this;
    if (!compressor.receiverDraws) return NO_DRAW;
    let draw = this.#draws.get(slot);
    if (draw === undefined) {
      draw = compressorDraw(this.#seed, { round: this.#round, slot, slots: this.#workers }, compressor);
      this.#draws.set(slot, draw);
    }
    return draw;
  }

  /** Nothing more is asked of a slot: its draw may be as large as its message. */
  forget(slot: number): void {
    this.#draws.delete(slot);
  }
}

/** @throws MarinaError "message" for what is no contribution. */
export function payloadOf(message: AcceptedContribution["message"]): Uint8Array {
  if (message.kind === "contribution") return message.payload;
  throw new MarinaError("message", "round: expected contributions only");
}

/** Adds the decoded message to `sum`. @throws MarinaError "message" for what is no contribution. */
export function addMessage(
  message: AcceptedContribution["message"],
  encoding: Encoding,
  sum: Float64Array,
): void {
  encoding.compressor.accumulate(payloadOf(message), encoding.drawOf(message.slot), sum);
}
