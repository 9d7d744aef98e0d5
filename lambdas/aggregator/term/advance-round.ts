/** A round, and the state after it. */
import { type MadeStep, roundingPasses, type Vectors } from "../../../shared/methods/index.ts";
import type { RoundRecord, RunSpec, StoppedBy, Totals } from "../../../shared/protocol/index.ts";
import { currentEpoch, noteNorm } from "../membership/decide.ts";
import { isFirstOfChange } from "../membership/may-take-effect.ts";
import type { DeltaDownlink } from "../round/downlink.ts";
import { evaluateAt } from "../round/evaluate.ts";
import { measureHessianVariance } from "../round/hessian-variance.ts";
import { doRound, type RoundOutcome } from "../round/round.ts";
import { serverHeld } from "../round/server-held-state.ts";
import { afterRound } from "./budget.ts";
import { nonFiniteEntry, normDivergence } from "./divergence.ts";
import type { OpenTerm, Working } from "./open-term.ts";
import { type RunState, secondsAt } from "./run-state.ts";

/**
 * Passes of a step over each vector of the state, the look for entries that are no numbers among them, in those of a scaled
 * vector sum: MARINA's, with three vectors, takes as long as 9.5 to 12 (`node bench/vector-work.ts`).
 */
const STEP_PASSES = 4;

/** A run at a round's beginning, and what the round came to. */
interface Advance {
  readonly term: OpenTerm;
  readonly before: RunState;
  readonly working: Working;
  readonly outcome: RoundOutcome;
  /** The Hessian variance on the way here, where it was looked at. */
  readonly measured: Measured | undefined;
}

type Measured = Awaited<ReturnType<typeof measureHessianVariance>>;

/** What a step has come to. */
interface Stepped {
  readonly own: Vectors;
  readonly next: Vectors;
  /** Why the run has diverged, if it has. */
  readonly trouble: string | undefined;
}

export async function advanceRound(term: OpenTerm, before: RunState): Promise<RunState> {
  const { ports } = term;
  const { spec, round } = before;
  const working = term.working(before);
  await working.active.inbox.commands.forgetScale(before.elastic.lastRequest);
  const begunAt = ports.clock.now();
  const outcome = await roundOf(term, before, working);
  const longestRoundSeconds = Math.max(before.longestRoundSeconds, (ports.clock.now() - begunAt) / 1000);
  const measured = await hessianVarianceOf(before, working);
  const advance = { term, before, working, outcome, measured };
  const { gradientNormSquared, loss } = outcome;
  const initial = round === 0 ? gradientNormSquared : before.initialGradientNormSquared;
  const record = recordOf(advance);
  term.observe(record);
  const summed: RunState = {
    ...before,
    initialGradientNormSquared: initial,
    elastic: noteNorm(before.elastic, gradientNormSquared, initial),
    records: [...before.records, record],
    longestRoundSeconds,
  };
  const stoppedBy = metRule(spec, gradientNormSquared, initial);
  if (stoppedBy !== undefined) return { ...summed, ...(await endingBy(advance, stoppedBy)) };
  const { next, trouble } = await step(advance, initial);
  if (trouble !== undefined) {
    const ended = { status: "diverged", stoppedBy: "divergence", error: trouble } as const;
    return { ...summed, ending: { ...ended, loss, gradientNormSquared } };
  }
  return { ...summed, ...(await boundaryAfter(advance, next)) };
}

function roundOf(term: OpenTerm, before: RunState, working: Working): Promise<RoundOutcome> {
  const { writer, bases } = term;
  const { spec, round, referenceRound, vectors } = before;
  const { active } = working;
  const setting = {
    ...working,
    oldestNeededRound: writer.durableRound,
    evaluate: round === 0 || (spec.evaluateEvery > 0 && round % spec.evaluateEvery === 0),
    heldOut: asksHeldOut(before),
    since: currentEpoch(before.elastic).round,
    isForced: (at: number) => isFirstOfChange(before.elastic, at),
    constants: before.Li === undefined ? before.constants : { ...before.constants, Li: before.Li },
    sent() {
      writer.release();
      void active.usedUp.delete(writer.durableRound);
      if (isBased(working)) bases.sent(vectors, working.deltas.layout, round);
    },
  };
  return doRound(setting, { state: vectors, round, referenceRound });
}

function asksHeldOut({ spec, round }: RunState): boolean {
  return spec.heldOut !== undefined && round % spec.heldOut.every === 0;
}

/** Are checkpoints made of a base and deltas? The states of the workers that the server holds are led to by no delta. */
function isBased(working: Working): working is Working & { readonly deltas: DeltaDownlink } {
  return working.deltas !== undefined && serverHeld(working.active.algorithm) === undefined;
}

