/**
 * The aggregator function: drives one run for one term.
 * The way of a term: term/term.ts -> load.ts -> drive.ts (next-step.ts, perform.ts, again and again) -> finalise.ts.
 */

import type { Handler, Ports } from "../../shared/cloud/index.ts";
import { decodeControl } from "../../shared/protocol/index.ts";
import { codeOf, describe } from "./checkpoints/uncommitted-checkpoint.ts";
import { measure } from "./measure/measure.ts";
import type { AggregatorSettings } from "./settings.ts";
import { runTerm } from "./term/term.ts";

export function createAggregator(ports: Ports, settings: AggregatorSettings): Handler {
  return async (messages, invocation) => {
    const failedMessageIds: string[] = [];
    for (const message of messages) {
      try {
        const control = decodeControl(message.body);
        if (control.action === "measure") await measure(ports, settings, message, control, invocation);
        else await runTerm(ports, settings, message, control, invocation);
      } catch (error) {
        const { messageId } = message;
        ports.log.warn("term-failed", { messageId, code: codeOf(error), error: describe(error) });
        // Delivered again, and at last to the dead letters. Also when the lease was lost: where that is so this delivery
        // is over and nothing happens to the successor's; where it only seemed so, no other aggregator would go on.
        failedMessageIds.push(message.messageId);
      }
    }
    return { failedMessageIds };
  };
}
