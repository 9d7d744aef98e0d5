/** The mean of a round's messages: one arithmetic, whoever does it. */
import type { Compressor, Draw } from "../compressors/index.ts";

/**
 * (1/slots) sum over slots of w_s times the decoded message, added in the order of the calls: float addition is not
 * associative, so whoever wants the same bits adds in the same order.
 */
export class MessageSum {
  readonly #compressor: Compressor;
  readonly #slots: number;
  readonly #weights: Float64Array | undefined;
  readonly #sum: Float64Array;
  #scratch: Float64Array | undefined;

  /** @param weights of the slots' messages; default: 1 each. */
  constructor(compressor: Compressor, slots: number, weights?: Float64Array) {
    this.#compressor = compressor;
    this.#slots = slots;
    this.#weights = weights;
    this.#sum = new Float64Array(compressor.dimension);
  }

  /** @throws MessageError for what is no message of this compressor. */
  add(payload: Uint8Array, draw: Draw, slot: number): void {
    const sum = this.#sum;
    if (this.#weights === undefined) {
      this.#compressor.accumulate(payload, draw, sum);
      return;
    }
    this.#scratch ??= new Float64Array(sum.length);
    const one = this.#scratch.fill(0);
    this.#compressor.accumulate(payload, draw, one);
    const weight = this.#weights[slot]!;
    for (let j = 0; j < sum.length; j++) sum[j] = sum[j]! + weight * one[j]!;
  }

  /** Divides. Called once. */
  mean(): Float64Array {
    const sum = this.#sum;
    for (let j = 0; j < sum.length; j++) sum[j] = sum[j]! / this.#slots;
    return sum;
  }
}
