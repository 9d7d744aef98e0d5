/**
 * Calibration: the workers compute the spectra of their shards (and, where a step size needs L_f, the steps of a
 * distributed power iteration), once per data set and partition; the theory turns them into step sizes.
 */

import { MarinaError } from "../../../shared/base/index.ts";
import { DamagedObject, readChecked } from "../../../shared/cloud/index.ts";
import { advance, type PowerState, startPowerIteration } from "../../../shared/math/index.ts";
import {
  everyone,
  needsAverageSmoothness,
  needsStartingPoint,
  resolveParameters,
  type StartingPoint,
} from "../../../shared/methods/index.ts";
import { maxRowSmoothness, smoothness } from "../../../shared/problems/index.ts";
import {
  type Constants,
  decodeSpectra,
  decodeSpectrum,
  decodeVector,
  encodeSpectra,
  encodeVector,
  type Point,
  probeKey,
  type Spectra,
  spectraKey,
  startingPoint,
} from "../../../shared/protocol/index.ts";
import type { AcceptedContribution } from "../exchange/contribution-table.ts";
import { exchange } from "../exchange/exchange.ts";
import { evaluateAt } from "../round/evaluate.ts";
import { travelInline } from "../round/points.ts";
import { type ActiveRun, type Assignment, tasksFor } from "../term/active-run.ts";

/** Told at each step, as a power iteration may take thousands. */
export type CalibrationObserver = (what: "spectra" | "average-smoothness" | "start", step: number) => void;

/** The constants of a run. @throws MarinaError "spec" for a step size that the method does not have. */
export async function calibrate(active: ActiveRun, observe: CalibrationObserver): Promise<Constants> {
  const { spec, algorithm, workers, compressor, dimension, rows } = active;
  const { problem } = spec;
  const exact = spec.smoothness === "exact";
  const average = exact && needsAverageSmoothness(algorithm);
  const spectra = await loadSpectra(active, average, observe);
  const constants = exact
    ? smoothness(problem, spectra.shards, average ? spectra.gramEigenvalue : undefined)
    : maxRowSmoothness(problem, spectra.shards);
  const start = needsStartingPoint(algorithm) ? await measureStart(active, observe) : undefined;
  const target =
    spec.stop.gradientNormSquared ??
    (spec.stop.relativeGradientNormSquared !== undefined && start !== undefined
      ? spec.stop.relativeGradientNormSquared * start.gradientNormSquared
      : undefined);
  const parameters = resolveParameters(algorithm, {
    workers,
    rowsPerWorker: rows / workers,
    compressor,
    smoothness: constants,
    rounds: spec.stop.rounds,
    ...(start === undefined ? {} : { start }),
    ...(target === undefined ? {} : { targetGradientNormSquared: target }),
  });
  if (!Number.isFinite(parameters.stepSize) || parameters.stepSize <= 0) {
    throw new MarinaError(
      "spec",
      `algorithm.stepSize: theory gives ${parameters.stepSize} (L = ${constants.L}): every row of "${spec.data}" is zero and there is no regulariser, so there is nothing to minimise; give a number`,
    );
  }
  const { L, Lmax, cL, Lrow, Lf } = constants;
  return {
    L,
    ...(Lf === undefined ? {} : { Lf }),
    Lmax,
    cL,
    Lrow,
    omega: compressor.omega,
    zeta: compressor.zeta,
    stepSize: parameters.stepSize,
    probability: parameters.probability,
    shiftStep: parameters.shiftStep,
    workers,
    dimension,
    rows,
  };
}

/** From beside the data set, or from the workers (and then kept there). */
async function loadSpectra(
  active: ActiveRun,
  average: boolean,
  observe: CalibrationObserver,
): Promise<Spectra> {
  const { ports, spec, workers, manifest } = active;
  const key = spectraKey(spec.data, `${workers}-${spec.remainder}`);
  let spectra = await readSpectra(active, key);
  if (spectra !== undefined && (!average || spectra.gramEigenvalue !== undefined)) return spectra;
  if (spectra === undefined) {
    observe("spectra", 0);
    const accepted = await ask(active, { kind: "calibrate", round: 0, points: [] });
    const shards = accepted.map(({ message }) => decodeSpectrum(message.payload, `worker ${message.worker}`));
    spectra = { version: 1, data: manifest.object.sha256, shards };
  }
  if (average) spectra = { ...spectra, gramEigenvalue: await gramEigenvalue(active, observe) };
  // Two runs may calibrate at once: they store the same numbers.
  await ports.objects.put(key, encodeSpectra(spectra));
  return spectra;
}

async function readSpectra({ ports, manifest }: ActiveRun, key: string): Promise<Spectra | undefined> {
  try {
    const { value: spectra } = await readChecked(ports.objects, key, (body) => decodeSpectra(body, key));
    // Spectra of a data set that was replaced since are of no use.
    return spectra.data === manifest.object.sha256 ? spectra : undefined;
  } catch (error) {
    if (error instanceof MarinaError && error.code === "not-found") return undefined;
    if (!(error instanceof DamagedObject)) throw error;
    // They are computed again, and stored over what is there.
    ports.log.warn("spectra-damaged", { key, error: error.message });
    return undefined;
  }
}

/** lambda_max(A^T A) of all rows: u = sum_i A_i^T A_i v, one exchange a step. */
async function gramEigenvalue(active: ActiveRun, observe: CalibrationObserver): Promise<number> {
  let state: PowerState = startPowerIteration(active.dimension);
  while (!state.converged) {
    observe("average-smoothness", state.steps);
    const round = 1 + state.steps;
    const point = await pointOf(active, state.vector, round);
    const accepted = await ask(active, { kind: "gram", round, points: [point] });
    if (point.kind === "stored") await active.ports.objects.delete(point.key);
    const applied = new Float64Array(active.dimension);
    for (const { message } of accepted) {
      const part = decodeVector(message.payload, active.dimension, `worker ${message.worker}`);
      for (let j = 0; j < applied.length; j++) applied[j] = applied[j]! + part[j]!;
    }
    state = advance(state, applied);
  }
  return state.eigenvalue;
}

/** A vector that tasks ask about, in them or, where it is too large, beside the run's iterates. */
async function pointOf(active: ActiveRun, vector: Float64Array, step: number): Promise<Point> {
  const { ports, run, dimension, workers, shardsPerTask } = active;
  if (travelInline(dimension, 1, Math.ceil(workers / shardsPerTask))) return { kind: "inline", vector };
  const key = probeKey(run, step);
  await ports.objects.put(key, encodeVector(vector));
  return { kind: "stored", key };
}

async function measureStart(active: ActiveRun, observe: CalibrationObserver): Promise<StartingPoint> {
  observe("start", 0);
  const { loss, gradientNormSquared } = await evaluateAt(
    active,
    startingPoint(active.spec, active.dimension),
    0,
  );
  return { loss, gradientNormSquared };
}

async function ask(
  active: ActiveRun,
  question: {
    readonly kind: "calibrate" | "gram";
    readonly round: number;
    readonly points: readonly Point[];
  },
): Promise<readonly AcceptedContribution[]> {
  const assignment: Assignment = {
    kind: question.kind,
    round: question.round,
    evaluate: false,
    memoryFloor: 0,
    points: question.points,
    pointRounds: question.points.map(() => question.round),
  };
  const tasks = tasksFor(active, assignment, everyone(active.workers));
  return (await exchange(active.ports, active.taskQueue, active.inbox, tasks, "answer", active.shardsPerTask))
    .accepted;
}
