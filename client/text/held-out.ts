/** What was seen on held-out data, in a few words. */
import { short } from "../../shared/base/index.ts";
import { accuracyOf, type HeldOut } from "../../shared/protocol/index.ts";

/** `held out: 97.3 % right, loss 0.092` */
export function heldOutText(heldOut: HeldOut): string {
  const accuracy = accuracyOf(heldOut);
  const parts = [
    ...(accuracy === null ? [] : [`${percent(accuracy)} right`]),
    ...(heldOut.loss === null ? [] : [`loss ${short(heldOut.loss)}`]),
  ];
  return `held out: ${parts.join(", ") || "no number"}`;
}

/** Two digits behind the point: of 10,000 rows each one counts. */
function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}
