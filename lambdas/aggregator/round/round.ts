/**
 * One round: what is asked (asked.ts, travel.ts), the exchange with the workers, how messages become a mean (messages.ts), and what
 * it cost (round-cost.ts). Knows nothing of checkpoints and stopping rules.
 */
import type { Plan, Vectors } from "../../../shared/methods/index.ts";
import type { HeldOut } from "../../../shared/protocol/index.ts";
import type { AcceptedContribution } from "../exchange/contribution-table.ts";
import { type Exchange, type ExchangeWatch, exchange } from "../exchange/exchange.ts";
import { type Asked, ask } from "./asked.ts";
import { combine } from "./evaluate.ts";
import { usedGradients } from "./gradient-reuse.ts";
import { heldOutFigures } from "./held-out.ts";
import { messagesOf, movedStates, shorterThanTheMean, sumsOf } from "./messages.ts";
import { costOf, type RoundCost } from "./round-cost.ts";
import type { RoundSetting, Standing } from "./round-setting.ts";

export interface RoundOutcome extends RoundCost {
  readonly plan: Plan;
  /** Mean over the slots of the decoded messages; with an aggregation their middle. */
  readonly mean: Float64Array;
  /** The messages of which it is the mean, in slot order, where the step is made again of them. */
  readonly messages: readonly Uint8Array[] | undefined;
  /** The workers' states after this round, where the server holds them; else nothing. */
  readonly workerStates: Vectors;
  /** f(x^t), where all workers looked at all their rows. */
  readonly loss: number | null;
  /** |grad f(x^t)|^2, where it was asked for. */
  readonly gradientNormSquared: number | null;
  /** Of x^t, where it was asked for. */
  readonly heldOut: HeldOut | undefined;
}

/** Round t of the method, up to the mean of its messages. */
export async function doRound(setting: RoundSetting, standing: Standing): Promise<RoundOutcome> {
  const { active, points, deltas, evaluate, heldOut } = setting;
  const { workers: count, dimension } = active;
  const stored = (): number => points.bytes + (deltas?.bytes ?? 0);
  const storedBefore = stored();
  const asked = await ask(setting, standing);
  const { plan, ranges, own, watchers } = asked;
  const messages = messagesOf(setting, standing, asked);
  const collected = await collect(setting, standing, asked, {
    sent() {
      setting.sent();
      deltas?.sent();
    },
    counted: () => {
      if (ranges.message === 0) messages.fold.advance();
    },
    objection: messages.certificate,
  });
  const { accepted } = collected;
  const { mean, exact, reduced } = await sumsOf(setting, standing, asked, messages, accepted, (known) =>
    collect(setting, standing, asked, { known }),
  );
  const answers = accepted.slice(0, own.length);
  const workerStates = await movedStates(setting, standing, asked, messages, answers);
  active.usedUp.add(usedGradients(own));
  const behind = own.length + watchers.length;
  const seen = evaluate ? combine(accepted.slice(0, behind), count, dimension, exact) : undefined;
  return {
    ...costOf(asked, collected, active, stored() - storedBefore, reduced?.traffic),
    plan,
    mean,
    messages: shorterThanTheMean(messages, dimension),
    workerStates,
    loss: seen?.loss ?? meanLoss(answers, count),
    gradientNormSquared: seen?.gradientNormSquared ?? null,
    heldOut: heldOut ? heldOutFigures(active, accepted.slice(behind)) : undefined,
  };
}

/** Asks all that a round asks, or what of it is not known yet; who lacks the server's state is sent it. */
function collect(
  { active, deltas }: RoundSetting,
  { state, round, referenceRound }: Standing,
  { own, watchers, beside, travel: { downlink } }: Asked,
  watch: ExchangeWatch,
): Promise<Exchange> {
  const { ports, taskQueue, inbox, shardsPerTask, hedging } = active;
  const fullState =
    deltas && ((again: boolean) => deltas.whole(state, round, referenceRound, downlink!, again));
  const tasks = [...own, ...watchers, ...beside];
  const watching = { ...watch, ...(fullState && { fullState }) };
  return exchange(ports, taskQueue, inbox, tasks, "contribution", shardsPerTask, hedging, watching);
}

/** f(x^t) for free, where each worker answered once and looked at all its rows. */
function meanLoss(accepted: readonly AcceptedContribution[], workers: number): number | null {
  if (accepted.length !== workers) return null;
  let sum = 0;
  for (const [slot, { message }] of accepted.entries()) {
    if (message.kind !== "contribution" || message.loss === null || message.worker !== slot) return null;
    sum += message.loss;
  }
  return sum / workers;
}
