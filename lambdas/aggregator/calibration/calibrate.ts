/**
 * One step of a calibration: one question to the workers (`calibration.ts` says which), or the constants when nothing is
 * left to ask. Progress is stored every so many steps, so a hand-over or a crash goes on with the same bits.
 */

import { MarinaError } from "../../../shared/base/index.ts";
import {
  advance,
  POWER_STEP_LIMIT,
  type PowerState,
  startPowerIteration,
} from "../../../shared/math/index.ts";
import {
  everyone,
  type Probe,
  type StartingPoint,
  startProbe,
  withGradients,
} from "../../../shared/methods/index.ts";
import {
  type HessianSums,
  smoothnessRules,
  startHessianSums,
  withColumn,
} from "../../../shared/problems/index.ts";
import {
  CALIBRATION_STEPS_PER_STORE,
  decodeSpectrum,
  decodeVector,
  encodeVector,
  type Point,
  type Preparation,
  probeKey,
} from "../../../shared/protocol/index.ts";
import type { AcceptedContribution } from "../exchange/contribution-table.ts";
import { exchange } from "../exchange/exchange.ts";
import type { NumberedMembership } from "../membership/decide.ts";
import { evaluateAt, gradientsAt } from "../round/evaluate.ts";
import { travelInline } from "../round/points.ts";
import { type ActiveRun, type Assignment, tasksFor, withMembership } from "../term/active-run.ts";
import type { OpenTerm } from "../term/open-term.ts";
import type { RunState } from "../term/run-state.ts";
import { startOf } from "../term/starting-point.ts";
import { type Calibration, constantsOf, nextQuestion, type Question, withPower } from "./calibration.ts";
import {
  deletePower,
  readPower,
  readPreparation,
  readSpectra,
  storePower,
  storePreparation,
  storeSpectra,
} from "./stored-calibration.ts";

/** One step of the calibration for these workers. */
export async function calibrate(
  term: OpenTerm,
  state: RunState,
  membership: NumberedMembership,
): Promise<RunState> {
  const active = withMembership(term.active, membership);
  const watch = new Stopwatch(term);
  const known = state.calibration;
  const calibration =
    known?.membership.phase === membership.phase ? known : await beginCalibration(active, membership);
  const question = nextQuestion(active, calibration);
  if (question === undefined) return { ...state, calibration: await withConstants(active, calibration) };
  term.observeCalibration(question, stepOf(question, calibration));
  const answered = await ask(active, calibration, question);
  const next = { ...answered, asked: true, preparation: watch.addTo(calibration.preparation) };
  if (next.stored.steps === calibration.stored.steps) return { ...state, calibration: next };
  await storePreparation(active.ports, active.run, next.preparation);
  return { ...state, advanced: true, calibration: next };
}

/** How far it is with a question that is asked again and again. */
function stepOf(question: Question, { power, hessians, probe }: Calibration): number {
  if (question === "average-smoothness") return power?.steps ?? 0;
  if (question === "hessians") return hessians?.columns ?? 0;
  return question === "probe" ? (probe?.points ?? 0) : 0;
}

/** What is known already. */
async function beginCalibration(active: ActiveRun, membership: NumberedMembership): Promise<Calibration> {
  const asks = smoothnessRules(active.spec.problem) !== undefined;
  const spectra = asks ? await readSpectra(active) : undefined;
  const begun: Calibration = {
    membership,
    spectra,
    power: undefined,
    stored: { etag: undefined, steps: 0 },
    start: undefined,
    hessians: undefined,
    probe: undefined,
    preparation: await readPreparation(active.ports, active.run),
    asked: false,
  };
  if (nextQuestion(active, begun) !== "average-smoothness") return begun;
  return withStoredPower(active, begun);
}

async function withStoredPower(active: ActiveRun, calibration: Calibration): Promise<Calibration> {
  const found = await readPower(active);
  if (found === undefined) return calibration;
  const { power, etag } = found;
  return { ...calibration, power, stored: { etag, steps: power.steps } };
}

