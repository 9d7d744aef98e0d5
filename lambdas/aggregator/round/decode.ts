/** A contribution's message, decoded with the random stream that its worker drew from. */

import { MarinaError } from "../../../shared/base/index.ts";
import { type Compressor, NO_DRAW } from "../../../shared/compressors/index.ts";
import { compressorDraw } from "../../../shared/methods/index.ts";
import type { AcceptedContribution } from "../exchange/contribution-table.ts";

/** How a round's messages were encoded. */
export interface Encoding {
  readonly compressor: Compressor;
  readonly seed: number;
  readonly round: number;
  /** n */
  readonly workers: number;
}

/** Adds the decoded message to `sum`. @throws MarinaError "message" for what is no contribution. */
export function addMessage(
  message: AcceptedContribution["message"],
  { compressor, seed, round, workers }: Encoding,
  sum: Float64Array,
): void {
  if (message.kind !== "contribution") throw new MarinaError("message", "round: expected contributions only");
  const { slot, payload } = message;
  const draw = compressor.receiverDraws
    ? compressorDraw(seed, { round, slot, slots: workers }, compressor)
    : NO_DRAW;
  compressor.accumulate(payload, draw, sum);
}
