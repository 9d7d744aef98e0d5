/** A contribution's message, decoded with the random stream that its worker drew from. */

import { MarinaError } from "../../../shared/base/index.ts";
import type { Compressor, Draw } from "../../../shared/compressors/index.ts";
import { compressorStream } from "../../../shared/methods/index.ts";
import type { AcceptedContribution } from "../exchange/contribution-table.ts";

/** How a round's messages were encoded. */
export interface Encoding {
  readonly compressor: Compressor;
  readonly seed: number;
  readonly round: number;
}

const NO_DRAW: Draw = { kind: "none" };

/** Adds the decoded message to `sum`. @throws MarinaError "message" for what is no contribution. */
export function addMessage(
  message: AcceptedContribution["message"],
  { compressor, seed, round }: Encoding,
  sum: Float64Array,
): void {
  if (message.kind !== "contribution") throw new MarinaError("message", "round: expected contributions only");
  const { slot, payload } = message;
  const draw = compressor.receiverDraws ? compressor.draw(compressorStream(seed, round, slot)) : NO_DRAW;
  compressor.accumulate(payload, draw, sum);
}