/** Nothing is left to ask: the constants. */
async function withConstants(active: ActiveRun, calibration: Calibration): Promise<Calibration> {
  const { preparation, asked } = calibration;
  const { constants, Li, warning } = constantsOf(active, calibration);
  const warnings =
    warning === undefined || preparation.warnings.includes(warning)
      ? preparation.warnings
      : [...preparation.warnings, warning];
  if (warning !== undefined)
    active.ports.log.warn("calibration-bounded", { run: active.run, error: warning });
  if (asked || warnings !== preparation.warnings)
    await storePreparation(active.ports, active.run, { ...preparation, warnings });
  return { ...calibration, constants, ...(Li === undefined ? {} : { Li }) };
}

async function ask(active: ActiveRun, calibration: Calibration, question: Question): Promise<Calibration> {
  switch (question) {
    case "spectra":
      return askSpectra(active, calibration);
    case "average-smoothness":
      return askPowerStep(active, calibration);
    case "start":
      return { ...calibration, start: await measureStart(active) };
    case "hessians":
      return { ...calibration, hessians: await askHessians(active, calibration) };
    case "probe":
      return { ...calibration, probe: await askProbe(active, calibration) };
  }
}

async function askSpectra(active: ActiveRun, calibration: Calibration): Promise<Calibration> {
  const accepted = await askAll(active, { kind: "calibrate", round: 0, points: [] });
  const shards = accepted.map(({ message }) =>
    decodeSpectrum(payloadOf(message), `worker ${message.worker}`),
  );
  const spectra = { version: 1, data: active.manifest.object.sha256, shards } as const;
  const next = { ...calibration, spectra };
  // Where a power iteration follows they are stored with its progress, or with what it comes to.
  if (nextQuestion(active, next) === "average-smoothness") return withStoredPower(active, next);
  await storeSpectra(active, spectra);
  return next;
}

/** lambda_max(A^T A) of all rows: u = sum_i A_i^T A_i v, one exchange a step. */
async function askPowerStep(active: ActiveRun, calibration: Calibration): Promise<Calibration> {
  const before = calibration.power ?? startPowerIteration(active.dimension);
  const over = before.converged || before.steps >= POWER_STEP_LIMIT;
  const power = over ? before : advance(before, await applied(active, before.vector, 1 + before.steps));
  const spectra = withPower(calibration.spectra!, power);
  if (spectra !== calibration.spectra) {
    await storeSpectra(active, spectra);
    if (calibration.stored.etag !== undefined) await deletePower(active);
    return { ...calibration, power, spectra };
  }
  const advanced = { ...calibration, power };
  return power.steps - calibration.stored.steps < CALIBRATION_STEPS_PER_STORE
    ? advanced
    : storeProgress(active, advanced, power);
}

async function storeProgress(
  active: ActiveRun,
  calibration: Calibration,
  power: PowerState,
): Promise<Calibration> {
  if (calibration.stored.etag === undefined) await storeSpectra(active, calibration.spectra!);
  const { power: latest, etag } = await storePower(active, power, calibration.stored.etag);
  return { ...calibration, power: latest, stored: { etag, steps: latest.steps } };
}

/** What a calibration has found out when its term ends in the middle of it. */
export async function keepProgress(active: ActiveRun, calibration: Calibration): Promise<void> {
  const { asked, power, stored, preparation, membership } = calibration;
  if (!asked) return;
  if (power !== undefined && power.steps > stored.steps)
    await storeProgress(withMembership(active, membership), calibration, power);
  await storePreparation(active.ports, active.run, preparation);
}

/** A^T A v, summed in the order of the workers. @param round that no other question of this membership has. */
async function applied(active: ActiveRun, vector: Float64Array, round: number): Promise<Float64Array> {
  const sum = new Float64Array(active.dimension);
  for (const part of await appliedByEach(active, vector, round)) {
    for (let j = 0; j < sum.length; j++) sum[j] = sum[j]! + part[j]!;
  }
  return sum;
}

/** A_i^T A_i v of every worker, in their order. */
async function appliedByEach(
  active: ActiveRun,
  vector: Float64Array,
  round: number,
): Promise<Float64Array[]> {
  const point = await pointOf(active, vector, round);
  const accepted = await askAll(active, { kind: "gram", round, points: [point] });
  if (point.kind === "stored") await active.ports.objects.delete(point.key);
  return accepted.map(({ message }) =>
    decodeVector(payloadOf(message), active.dimension, `worker ${message.worker}`),
  );
}

