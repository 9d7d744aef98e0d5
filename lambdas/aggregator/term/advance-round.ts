/** A round, and the state after it. */
import type { MadeStep, Vectors } from "../../../shared/methods/index.ts";
import type { RoundRecord, RunSpec, StoppedBy, Totals } from "../../../shared/protocol/index.ts";
import { noteNorm } from "../membership/decide.ts";
import { isFirstOfChange } from "../membership/may-take-effect.ts";
import { type Evaluation, evaluateAt } from "../round/evaluate.ts";
import { measureHessianVariance } from "../round/hessian-variance.ts";
import { doRound, type RoundOutcome } from "../round/round.ts";
import { serverHeld } from "../round/server-held-state.ts";
import type { ActiveRun } from "./active-run.ts";
import { afterRound } from "./budget.ts";
import { nonFiniteEntry, normDivergence } from "./divergence.ts";
import type { OpenTerm } from "./open-term.ts";
import { type RunState, secondsAt } from "./run-state.ts";

/**
 * Passes of a step over each vector of the state, the look for entries that are no numbers among them, in those of a scaled
 * vector sum: MARINA's, with three vectors, takes as long as 9.5 to 12 (`node bench/vector-work.ts`).
 */
const STEP_PASSES = 4;

export async function advanceRound(term: OpenTerm, before: RunState): Promise<RunState> {
  const { writer, spending, ports, bases } = term;
  const { spec, round, referenceRound, vectors, totals, atBoundary } = before;
  const { active, method, points, deltas } = term.working(before);
  await active.inbox.commands.forgetScale(before.elastic.lastRequest);
  const evaluate = round === 0 || (spec.evaluateEvery > 0 && round % spec.evaluateEvery === 0);
  const heldOut = spec.heldOut !== undefined && round % spec.heldOut.every === 0;
  const dense = isFirstOfChange(before.elastic, round);
  // The states of the workers that the server holds are led to by no delta.
  const based = deltas !== undefined && serverHeld(active.algorithm) === undefined;
  const begunAt = ports.clock.now();
  const outcome = await doRound(
    {
      active,
      method,
      points,
      deltas,
      oldestNeededRound: writer.durableRound,
      evaluate,
      heldOut,
      dense,
      constants: before.Li === undefined ? before.constants : { ...before.constants, Li: before.Li },
      sent() {
        writer.release();
        void active.usedUp.delete(writer.durableRound);
        if (based) bases.sent(vectors, deltas.names, round);
      },
    },
    vectors,
    round,
    referenceRound,
  );
  const { gradientNormSquared, loss } = outcome;
  const longestRoundSeconds = Math.max(before.longestRoundSeconds, (ports.clock.now() - begunAt) / 1000);
  const initial = round === 0 ? gradientNormSquared : before.initialGradientNormSquared;
  const { hessianVariance } = spec;
  const measured =
    hessianVariance !== undefined && round > 0 && round % hessianVariance.every === 0
      ? await measureHessianVariance(active, vectors["iterate"]!, vectors["previous"]!, round)
      : undefined;
  const record = recordOf(round, outcome, totals, atBoundary.usd, measured?.measuredLpm);
  term.observe(record);
  const summed: RunState = {
    ...before,
    initialGradientNormSquared: initial,
    elastic: noteNorm(before.elastic, gradientNormSquared, initial),
    records: [...before.records, record],
    longestRoundSeconds,
  };
  const stoppedBy = metRule(spec, gradientNormSquared, initial);
  if (stoppedBy !== undefined) {
    // Nobody could know beforehand that this round would be the last.
    const late = spec.heldOut === undefined || heldOut ? undefined : await lookAtLast(active, vectors, round);
    const evaluationBytes =
      totals.evaluationBytes + outcome.evaluationBytes + (measured?.bytes ?? 0) + (late?.bytes ?? 0);
    const seen = outcome.heldOut ?? late?.heldOut;
    const ending = {
      ...({ status: "done", stoppedBy, error: null, loss, gradientNormSquared } as const),
      ...(seen === undefined ? {} : { heldOut: seen }),
    };
    return { ...summed, totals: { ...totals, evaluationBytes }, ending };
  }
  const { next, trouble } = await ports.compute.run(
    ({ own }) => ({
      rows: 0,
      nonZeros: 0,
      entries:
        (STEP_PASSES + (deltas === undefined ? 0 : 1)) * entriesOf(own) + entriesOf(outcome.workerStates),
    }),
    () => {
      const own = method.step(vectors, outcome.plan, outcome.mean);
      const next = { ...own, ...outcome.workerStates };
      const delta = deltas?.made(stepOf(active.workers, before, outcome), own);
      if (based && delta !== undefined) bases.made(round, delta);
      return {
        own,
        next,
        trouble: normDivergence(gradientNormSquared, initial, round) ?? nonFiniteEntry(next, round),
      };
    },
  );
  if (trouble !== undefined) {
    const ended = { status: "diverged", stoppedBy: "divergence", error: trouble } as const;
    return { ...summed, ending: { ...ended, loss, gradientNormSquared } };
  }
  const references = outcome.plan.refresh ? [...before.references, round] : before.references;
  const observed = { ...totals, evaluationBytes: totals.evaluationBytes + (measured?.bytes ?? 0) };
  const advancedTotals = advanceTotals(observed, outcome, secondsAt(before, ports.clock.now()));
  // A successor would go on from the durable round, with the points of that round and of the one before.
  const durable = writer.durableRound;
  const atDurable = references.findLastIndex((reference) => reference < durable);
  const inUse = references.slice(Math.max(0, atDurable));
  await points.forgetBelow(Math.min(durable, round + 1) - 1, inUse[0]!);
  deltas?.forget();
  bases.forget(durable);
  const spent = { usd: spending.usd(), seconds: secondsAt(before, ports.clock.now()) };
  return {
    ...summed,
    round: round + 1,
    referenceRound: outcome.plan.refresh ? round : referenceRound,
    vectors: next,
    totals: advancedTotals,
    references: inUse,
    advanced: true,
    atBoundary: spent,
    spent,
    budget: afterRound(before.budget, spent),
  };
}

