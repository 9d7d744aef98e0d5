/** What programs are told of a run: the same keys wherever a run is told of. */

import { methodLabel, stepFrom } from "../../shared/methods/index.ts";
import type { RunLabels, RunResult, RunSpec } from "../../shared/protocol/index.ts";
import { workersText } from "../../shared/protocol/index.ts";

/** Of a run that has ended. */
export function figuresOf(result: RunResult, predicts: boolean, wallSeconds?: number) {
  const { seconds, usd } = result;
  return {
    run: result.run,
    ...(result.spec === null ? { method: null, data: null, workers: null } : identityOf(result.spec)),
    status: result.status,
    stoppedBy: result.stoppedBy,
    error: result.error,
    rounds: result.rounds,
    loss: result.loss,
    gradientNormSquared: result.gradientNormSquared,
    ...(result.heldOut === undefined ? {} : { heldOut: result.heldOut }),
    initialGradientNormSquared: result.initialGradientNormSquared,
    relativeGradientNormSquared: result.relativeGradientNormSquared,
    uplinkBitsPerWorker: result.uplinkBitsPerWorker,
    uplinkBytesMeasured: result.uplinkBytesMeasured,
    downlinkBytesMeasured: result.downlinkBytesMeasured,
    evaluationBytesMeasured: result.evaluationBytesMeasured,
    evaluationCharged: false,
    ...spentOf(predicts, seconds, usd),
    ...(result.preparation === undefined ? {} : { preparation: result.preparation }),
    ...(wallSeconds === undefined ? {} : { wallSeconds }),
    resentTasks: result.resentTasks,
    hedgedTasks: result.hedgedTasks,
    droppedMessages: result.droppedMessages,
    iterateSha256: result.iterateSha256,
    constants: result.constants,
    ...(result.spec === null ? {} : { stepSizeFrom: stepFrom(result.spec.algorithm) }),
  };
}

/** Seconds and dollars: what a prediction is, is called one. */
export function spentOf(predicts: boolean, seconds: number | null, usd: number | null) {
  return predicts ? { predictedSeconds: seconds, predictedUsd: usd } : { seconds, usd };
}

/** What is known of a run however far it is. */
export function identityOf(spec: RunSpec) {
  return { method: methodLabel(spec.algorithm), data: spec.data, workers: workersText(spec.workers) };
}

export function labelsOf({ note, tags }: RunLabels) {
  return { note, tags };
}