/** Outside the method, in the rounds for which the spec asks for it. */
async function hessianVarianceOf(
  { spec: { hessianVariance }, round, vectors }: RunState,
  { active }: Working,
): Promise<Measured> {
  if (hessianVariance === undefined || round === 0 || round % hessianVariance.every !== 0) return undefined;
  return measureHessianVariance(active, vectors["iterate"]!, vectors["previous"]!, round);
}

/** How a run ends whose gradient is small enough: with what the held-out data says of its iterate. */
async function endingBy(
  { before, working, outcome, measured }: Advance,
  stoppedBy: StoppedBy,
): Promise<Pick<RunState, "totals" | "ending">> {
  const { spec, round, totals, vectors } = before;
  // Nobody could know beforehand that this round would be the last.
  const late =
    spec.heldOut === undefined || asksHeldOut(before)
      ? undefined
      : await evaluateAt(working.active, vectors["iterate"]!, round);
  const evaluationBytes =
    totals.evaluationBytes + outcome.evaluationBytes + (measured?.bytes ?? 0) + (late?.bytes ?? 0);
  const seen = outcome.heldOut ?? late?.heldOut;
  const { loss, gradientNormSquared } = outcome;
  const ending = {
    ...({ status: "done", stoppedBy, error: null, loss, gradientNormSquared } as const),
    ...(seen === undefined ? {} : { heldOut: seen }),
  };
  return { totals: { ...totals, evaluationBytes }, ending };
}

/** S_{t+1}, and what leads others to it. @param initial |grad f(x^0)|^2, where it is known. */
function step({ term, before, working, outcome }: Advance, initial: number | null): Promise<Stepped> {
  const { active, method, deltas } = working;
  const { vectors, round } = before;
  return term.ports.compute.run(
    ({ own }) => ({
      rows: 0,
      nonZeros: 0,
      entries:
        (STEP_PASSES + (deltas === undefined ? 0 : 1)) * entriesOf(own) +
        // Rounded, and written for the tasks where they do not make it themselves.
        (deltas === undefined ? 2 : 1) * roundingPasses(active.spec) * active.dimension +
        entriesOf(outcome.workerStates),
    }),
    () => {
      const own = method.step(vectors, outcome.plan, outcome.mean);
      const next = { ...own, ...outcome.workerStates };
      const delta = deltas?.made(stepOf(active.workers, before, outcome), own);
      if (isBased(working) && delta !== undefined) term.bases.made(round, delta);
      const trouble =
        normDivergence(outcome.gradientNormSquared, initial, round) ?? nonFiniteEntry(next, round);
      return { own, next, trouble };
    },
  );
}

/** The boundary behind the round; what no successor asks for any more is forgotten. @param next the state there. */
async function boundaryAfter(
  { term, before, working, outcome, measured }: Advance,
  next: Vectors,
): Promise<Partial<RunState>> {
  const { ports, spending } = term;
  const { round, referenceRound, totals } = before;
  const { refresh } = outcome.plan;
  const observed = { ...totals, evaluationBytes: totals.evaluationBytes + (measured?.bytes ?? 0) };
  const advancedTotals = advanceTotals(observed, outcome, secondsAt(before, ports.clock.now()));
  const references = refresh ? [...before.references, round] : before.references;
  const inUse = await forgetOld(term, working, references, round);
  const spent = { usd: spending.usd(), seconds: secondsAt(before, ports.clock.now()) };
  return {
    round: round + 1,
    referenceRound: refresh ? round : referenceRound,
    vectors: next,
    totals: advancedTotals,
    references: inUse,
    advanced: true,
    atBoundary: spent,
    spent,
    budget: afterRound(before.budget, spent),
  };
}

/**
 * A successor would go on from the durable round, with the points of that round and of the one before.
 * @returns the rounds of the reference points that it may need.
 */
async function forgetOld(
  { writer, bases }: OpenTerm,
  { points, deltas }: Working,
  references: readonly number[],
  round: number,
): Promise<readonly number[]> {
  const durable = writer.durableRound;
  const atDurable = references.findLastIndex((reference) => reference < durable);
  const inUse = references.slice(Math.max(0, atDurable));
  await points.forgetBelow(Math.min(durable, round + 1) - 1, inUse[0]!);
  deltas?.forget();
  bases.forget(durable);
  return inUse;
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

function recordOf({ before: { round, totals, atBoundary }, outcome, measured }: Advance): RoundRecord {
  const measuredLpm = measured?.measuredLpm;
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
    usd: atBoundary.usd,
    resent: outcome.resent,
    hedged: outcome.hedged,
    dropped: outcome.dropped,
    ...(outcome.heldOut === undefined ? {} : { heldOut: outcome.heldOut }),
    ...(measuredLpm === undefined ? {} : { measuredLpm }),
  };
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