/** The next column of the Hessians H_i = (n/N) A_i^T A_i + (n m_i/N) lambda I of least squares. */
async function askHessians(active: ActiveRun, { spectra, hessians }: Calibration): Promise<HessianSums> {
  const { dimension, workers, rows, spec } = active;
  const before = hessians ?? startHessianSums(dimension);
  const { columns } = before;
  const basis = new Float64Array(dimension);
  basis[columns] = 1;
  // Behind the rounds of the power iteration, which has another answer to the same question.
  const round = POWER_STEP_LIMIT + 2 + columns;
  const parts = await appliedByEach(active, basis, round);
  const { regularizer } = spec.problem;
  const lambda = regularizer === undefined ? 0 : regularizer.lambda;
  const ofWorkers = parts.map((part, i) => {
    const column = part.map((entry) => (workers / rows) * entry);
    column[columns] = column[columns]! + ((workers * spectra!.shards[i]!.rows) / rows) * lambda;
    return column;
  });
  return withColumn(before, ofWorkers);
}

/** Rounds that no run reaches: workers must not take a gradient of a probe for one of an iterate. */
const FIRST_PROBE_ROUND = 4_100_000_000;

/** The gradients at the next point near x^0. */
async function askProbe(active: ActiveRun, { probe }: Calibration): Promise<Probe> {
  const before = probe ?? startProbe(await startOf(active));
  const round = FIRST_PROBE_ROUND + before.points;
  const point = await pointOf(active, before.next!, round);
  const { gradients } = await gradientsAt(active, point, round);
  if (point.kind === "stored") await active.ports.objects.delete(point.key);
  return withGradients(before, gradients);
}

/** A vector that tasks ask about, in them or, where it is too large, beside the run's iterates. */
async function pointOf(active: ActiveRun, vector: Float64Array, step: number): Promise<Point> {
  const { ports, run, dimension, workers, shardsPerTask } = active;
  if (travelInline(8 * dimension, Math.ceil(workers / shardsPerTask))) return { kind: "inline", vector };
  const key = probeKey(run, step);
  await ports.objects.put(key, encodeVector(vector));
  return { kind: "stored", key };
}

async function measureStart(active: ActiveRun): Promise<StartingPoint> {
  const x = await startOf(active);
  const { loss, gradientNormSquared } = await evaluateAt(active, x, 0);
  return { loss, gradientNormSquared };
}

/** @throws MarinaError "message" for what answers no question of calibration. */
function payloadOf(message: AcceptedContribution["message"]): Uint8Array {
  if (message.kind === "answer") return message.payload;
  throw new MarinaError("message", `calibration: expected answers, got ${message.kind}`);
}

async function askAll(
  active: ActiveRun,
  question: {
    readonly kind: "calibrate" | "gram";
    readonly round: number;
    readonly points: readonly Point[];
  },
): Promise<readonly AcceptedContribution[]> {
  const { ports, taskQueue, inbox, shardsPerTask } = active;
  const assignment: Assignment = {
    ...question,
    evaluate: false,
    oldestNeededRound: 0,
    pointRounds: question.points.map(() => question.round),
  };
  const tasks = tasksFor(active, assignment, everyone(active.workers));
  return (await exchange(ports, taskQueue, inbox, tasks, "answer", shardsPerTask)).accepted;
}

/**
 * What a step takes: of the invocation's time, which passes on every engine, on the embedded cloud too, where preparation
 * takes none of the run's; and in dollars.
 */
class Stopwatch {
  readonly #term: OpenTerm;
  readonly #from: Pick<Preparation, "seconds" | "usd">;

  constructor(term: OpenTerm) {
    this.#term = term;
    this.#from = this.#read();
  }

  addTo({ seconds, usd, warnings }: Preparation): Preparation {
    const now = this.#read();
    return {
      seconds: seconds + now.seconds - this.#from.seconds,
      usd: usd + now.usd - this.#from.usd,
      warnings,
    };
  }

  #read(): Pick<Preparation, "seconds" | "usd"> {
    const { invocation, spending } = this.#term;
    return {
      seconds: -invocation.remainingMilliseconds() / 1000,
      usd: spending.usd() + spending.observationUsd(),
    };
  }
}
