/** Questions outside the method: calibration, and the exact gradient for the record. */
import { MarinaError, NonFiniteError } from "../../shared/base/index.ts";
import { firstNonFinite } from "../../shared/math/index.ts";
import { applyGram, type Rows, type Shard, shardSpectrum } from "../../shared/problems/index.ts";
import { encodeSpectrum, encodeVector, type RunMessage, type Task } from "../../shared/protocol/index.ts";
import type { TaskGradients } from "./gradients.ts";
import type { Ready, WorkerContext } from "./ready.ts";

/** The shard's spectrum. */
export function spectrum(task: Task, context: WorkerContext, ready: Ready): Promise<RunMessage> {
  return ask(task, context, ready, () => encodeSpectrum(shardSpectrum(sparse(ready.shard.shard))));
}

/** A_i^T A_i x */
export function gram(task: Task, context: WorkerContext, ready: Ready): Promise<RunMessage> {
  const { run, shard, points } = ready;
  return ask(task, context, ready, () => {
    const applied = new Float64Array(run.dimension);
    applyGram(sparse(shard.shard), points[0]!, applied);
    return encodeVector(applied);
  });
}

/** @throws MarinaError "message" where the run's problem has no use for the question. */
function sparse(rows: Rows): Shard {
  if ("offsets" in rows) return rows;
  throw new MarinaError("message", "task: spectra are asked of linear problems only");
}

/** Two passes over the rows, or what costs as much. */
async function ask(
  task: Task,
  { ports, cold }: WorkerContext,
  { shard: { shard } }: Ready,
  compute: () => Uint8Array,
): Promise<RunMessage> {
  const started = ports.clock.now();
  const { indices, features } = sparse(shard);
  const rows = 2 * shard.rows;
  const nonZeros = (rows * indices.length) / Math.max(1, shard.rows);
  const payload = await ports.compute.run(() => ({ rows, nonZeros, entries: features }), compute);
  const { runDigest, phase, round, slot, worker } = task;
  const computeMilliseconds = ports.clock.now() - started;
  return { kind: "answer", runDigest, phase, round, slot, worker, payload, computeMilliseconds, cold };
}

/**
 * The exact gradient at x, of a worker that has no slot in an evaluated round.
 * @throws NonFiniteError
 */
export function evaluation(task: Task, gradients: TaskGradients, cold: boolean): RunMessage {
  const { vector, loss } = gradients.evaluate();
  const { runDigest, phase, round, slot, worker } = task;
  const bad = firstNonFinite(vector);
  if (bad >= 0) throw new NonFiniteError(`gradient of worker ${worker} in round ${round}`, bad, vector[bad]!);
  return {
    kind: "contribution",
    ...{ runDigest, phase, round, slot, worker },
    payload: new Uint8Array(0),
    bits: 0,
    loss,
    evaluation: vector,
    reused: false,
    computeMilliseconds: 0,
    cold,
  };
}