/** The step that is being made, for those who make it again. */
function stepOf(
  workers: number,
  { round, constants: { stepSize, shiftStep } }: RunState,
  { plan: { request, refresh, weights }, mean, messages }: RoundOutcome,
): MadeStep {
  return {
    ...{ round, workers, request: request.name, stepSize, shiftStep, refresh },
    sum:
      messages === undefined
        ? { kind: "mean", mean }
        : { kind: "messages", payloads: messages, ...(weights === undefined ? {} : { weights }) },
  };
}

function entriesOf(vectors: Vectors): number {
  let entries = 0;
  for (const vector of Object.values(vectors)) entries += vector.length;
  return entries;
}

function recordOf(
  round: number,
  outcome: RoundOutcome,
  totals: Totals,
  usd: number,
  measuredLpm: number | undefined,
): RoundRecord {
  return {
    round,
    dense: outcome.plan.request.dense,
    slots: outcome.plan.workers.length,
    loss: outcome.loss,
    gradientNormSquared: outcome.gradientNormSquared,
    uplinkBitsPerWorker: totals.uplinkBitsPerWorker,
    uplinkBytes: totals.uplinkBytes,
    downlinkBytes: totals.downlinkBytes,
    seconds: totals.seconds,
    usd,
    resent: outcome.resent,
    hedged: outcome.hedged,
    dropped: outcome.dropped,
    ...(outcome.heldOut === undefined ? {} : { heldOut: outcome.heldOut }),
    ...(measuredLpm === undefined ? {} : { measuredLpm }),
  };
}

/** What the held-out data says of the last iterate. */
function lookAtLast(active: ActiveRun, { iterate }: Vectors, round: number): Promise<Evaluation> {
  return evaluateAt(active, iterate!, round);
}

function advanceTotals(totals: Totals, outcome: RoundOutcome, seconds: number): Totals {
  return {
    uplinkBitsPerWorker: totals.uplinkBitsPerWorker + outcome.uplinkBitsPerWorker,
    uplinkBytes: totals.uplinkBytes + outcome.uplinkBytes,
    downlinkBytes: totals.downlinkBytes + outcome.downlinkBytes,
    evaluationBytes: totals.evaluationBytes + outcome.evaluationBytes,
    pairs: totals.pairs + outcome.pairs,
    reused: totals.reused + outcome.reused,
    resent: totals.resent + outcome.resent,
    hedged: totals.hedged + outcome.hedged,
    dropped: totals.dropped + outcome.dropped,
    seconds,
  };
}

/** Which stopping rule on the gradient norm holds at x^t, if any. */
function metRule(spec: RunSpec, normSquared: number | null, initial: number | null): StoppedBy | undefined {
  if (normSquared === null) return undefined;
  const { relativeGradientNormSquared: relative, gradientNormSquared: absolute } = spec.stop;
  if (relative !== undefined && initial !== null && normSquared <= relative * initial)
    return "relativeGradientNormSquared";
  if (absolute !== undefined && normSquared <= absolute) return "gradientNormSquared";
  return undefined;
}
