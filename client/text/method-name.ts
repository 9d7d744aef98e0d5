/** A method in a few words. */
import { compressorLabel } from "../../shared/compressors/index.ts";
import type { AlgorithmSpec } from "../../shared/methods/index.ts";
import { type ParticipantsSpec, participantsText } from "../../shared/protocol/index.ts";

/** The method in a few words: "MARINA, rand-k 10". */
export function methodName(algorithm: AlgorithmSpec<ParticipantsSpec>): string {
  const parts: string[] = [algorithm.kind.toUpperCase()];
  if ("compressor" in algorithm) {
    parts.push(compressorLabel(algorithm.compressor));
  }
  if ("participants" in algorithm) parts.push(`r = ${participantsText(algorithm.participants)}`);
  if ("batchSize" in algorithm) parts.push(`b = ${algorithm.batchSize}`);
  if (algorithm.stepSize !== "theory") parts.push(`step ${stepText(algorithm.stepSize)}`);
  return parts.join(", ");
}

function stepText(stepSize: AlgorithmSpec["stepSize"]): string {
  return typeof stepSize === "object" ? `${stepSize.times} x theory` : String(stepSize);
}
