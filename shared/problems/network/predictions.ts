/** From a network's outputs to what it says of a row. */
import type { LabelForm } from "./program.ts";

/**
 * Classes: the largest output's index, the smallest of equal ones. Two classes: +1 where the output is above 0, -1 below, 0
 * at 0 (neither). Otherwise the first output itself.
 */
export function predictionOf(
  outputs: ArrayLike<number>,
  at: number,
  size: number,
  label: { readonly kind: LabelForm["kind"]; readonly count?: number },
): number {
  switch (label.kind) {
    case "classes": {
      let best = 0;
      for (let c = 1; c < size; c++) if (outputs[at + c]! > outputs[at + best]!) best = c;
      return best;
    }
    case "binary":
      return Math.sign(outputs[at]!);
    case "real":
    case "none":
      return outputs[at]!;
  }
}
